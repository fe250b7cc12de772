/** The suite itself: that it covers what it says, and that its cases find what is wrong. */

import { describe, expect, test } from "vitest";
import { callNames } from "../../src/calls/call.ts";
import type { FileSystemLike } from "../../src/calls/node-file-system.ts";
import { fileSystemCases, type ConformanceCase } from "../../src/conformance.ts";
import { pathsToChange } from "../../src/conformance/cases/paths-to-change.ts";
import { pathsToLook } from "../../src/conformance/cases/paths-to-look.ts";
import { pathsToName } from "../../src/conformance/cases/paths-to-name.ts";
import { createMemoryFileSystem } from "../../src/memory/create-memory-file-system.ts";
import { everything } from "./support/in-memory.ts";

const asRoot = fileSystemCases({ uid: 0, umask: 0o022, have: everything });
const asOther = fileSystemCases({ uid: 1000, umask: 0o022, have: everything });

/** A memory file system, some of whose methods are others. */
function broken(change: (fs: Record<string, any>) => object): FileSystemLike {
  const { fs } = createMemoryFileSystem({ tree: ["dir/"] });
  return { ...fs, ...change(fs as never) };
}

function caseOf(name: string): ConformanceCase {
  return asRoot.find((one) => one.name === name)!;
}

async function complaint(one: ConformanceCase, fs: FileSystemLike): Promise<string> {
  return await one.check({ fs, dir: "/dir" }).then(
    () => "",
    (error: Error) => error.message,
  );
}

describe("what there is", () => {
  test("no name twice", () => {
    for (const cases of [asRoot, asOther]) {
      expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length);
    }
  });

  test("more than 1200 situations, through more than one face", () => {
    const scripts = new Set(
      [...asRoot, ...asOther].map(({ group, script }) => [group, ...script].join("\n")),
    );
    expect(scripts.size).toBeGreaterThan(1200);
    for (const face of ["sync", "callback", "promises"]) {
      expect(asRoot.filter((one) => one.face === face).length).toBeGreaterThan(150);
    }
  });

  test.each(callNames)("%s succeeds and fails in some case", (name) => {
    const outcomes = [...asRoot, ...asOther]
      .flatMap(({ expected }) => expected)
      .filter((line) => line.replace(/^\w+ = /, "").startsWith(`${name} `))
      .map((line) => line.split(" -> ")[1] ?? "ok");
    expect(outcomes.some((outcome) => /^E[A-Z]+$/.test(outcome))).toBe(true);
    expect(outcomes.some((outcome) => !/^E[A-Z]+$/.test(outcome))).toBe(true);
  });

  test("every call of the tables meets every kind of path", () => {
    const calls = new Map<string, Set<string>>();
    for (const { cases } of [pathsToLook, pathsToChange, pathsToName]) {
      for (const [call, path] of Object.keys(cases).map(splitCell)) {
        calls.set(call, (calls.get(call) ?? new Set()).add(path));
      }
    }
    const paths = new Set([...calls.values()].flatMap((some) => [...some]));
    const missing = [...calls].flatMap(([call, some]) =>
      [...paths].filter((path) => !some.has(path)).map((path) => call.replace("@", path)),
    );
    // Would reach out of the directory of the case, or into what the C library decides.
    expect(missing).toEqual([
      "realpath {fill:4096}f",
      "mkdtemp .",
      "mkdtemp {empty}",
      "mkdtemp {0xff}",
      "rmdir .",
      "unlink .",
    ]);
    expect(paths.size).toBeGreaterThan(40);
  });

  test("every script expects something", () => {
    const silent = [...asRoot, ...asOther].filter(
      ({ script }) => !script.some((line) => line.includes(" -> ")),
    );
    expect(silent.map(({ name }) => name)).toEqual([]);
  });
});

/** `"open f/ r"` into `"open @ r"` and `"f/"`. */
function splitCell(step: string): [string, string] {
  const words = step.split(" ");
  const at = /^(symlink t|link f|rename f|rename d) \S+$/.test(step) && words[2] !== "new" ? 2 : 1;
  const path = words[at]!;
  return [words.with(at, "@").join(" "), path];
}

describe("what is left out", () => {
  test("what needs more than there is", () => {
    expect(fileSystemCases({ uid: 0 }).flatMap(({ needs }) => needs)).toEqual([]);
    expect(new Set(asRoot.flatMap(({ needs }) => needs))).toEqual(
      new Set(["second-device", "small-device", "descriptor-paths"]),
    );
    expect(new Set(asOther.flatMap(({ needs }) => needs))).toEqual(new Set(everything));
  });

  test("the rules of other users", () => {
    const groups = (cases: readonly ConformanceCase[]): string[] => [
      ...new Set(cases.map(({ group }) => group)),
    ];
    expect(groups(asRoot)).toContain("permissions of root");
    expect(groups(asRoot)).not.toContain("permissions of the owner");
    expect(groups(asOther)).toContain("permissions of the owner");
    expect(groups(asOther)).not.toContain("permissions of root");
  });

  test("faces that are not asked for", () => {
    const cases = fileSystemCases({ faces: ["callback"] });
    expect(new Set(cases.map(({ face }) => face))).toEqual(new Set(["callback"]));
  });

  test("who the program is, and its umask, are part of what is expected", () => {
    const cases = fileSystemCases({ uid: 7, gid: 8, umask: 0o027 });
    const lines = cases.flatMap(({ expected }) => expected);
    expect(lines).toContain("stat f type size nlink mode uid gid -> file 5 1 644 7 8");
    expect(lines).toContain("stat file mode -> 640");
    expect(lines.join("\n")).not.toMatch(/~\}|\{uid\}|root:/);
  });

  test.each([
    { uid: -1 },
    { gid: 1.5 },
    { umask: "022" },
    { faces: ["async"] },
    { faces: "sync" },
    { have: ["mounts"] },
  ])("%o is refused", (options) => {
    expect(() => fileSystemCases(options as never)).toThrow(
      expect.objectContaining({ name: "TypeError", code: "ERR_INVALID_ARG" }),
    );
  });
});

describe("what a case says", () => {
  const ontoFull = caseOf("rename: a directory onto one that is not empty (sync)");

  test("nothing, if all is well", async () => {
    expect(
      await complaint(
        ontoFull,
        broken(() => ({})),
      ),
    ).toBe("");
  });

  test("which step went another way", async () => {
    const fs = broken((real) => ({
      renameSync(from: string, to: string) {
        real["rmSync"](to, { recursive: true, force: true });
        real["renameSync"](from, to);
      },
    }));
    expect(await complaint(ontoFull, fs)).toBe(`${ontoFull.name}

expected (-) and observed (+):

  mkdir more
  writeFile more/y 2
- rename more full -> ENOTEMPTY
+ rename more full -> ok
- rename d full -> ENOTEMPTY
+ rename d full -> ok
`);
  });

  test("both observations, for the runner to show", async () => {
    const fs = broken(() => ({ renameSync: () => {} }));
    await expect(ontoFull.check({ fs, dir: "/dir" })).rejects.toMatchObject({
      name: "AssertionError",
      expected: ontoFull.expected,
      actual: expect.arrayContaining(["rename more full -> ok"]),
    });
  });

  test("that a failure is not as in Node", async () => {
    const fs = broken((real) => ({
      renameSync(from: string, to: string) {
        try {
          real["renameSync"](from, to);
        } catch (error) {
          throw Object.assign(error as Error, { dest: undefined, syscall: "mv" });
        }
      },
    }));
    expect(await complaint(ontoFull, fs)).toContain(
      '+ rename more full -> ENOTEMPTY, but syscall is "mv", but dest is undefined\n',
    );
  });

  test("that a call that failed changed something", async () => {
    const fs = broken((real) => ({
      renameSync(from: string, to: string) {
        real["chmodSync"](from, 0o700);
        real["renameSync"](from, to);
      },
    }));
    expect(await complaint(ontoFull, fs)).toContain(
      "+ rename more full -> ENOTEMPTY, but changed something\n",
    );
  });

  test("that what it begins with could not be made", async () => {
    const fs = broken(() => ({
      symlinkSync() {
        throw Object.assign(new Error("no"), { code: "EPERM", errno: -1 });
      },
    }));
    expect(await complaint(ontoFull, fs)).toMatch(
      /begins with could not be made:\n\nsymlink f link -> EPERM/,
    );
  });

  test("that a method is not there", async () => {
    const fs = broken(() => ({ renameSync: undefined }));
    expect(await complaint(ontoFull, fs)).toContain("TypeError: fs.renameSync is not a function");
  });
});

describe("each face is its own", () => {
  const cases = ["sync", "callback", "promises"].map((face) =>
    caseOf(`rename: a file to a new name (${face})`),
  );
  test.each([
    ["sync", { renameSync: () => {} }],
    [
      "callback",
      { rename: (_from: string, _to: string, done: (error: null) => void) => done(null) },
    ],
  ])("%s", async (face, methods) => {
    for (const one of cases) {
      const said = await complaint(
        one,
        broken(() => methods),
      );
      expect(said === "").toBe(one.face !== face);
    }
  });
  test("promises", async () => {
    for (const one of cases) {
      const fs = broken((real) => ({ promises: { ...real["promises"], rename: async () => {} } }));
      expect((await complaint(one, fs)) === "").toBe(one.face !== "promises");
    }
  });
  test("promises alone are enough", async () => {
    for (const one of fileSystemCases({ uid: 0, umask: 0o022, faces: ["promises"] })) {
      if (one.group.startsWith("paths")) continue;
      const { fs } = createMemoryFileSystem({ tree: ["dir/"] });
      expect(await complaint(one, { promises: fs.promises })).toBe("");
    }
  });
});

describe("what a case is not told", () => {
  const { fs } = createMemoryFileSystem({ tree: ["dir/"] });
  const like = fs as unknown as FileSystemLike;
  const refused = { name: "TypeError", code: "ERR_INVALID_ARG" };

  test("another device", async () => {
    const one = asRoot.find(({ needs }) => needs.includes("second-device"))!;
    await expect(one.run({ fs: like, dir: "/dir" })).rejects.toMatchObject(refused);
    const full = asRoot.find(({ needs }) => needs.includes("small-device"))!;
    await expect(full.run({ fs: like, dir: "/dir" })).rejects.toMatchObject(refused);
  });

  test("a directory", async () => {
    await expect(asRoot[0]!.run({ fs: like, dir: "dir" })).rejects.toMatchObject(refused);
    await expect(asRoot[0]!.run({ fs: like } as never)).rejects.toMatchObject(refused);
  });
});
