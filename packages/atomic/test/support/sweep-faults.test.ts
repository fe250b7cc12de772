import { constants, existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { FileSystem } from "@holdfast/fs";
import { sweepFaults, type FaultMode, type FaultSweep, type FaultyRun } from "./sweep-faults.ts";

const { O_WRONLY, O_CREAT, O_EXCL } = constants;
type Run = FaultSweep<void, void>["run"];
type Check = (run: FaultyRun<void, void>) => void;
type Sync = Required<FileSystem>;

/** A careful replacement of a file: what a sweep must find nothing wrong with. */
const careful: Run = ({ fileSystem, dir }) => {
  const fs = fileSystem as Sync;
  const staged = join(dir, "staged");
  let fd: number | undefined;
  let renamed = false;
  try {
    fd = fs.openSync(staged, O_WRONLY | O_CREAT | O_EXCL, 0o600);
    fs.writeFileSync(fd, Buffer.from("new"));
    fs.fsyncSync(fd);
    const closing = fd;
    fd = undefined;
    fs.closeSync(closing);
    fs.renameSync(staged, join(dir, "target"));
    renamed = true;
  } finally {
    if (fd !== undefined) ignoring(() => fs.closeSync(fd!));
    if (!renamed) ignoring(() => fs.unlinkSync(staged));
  }
};

/** The target is overwritten in place: an error leaves it empty. */
const careless: Run = ({ fileSystem, dir }) => {
  const fs = fileSystem as Sync;
  const fd = fs.openSync(join(dir, "target"), O_WRONLY | constants.O_TRUNC);
  try {
    fs.writeFileSync(fd, Buffer.from("new"));
  } finally {
    fs.closeSync(fd);
  }
};

const ignoring = (act: () => void): void => {
  try {
    act();
  } catch {
    // the first error is the one that counts
  }
};

const prepare = (dir: string): void => writeFileSync(join(dir, "target"), "old");

const oldOrNew: Check = ({ dir, failed, injected }) => {
  expect(readFileSync(join(dir, "target"), "utf8")).toMatch(/^(old|new)$/);
  if (injected === undefined) {
    expect(failed).toBe(false);
    expect(readFileSync(join(dir, "target"), "utf8")).toBe("new");
  }
};

const message = async (sweep: Promise<unknown>): Promise<string> => {
  try {
    await sweep;
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("the sweep found nothing");
};

describe("a sweep", () => {
  it("reaches every call, with every errno, in every mode", async () => {
    const seen: string[] = [];
    const cases = await sweepFaults({
      prepare,
      run: careful,
      check: (run) => {
        oldOrNew(run);
        const { injected, failed } = run;
        seen.push(
          injected
            ? `${injected.mode} ${injected.index} ${injected.name} ${injected.errno}`
            : "clean",
        );
        // What is injected arrives.
        expect(failed).toBe(injected !== undefined);
      },
      errnos: () => ["EIO", "ENOSPC"],
    });
    const calls = ["1 open", "2 write", "3 fsync", "4 close", "5 rename"];
    const expected = (["before", "after", "sticky"] as const).flatMap((mode) => [
      ...calls.flatMap((call) => [`${mode} ${call} EIO`, `${mode} ${call} ENOSPC`]),
      "clean",
    ]);
    expect(seen).toEqual([...expected, ...calls.map((call) => `dead stop ${call} EIO`), "clean"]);
    expect(cases).toBe(3 * 10 + 5);
  });

  it("uses the table of errnos unless told otherwise", async () => {
    const errnos = new Set<string>();
    await sweepFaults({
      prepare,
      run: careful,
      check: ({ injected }) => void (injected?.name === "rename" && errnos.add(injected.errno)),
      modes: ["before"],
    });
    expect(errnos).toContain("EXDEV");
    expect(errnos).toContain("EDQUOT");
  });

  it("works with asynchronous operations, in which calls are made at once", async () => {
    const cases = await sweepFaults({
      prepare,
      run: async ({ fileSystem, dir }) => {
        await Promise.all([
          fileSystem.promises.symlink!("a", join(dir, "x")),
          fileSystem.promises.symlink!("b", join(dir, "y")),
        ]);
      },
      check: ({ failed, injected, calls }) => {
        expect(failed).toBe(injected !== undefined);
        expect(calls).toHaveLength(2);
      },
      errnos: () => ["EIO"],
      modes: ["before", "after"],
    });
    expect(cases).toBe(4);
  });

  it("fails calls of one kind from then on (sticky), and all (dead stop)", async () => {
    const run: Run = ({ fileSystem, dir }) => {
      const fs = fileSystem as Sync;
      for (const name of ["a", "b"]) {
        ignoring(() => fs.mkdirSync(join(dir, name), { mode: 0o700 }));
        ignoring(() => fs.symlinkSync("x", join(dir, `${name}-link`)));
      }
    };
    const left = async (mode: FaultMode): Promise<boolean[]> => {
      let made: boolean[] = [];
      await sweepFaults({
        prepare: () => {},
        run,
        check: ({ dir, injected }) => {
          if (injected === undefined) return;
          made = [existsSync(join(dir, "a")), existsSync(join(dir, "b"))];
          made.push(readdirSync(dir).includes("b-link"));
        },
        only: { mode, index: 1, errno: "EIO" },
      });
      return made;
    };
    expect(await left("before")).toEqual([false, true, true]);
    expect(await left("after")).toEqual([true, true, true]);
    expect(await left("sticky")).toEqual([false, false, true]);
    expect(await left("dead stop")).toEqual([false, false, false]);
  });

  it("gives each case a fresh directory", async () => {
    const dirs = new Set<string>();
    const cases = await sweepFaults({
      prepare,
      run: careful,
      check: ({ dir }) => void dirs.add(dir),
      modes: ["before"],
      errnos: () => ["EIO"],
    });
    expect(dirs.size).toBe(cases + 1);
    for (const dir of dirs) expect(existsSync(dir)).toBe(false);
  });
});

describe("a sweep goes red", () => {
  it("for an operation that leaves half a file, and names the case", async () => {
    const text = await message(
      sweepFaults({
        prepare,
        run: careless,
        check: oldOrNew,
        modes: ["before"],
        errnos: () => ["ENOSPC"],
      }),
    );
    expect(text).toMatch(/^1 of 3 cases failed\n/);
    expect(text).toMatch(/call 2 \(write \/.*\/target\) fails with ENOSPC, before/);
    expect(text).toContain('only: {"mode":"before","index":2,"errno":"ENOSPC"}');
  });

  it("for that case alone", async () => {
    const only = { mode: "before", index: 2, errno: "ENOSPC" } as const;
    expect(await message(sweepFaults({ prepare, run: careless, check: oldOrNew, only }))).toMatch(
      /^1 of 1 cases failed\n/,
    );
    const other = { ...only, index: 1 };
    expect(await sweepFaults({ prepare, run: careless, check: oldOrNew, only: other })).toBe(1);
    const beyond = { ...only, index: 9 };
    expect(
      await message(sweepFaults({ prepare, run: careless, check: oldOrNew, only: beyond })),
    ).toContain("no call 9");
  });

  it("for a handle that is not closed, or closed twice", async () => {
    const text = await message(
      sweepFaults({
        prepare,
        run: ({ fileSystem, dir }) => {
          const fs = fileSystem as Sync;
          const fd = fs.openSync(join(dir, "target"), O_WRONLY);
          fs.fsyncSync(fd);
          fs.closeSync(fd);
        },
        check: ({ openHandles }) => expect(openHandles).toEqual([]),
        modes: ["before"],
        errnos: () => ["EIO"],
      }),
    );
    expect(text).toMatch(/^1 of 3 cases failed\ncall 2 \(fsync /);
    const twice = await message(
      sweepFaults({
        prepare,
        run: ({ fileSystem, dir }) => {
          const fs = fileSystem as Sync;
          const fd = fs.openSync(join(dir, "target"), O_WRONLY);
          try {
            fs.closeSync(fd);
          } catch {
            ignoring(() => fs.closeSync(fd));
          }
        },
        check: ({ callsOnClosed }) => expect(callsOnClosed).toEqual([]),
        modes: ["before"],
        errnos: () => ["EIO"],
      }),
    );
    expect(twice).toMatch(/^1 of 2 cases failed\ncall 2 \(close /);
  });

  it("for an operation that fails without any fault", async () => {
    const text = await message(
      sweepFaults({
        prepare,
        run: () => {
          throw new Error("broken");
        },
        check: ({ failed }) => expect(failed).toBe(false),
        modes: ["before"],
      }),
    );
    expect(text).toContain("before: the run without a fault");
  });
});
