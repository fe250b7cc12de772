/* oxlint-disable vitest/no-conditional-expect -- what must hold depends on how a run ended */

import {
  appendFileSync,
  constants,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { faultyFileSystem, type Fault, type FaultPlan } from "../support/faulty-file-system.ts";
import { tempDir, tmpfsParent } from "../support/temp-dir.ts";
import {
  age,
  crossing,
  forms,
  look,
  stagedIn,
  writeOldFile,
  writeSmallTree,
  type FailureFields,
} from "./trees.ts";

interface Round {
  readonly dir: string;
  readonly source: string;
  readonly destination: string;
  readonly outside: string;
}

/** Somebody else acts once, between any two calls of a copy; `check` looks at what came of it. */
async function between(
  move: (typeof forms)[number]["move"],
  prepare: (round: Round) => void,
  act: (round: Round) => void,
  check: (round: Round & { error: FailureFields | undefined; before: string }) => void,
  { overwrite = false, crosses = true } = {},
): Promise<number> {
  for (let at = 1; ; at++) {
    const dir = tempDir(tmpfsParent());
    const [source, destination] = [join(dir, "from", "a"), join(dir, "to", "b")];
    const round = { dir, source, destination, outside: join(dir, "outside") };
    for (const name of ["from", "to", "outside"]) mkdirSync(join(dir, name));
    writeFileSync(join(round.outside, "secret"), "secret");
    prepare(round);
    const cross = crosses ? crossing(source, destination) : (): undefined => undefined;
    let hasActed = false;
    let before = "";
    const plan: FaultPlan = (call): Fault | undefined => {
      // The next call, where this one is needed for the rename to fail.
      if (hasActed || call.index < at || cross(call) !== undefined) return cross(call);
      hasActed = true;
      before = `${call.name} ${call.path}`;
      return { act: () => act(round) };
    };
    const faulty = faultyFileSystem({ plan });
    const { fileSystem } = faulty;
    const error = await move({ source, destination, overwrite, fileSystem }).then(
      () => undefined,
      (thrown: unknown) => thrown as FailureFields,
    );
    expect(faulty.openHandles()).toEqual([]);
    expect(faulty.callsOnClosed).toEqual([]);
    if (!hasActed) return at;
    try {
      const left = stagedIn(join(dir, "from"), join(dir, "to"));
      for (const path of left) expect(error?.leftovers).toContain(path);
      expect(readFileSync(join(round.outside, "secret"), "utf8")).toBe("secret");
      check({ ...round, error, before });
    } catch (failed) {
      const { message } = failed as Error;
      throw new Error(`acting before call ${at}, ${before}: ${message}`, { cause: failed });
    }
  }
}

/** The contents of everything that has a name. */
function contents(path: string): string[] {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return [];
  if (stats.isFile()) return [readFileSync(path, "utf8").trimEnd()];
  if (!stats.isDirectory()) return [];
  return readdirSync(path).flatMap((name) => contents(join(path, name)));
}

const tolerant =
  (act: (round: Round) => void): ((round: Round) => void) =>
  (round) => {
    try {
      act(round);
    } catch (error) {
      // What they wanted to change has gone already.
      if (!["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
    }
  };

describe.each(forms)("A22 somebody else, between any two calls, $form", ({ move }) => {
  test.each<{ name: string; theirs: string[]; act: (round: Round) => void }>([
    {
      name: "writes over the file, in the same length",
      theirs: ["theirs"],
      act: ({ source }) => writeFileSync(source, "theirs"),
    },
    {
      name: "appends to the file",
      theirs: ["ours++theirs", "theirs"],
      act: ({ source }) => appendFileSync(source, "theirs"),
    },
    {
      name: "puts another file in its place",
      theirs: ["theirs"],
      act: ({ source, dir }) => {
        writeFileSync(join(dir, "next"), "theirs");
        renameSync(join(dir, "next"), source);
      },
    },
  ])("$name: nothing of theirs is lost, the destination is one or the other", async (given) => {
    for (const crosses of [true, false]) {
      const calls = await between(
        move,
        ({ source }) => writeOldFile(source, "ours++"),
        tolerant(given.act),
        ({ source, destination, dir, error }) => {
          const there = contents(destination);
          const all = [...there, ...contents(join(dir, "from"))];
          expect(["ours++", ...given.theirs, undefined]).toContain(there[0]);
          // By a rename or a link it is one file all the time: theirs, if it got the new name.
          if (!crosses && given.theirs.includes(there[0]!)) expect(error).toBe(undefined);
          expect(all.some((content) => given.theirs.includes(content))).toBe(true);
          if (error === undefined) {
            expect(there).toHaveLength(1);
          } else {
            expect(error.code).toBe("ERR_CHANGED");
            expect(error.effect).toBe(there.length === 0 ? "none" : "partial");
            if (error.effect === "partial") expect(error.leftovers).toEqual([source]);
          }
        },
        { crosses },
      );
      expect(calls).toBeGreaterThan(crosses ? 20 : 10);
    }
  });

  test("writes over the file in the same length and sets its time back: the kernel's time tells", async () => {
    let written: boolean;
    await between(
      move,
      ({ source }) => {
        written = false;
        writeOldFile(source, "ours++");
      },
      tolerant(({ source }) => {
        const seconds = Number(lstatSync(source, { bigint: true }).mtimeNs / 1000n) / 1e6 + 5e-7;
        writeFileSync(source, "theirs");
        utimesSync(source, seconds, seconds);
        written = true;
      }),
      ({ source, destination, dir, before }) => {
        // A rename sets that time too: in the moment before this one, it tells nothing.
        if (!written || before === `rename ${source}`) return;
        expect([...contents(destination), ...contents(join(dir, "from"))]).toContain("theirs");
      },
    );
  });

  test("puts a link in place of the file: what it leads to is neither copied nor removed", async () => {
    for (const overwrite of [false, true]) {
      await between(
        move,
        ({ source, destination }) => {
          writeOldFile(source, "ours");
          if (overwrite) writeOldFile(destination, "old");
        },
        ({ source, outside }) => {
          rmSync(source, { force: true });
          symlinkSync(join(outside, "secret"), source);
        },
        ({ source, destination, error }) => {
          const there = lstatSync(destination, { throwIfNoEntry: false });
          if (there?.isFile() === true) {
            expect(["ours", ...(overwrite ? ["old"] : [])]).toContain(
              readFileSync(destination, "utf8"),
            );
          }
          // The link is somewhere: moved as a link, or where they put it.
          const isKept = [source, destination].some(
            (path) => lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true,
          );
          expect(isKept).toBe(true);
          if (error !== undefined) expect(["none", "partial"]).toContain(error.effect);
        },
        { overwrite },
      );
    }
  });

  test.each<{ name: string; act: (round: Round) => void }>([
    {
      name: "adds a file to a tree",
      act: ({ source }) => writeFileSync(join(source, "sub", "theirs"), "theirs"),
    },
    {
      name: "adds a file to the root of a tree",
      act: ({ source }) => writeFileSync(join(source, "theirs"), "theirs"),
    },
    {
      name: "writes over a file in a tree",
      act: ({ source }) => writeFileSync(join(source, "a.txt"), "theirs"),
    },
    {
      name: "writes over a file with two names",
      act: ({ source }) => writeFileSync(join(source, "sub", "one"), "theirs"),
    },
    {
      name: "writes over a file in the same length and sets its time back",
      act: ({ source }) => {
        const path = join(source, "a.txt");
        const seconds = Number(lstatSync(path, { bigint: true }).mtimeNs / 1000n) / 1e6 + 5e-7;
        writeFileSync(path, "theirs".padEnd(12));
        utimesSync(path, seconds, seconds);
      },
    },
  ])("$name: it is not lost, and no half of the tree is published", async ({ act }) => {
    let written: boolean;
    await between(
      move,
      ({ source }) => {
        written = false;
        writeSmallTree(source);
      },
      tolerant((round) => {
        act(round);
        written = true;
      }),
      ({ destination, dir, error }) => {
        const there = contents(destination);
        if (written) expect([...there, ...contents(join(dir, "from"))]).toContain("theirs");
        if (there.length > 0) expect(look(destination)!.length).toBeGreaterThanOrEqual(6);
        if (error !== undefined) {
          expect(error.code).toBe("ERR_CHANGED");
          expect(error.effect).toBe(there.length === 0 ? "none" : "partial");
        } else if (!there.includes("theirs") && written) {
          // Made when the source had gone: not ours to report.
          expect(existsSync(join(dir, "from", "a"))).toBe(true);
        }
      },
    );
  });

  test("swaps a directory of the tree for a link to outside: never followed", async () => {
    await between(
      move,
      ({ source }) => writeSmallTree(source),
      tolerant(({ source, outside, dir }) => {
        renameSync(join(source, "sub"), join(dir, "taken"));
        symlinkSync(outside, join(source, "sub"));
      }),
      ({ destination, dir, error }) => {
        expect(contents(destination)).not.toContain("secret");
        // What they took is whole, wherever it was by then.
        if (existsSync(join(dir, "taken"))) {
          expect(contents(join(dir, "taken"))).toEqual(["two names"]);
        }
        if (error !== undefined) expect(["none", "partial"]).toContain(error.effect);
      },
    );
  });

  test("makes the destination: without overwrite it is kept", async () => {
    for (const kind of ["file", "tree"]) {
      await between(
        move,
        ({ source }) => (kind === "file" ? writeOldFile(source, "ours") : writeSmallTree(source)),
        ({ destination, outside }) => {
          if (existsSync(destination)) return; // it is there: theirs comes too late
          if (kind === "file") writeFileSync(destination, "theirs");
          else {
            mkdirSync(join(outside, "theirs"));
            writeFileSync(join(outside, "theirs", "file"), "theirs");
            renameSync(join(outside, "theirs"), destination);
          }
        },
        ({ source, destination, error }) => {
          if (error === undefined) {
            expect(contents(destination)).not.toContain("theirs");
            return;
          }
          expect(error).toMatchObject({ code: "EEXIST", effect: "none", leftovers: [] });
          expect(contents(destination)).toEqual(["theirs"]);
          expect(existsSync(source)).toBe(true);
        },
      );
    }
  });

  test("removes the source: it is gone, whoever did it", async () => {
    for (const kind of ["file", "tree"]) {
      await between(
        move,
        ({ source }) => (kind === "file" ? writeOldFile(source, "ours") : writeSmallTree(source)),
        ({ source }) => rmSync(source, { recursive: true, force: true }),
        ({ source, destination, error }) => {
          expect(existsSync(source)).toBe(false);
          expect(existsSync(destination)).toBe(error === undefined);
          if (error !== undefined) {
            expect(error.effect).toBe("none");
            expect(["ENOENT", "ERR_CHANGED"]).toContain(error.code);
          }
        },
      );
    }
  });

  test("a name that the source had is taken while it is set aside: both are kept", async () => {
    const dir = tempDir(tmpfsParent());
    const [source, destination] = [join(dir, "a"), join(dir, "b")];
    writeSmallTree(source);
    const cross = crossing(source, destination);
    const plan: FaultPlan = (call) => {
      if (call.name === "rename" && call.path === source && cross(call) === undefined) {
        return {
          act: () => {
            appendFileSync(join(dir, aside(dir), "a.txt"), "theirs");
            mkdirSync(source);
            writeFileSync(join(source, "new"), "also theirs");
          },
          when: "after",
        };
      }
      return cross(call);
    };
    const { fileSystem } = faultyFileSystem({ plan });
    const error = await move({ source, destination, fileSystem }).then(
      () => undefined,
      (thrown: unknown) => thrown as FailureFields,
    );
    expect(error).toMatchObject({ code: "ERR_CHANGED", effect: "partial" });
    expect(error!.leftovers).toEqual([join(dir, aside(dir), "a.txt")]);
    expect(contents(source)).toEqual(["also theirs"]);
    expect(contents(error!.leftovers[0]!)).toEqual(["content of atheirs"]);
    expect(error!.suppressed).toHaveLength(1);
  });

  test("a directory that cannot be set aside is emptied where it is", async () => {
    // A directory of a lower layer of overlayfs: EXDEV for any rename.
    const dir = tempDir(tmpfsParent());
    const [source, destination] = [join(dir, "a"), join(dir, "b")];
    writeSmallTree(source);
    const before = look(source);
    const plan: FaultPlan = ({ name, path }) =>
      name === "rename" && path === source ? { fail: "EXDEV", when: "before" } : undefined;
    const { fileSystem } = faultyFileSystem({ plan });
    expect(await move({ source, destination, fileSystem })).toMatchObject({ method: "copy" });
    expect(look(destination)).toEqual(before);
    expect(existsSync(source)).toBe(false);
  });

  test("a file that was replaced is not read, one that changed ends the copy at once", async () => {
    for (const when of ["open", "read"] as const) {
      const dir = tempDir(tmpfsParent());
      const [source, destination] = [join(dir, "a"), join(dir, "b")];
      const [first, second] = [join(source, "first"), join(source, "second")];
      for (const path of [first, second]) writeOldFile(path, "ours");
      age(source);
      const cross = crossing(source, destination);
      let changed = "";
      const plan: FaultPlan = (call) => {
        if (call.name !== when || ![first, second].includes(call.path) || changed !== "") {
          return cross(call);
        }
        changed = call.path;
        const act = (): void => {
          writeFileSync(join(dir, "next"), "them");
          if (when === "open") renameSync(join(dir, "next"), changed);
          else writeFileSync(changed, "them");
        };
        return { act };
      };
      const { fileSystem, calls } = faultyFileSystem({ plan });
      const error = await move({ source, destination, fileSystem }).then(
        () => undefined,
        (thrown: unknown) => thrown as FailureFields,
      );
      expect(error).toMatchObject({ code: "ERR_CHANGED", effect: "none", leftovers: [] });
      expect(error!.message).toContain(changed);
      const read = calls.filter((call) => call.startsWith("read ")).map((call) => call.slice(5));
      expect([...new Set(read)]).toEqual(when === "open" ? [] : [changed]);
    }
  });

  test("nothing is opened through a link, and everything made is made exclusively", async () => {
    const dir = tempDir(tmpfsParent());
    const [source, destination] = [join(dir, "a"), join(dir, "b")];
    writeSmallTree(source);
    const { fileSystem } = faultyFileSystem({ plan: crossing(source, destination) });
    const opened: { path: string; flags: number }[] = [];
    const note = (path: unknown, flags: number): void => {
      if (String(path) !== dir) opened.push({ path: String(path), flags });
    };
    const { promises } = fileSystem;
    await move({
      source,
      destination,
      fileSystem: {
        ...fileSystem,
        openSync: (path, flags, mode) => (
          note(path, flags),
          fileSystem.openSync!(path, flags, mode)
        ),
        promises: {
          ...promises,
          open: (path, flags, mode) => (note(path, flags), promises.open!(path, flags, mode)),
        },
      },
    });
    expect(opened).toHaveLength(6); // two files, read and written, and two directories
    for (const { path, flags } of opened) {
      expect(flags & constants.O_NOFOLLOW).not.toBe(0);
      if (path.startsWith(source)) expect(flags & constants.O_NONBLOCK).not.toBe(0);
      if ((flags & constants.O_WRONLY) !== 0) expect(flags & constants.O_EXCL).not.toBe(0);
    }
  });

  test("what is staged is private until it is complete", async () => {
    const dir = tempDir(tmpfsParent());
    const [source, destination] = [join(dir, "a"), join(dir, "b")];
    writeSmallTree(source);
    const cross = crossing(source, destination);
    const seen = new Set<number>();
    const plan: FaultPlan = (call) => {
      // The root of the copy gets its own mode last of all.
      if (call.name === "write") {
        for (const path of stagedIn(dir)) {
          seen.add(lstatSync(path).mode & 0o777);
          seen.add(lstatSync(call.path).mode & 0o777);
        }
      }
      return cross(call);
    };
    await move({ source, destination, fileSystem: faultyFileSystem({ plan }).fileSystem });
    expect([...seen]).toEqual([0o700, 0o600]);
  });

  test("a file that grows faster than it is copied ends in ERR_CHANGED", async () => {
    const dir = tempDir(tmpfsParent());
    const [source, destination] = [join(dir, "a"), join(dir, "b")];
    writeOldFile(source, "x".repeat(100));
    age(source);
    const cross = crossing(source, destination);
    const plan: FaultPlan = (call) =>
      call.name === "read" ? { act: () => appendFileSync(source, "y".repeat(200)) } : cross(call);
    const { fileSystem } = faultyFileSystem({ plan });
    const error = await move({ source, destination, fileSystem }).then(
      () => undefined,
      (thrown: unknown) => thrown as FailureFields,
    );
    expect(error).toMatchObject({ code: "ERR_CHANGED", effect: "none", leftovers: [] });
    expect(existsSync(destination)).toBe(false);
  });

  test("a file that ends before its size is not taken for a whole one", async () => {
    const dir = tempDir(tmpfsParent());
    const [source, destination] = [join(dir, "a"), join(dir, "b")];
    writeOldFile(source, "x".repeat(100));
    const cross = crossing(source, destination);
    const plan: FaultPlan = (call) => (call.name === "read" ? { atMostBytes: 0 } : cross(call));
    const { fileSystem } = faultyFileSystem({ plan });
    const error = await move({ source, destination, fileSystem }).then(
      () => undefined,
      (thrown: unknown) => thrown as FailureFields,
    );
    expect(error).toMatchObject({ code: "ERR_CHANGED", effect: "none", leftovers: [] });
    expect(existsSync(destination)).toBe(false);
  });

  test("A20 reads and writes of one byte", async () => {
    const dir = tempDir(tmpfsParent());
    const [source, destination] = [join(dir, "a"), join(dir, "b")];
    writeOldFile(source, "byte by byte");
    const before = look(source);
    const cross = crossing(source, destination);
    const plan: FaultPlan = (call) =>
      call.name === "read" || call.name === "write" ? { atMostBytes: 1 } : cross(call);
    const { fileSystem } = faultyFileSystem({ plan });
    expect(await move({ source, destination, fileSystem })).toMatchObject({ bytes: 12 });
    expect(look(destination)).toEqual(before);
  });
});

const aside = (dir: string): string =>
  readdirSync(dir).find((name) => name.startsWith(".holdfast-"))!;
