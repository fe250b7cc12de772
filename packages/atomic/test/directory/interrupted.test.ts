/** Replacements that are stopped: by a fault, by a crash, by another process. */

import { strict as assert } from "node:assert";
import {
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { isHoldfastError } from "@holdfast/fs";
import type { ReplaceDirectoryReceipt } from "../../src/directory/replace-directory.ts";
import { errnosOf, type CallName } from "@holdfast/testing";
import { faultyFileSystem } from "../support/faulty-file-system.ts";
import { killAtCall, killAtEveryCall, pauseAtCall } from "../support/kill-at-call.ts";
import { needs } from "../support/needs.ts";
import { sweepFaults, type FaultyRun } from "../support/sweep-faults.ts";
import { tempDir, unownedTempDir } from "../support/temp-dir.ts";
import {
  halves,
  makeTree,
  makeTrees,
  ofEarlierBoot,
  ofOtherMachine,
  ofOtherNamespace,
  stateOf,
} from "./trees.ts";

type Half = (typeof halves)[number];

// What exists does not answer that it does not, and what is empty not that it is not.
const untrue: { readonly [N in CallName]?: ReadonlySet<string> } = {
  lstat: new Set(["ENOENT", "ENOTDIR", "ELOOP", "ENAMETOOLONG"]),
  stat: new Set(["ENOENT", "ENOTDIR", "ELOOP", "ENAMETOOLONG"]),
  unlink: new Set(["ENOENT"]),
  rmdir: new Set(["ENOENT", "ENOTEMPTY"]),
};
const plausible = (name: CallName): readonly string[] =>
  errnosOf(name, "linux").filter((errno) => untrue[name]?.has(errno) !== true);
// Which errno it is makes a difference for the first failure, hardly for what becomes of it later.
const few = (name: CallName): readonly string[] =>
  plausible(name).filter((errno) => ["EIO", "EACCES", "EEXIST", "ENOSPC"].includes(errno));

const extra = (dir: string): string[] =>
  readdirSync(dir)
    .filter((name) => name !== "staged" && name !== "target")
    .map((name) => join(dir, name));

const isIn = (all: readonly string[], some: readonly string[]): boolean =>
  some.every((one) => all.includes(one));

/** What must be true after any run, whatever failed in it. */
function checkHonest(run: FaultyRun<unknown, ReplaceDirectoryReceipt>): void {
  const { dir, injected, failed, error, result } = run;
  assert.deepEqual([run.openHandles, run.callsOnClosed], [[], []]);
  const target = stateOf(join(dir, "target"));
  const left = extra(dir);
  let named: readonly string[];
  if (failed) {
    if (!isHoldfastError(error)) throw error;
    named = error.leftovers;
    const expected = { none: "old", complete: "new", partial: "missing", unknown: target };
    assert.equal(target, expected[error.effect]);
    // For the one moment in which a rename failed and nothing can be seen any more.
    if (error.effect === "unknown") assert.match(injected!.call, /^rename/);
    if (error.effect === "none") assert.equal(stateOf(join(dir, "staged")), "new");
  } else {
    named = result!.leftovers;
    assert.equal(target, "new");
  }
  assert.ok(isIn(named, left), `${left} but only named: ${named}`);
  if (injected?.mode === "before" || injected?.mode === "sticky") {
    assert.deepEqual(
      named.filter((path) => !existsSync(path)),
      [],
    );
  }
  if (injected === undefined) assert.deepEqual([failed, left], [false, []]);
}

/** Whoever comes next finds the old tree or the new one, and clears up. */
async function checkHealed(
  dir: string,
  { replace, recover }: Half,
  next: "recover" | "replace",
  excused: readonly string[] = [],
): Promise<void> {
  const targetDir = join(dir, "target");
  if (next === "recover") {
    await recover(targetDir);
    assert.match(stateOf(targetDir), /^(old|new)$/);
    assert.equal((await recover(targetDir)).outcome, "none");
  } else {
    const stagedDir = join(dir, "staged-next");
    makeTree(stagedDir, "next");
    await replace({ stagedDir, targetDir });
    assert.equal(stateOf(targetDir), "next");
  }
  assert.ok(isIn(excused, extra(dir)), `left: ${extra(dir)}`);
}

/** The same where there was no target: it is there or it is not, and needs no recovery. */
async function checkCreated(
  run: FaultyRun<unknown, ReplaceDirectoryReceipt>,
  { recover }: Half,
): Promise<void> {
  assert.deepEqual(run.openHandles, []);
  const targetDir = join(run.dir, "target");
  const state = stateOf(targetDir);
  const effect = run.failed ? (run.error as { effect: string }).effect : "complete";
  const expected: Record<string, string> = { none: "missing", complete: "new", unknown: state };
  assert.equal(state, expected[effect]);
  await recover(targetDir);
  assert.deepEqual([stateOf(targetDir), extra(run.dir)], [state, []]);
}

let cases = 0;
afterAll(() => console.log(`directory replacement: ${cases} faults and stops`));

describe.each(halves)("a fault in a replacement, $half", (half) => {
  it.each(["target", "no target"] as const)(
    "at any call leaves old or new, says which, and is healed (%s)",
    async (before) => {
      let runs = 0;
      const sweep = (modes: ("before" | "after" | "sticky" | "dead stop")[], errnos = few) =>
        sweepFaults<unknown, ReplaceDirectoryReceipt>({
          modes,
          errnos,
          prepare: (dir) => {
            makeTree(join(dir, "staged"), "new");
            if (before === "target") makeTree(join(dir, "target"), "old");
          },
          run: ({ fileSystem, dir }) =>
            half.replace({
              stagedDir: join(dir, "staged"),
              targetDir: join(dir, "target"),
              fileSystem,
            }),
          check: async (run) => {
            if (before === "no target") return checkCreated(run, half);
            checkHonest(run);
            const { failed, result, dir } = run;
            // A tree that could not be removed is the caller's from then on; the rest is not.
            const theirs = failed
              ? []
              : result!.leftovers.filter((path) => path.includes("-backup-"));
            await checkHealed(dir, half, runs++ % 2 === 0 ? "recover" : "replace", theirs);
          },
        });
      const each = await sweep(["before"], plausible);
      const other = await sweep(["after", "sticky", "dead stop"]);
      expect(each).toBeGreaterThan(250);
      cases += each + other;
    },
    60_000,
  );
});

/** The numbers of the calls at which a crash makes a difference, and the call. */
async function crashPoints(half: Half): Promise<[number, string][]> {
  const { path: dir, remove } = unownedTempDir();
  try {
    const { fileSystem, calls } = faultyFileSystem({ plan: () => undefined });
    await half.replace({ ...makeTrees(dir), fileSystem });
    const points: [number, string][] = [];
    calls.forEach((call, index) => {
      if (/^(mkdir|write|rename|unlink .*-backup-|rmdir)/.test(call))
        points.push([index + 1, call]);
    });
    return points;
  } finally {
    remove();
  }
}

/** As if the process had ended before its n-th call. */
async function crashAt(dir: string, half: Half, at: number): Promise<void> {
  const faulty = faultyFileSystem({
    plan: ({ index }) => (index >= at ? { fail: "EIO", when: "before" } : undefined),
  });
  await half
    .replace({
      stagedDir: join(dir, "staged"),
      targetDir: join(dir, "target"),
      fileSystem: faulty.fileSystem,
    })
    .catch(() => {});
  await faulty.release();
}

describe.each(halves)("a recovery that is itself interrupted, $half", (half) => {
  it("is finished by the next", async () => {
    for (const [at, call] of await crashPoints(half)) {
      if (call.startsWith("unlink")) continue; // as before the rmdir that follows
      try {
        cases += await sweepFaults({
          modes: ["dead stop", "before", "after"],
          errnos: () => ["EIO"],
          prepare: async (dir) => {
            makeTrees(dir);
            await crashAt(dir, half, at);
          },
          run: ({ fileSystem, dir }) => half.recover(join(dir, "target"), { fileSystem }),
          check: async ({ dir, openHandles, result, failed }) => {
            assert.deepEqual(openHandles, []);
            if (!failed) assert.match(stateOf(join(dir, "target")), /^(old|new)$/);
            const excused = result?.leftovers.filter((path) => path.includes("-backup-"));
            await checkHealed(dir, half, "recover", excused);
          },
        });
      } catch (error) {
        throw new Error(`crashed before call ${at} (${call}): ${(error as Error).message}`, {
          cause: error,
        });
      }
    }
  }, 60_000);
});

const built = new URL("../../dist/index.js", import.meta.url).href;
const script = (half: string): string => `
  import { join } from "node:path";
  const { replaceDirectoryAtomic, replaceDirectoryAtomicSync } =
    await import(${JSON.stringify(built)});
  const replace = ${half === "sync" ? "replaceDirectoryAtomicSync" : "replaceDirectoryAtomic"};
  await replace({
    stagedDir: join(input.dir, "staged"),
    targetDir: join(input.dir, "target"),
    fileSystem,
  });
  report("done");`;

/** The number of the second rename among the calls that change something. */
async function secondRename(half: string): Promise<number> {
  const { path: dir, remove } = unownedTempDir();
  try {
    makeTrees(dir);
    const { calls } = await killAtCall({ script: script(half), input: { dir }, at: undefined });
    return calls.indexOf(`rename ${dir}/staged -> ${dir}/target`) + 1;
  } finally {
    remove();
  }
}

describe.runIf(needs("linux", "node"))("a process that is killed", () => {
  it("at any call: old or new, and nothing left (A21)", async () => {
    let next = 0;
    const kills = await killAtEveryCall({
      script: script("sync"),
      prepare: (dir) => void makeTrees(dir),
      check: async (dir) =>
        checkHealed(dir, halves[next % 2]!, next++ % 4 < 2 ? "recover" : "replace"),
    });
    cases += kills;
    expect(kills).toBeGreaterThan(20);
  }, 60_000);

  it.each(halves)("between the renames: recovered, $half (A21)", async (half) => {
    const dir = tempDir();
    makeTrees(dir);
    const targetDir = join(dir, "target");
    const at = await secondRename(half.half);
    const { signal, stopped } = await killAtCall({ script: script(half.half), input: { dir }, at });
    expect({ signal, stopped }).toEqual({ signal: "SIGKILL", stopped: true });
    expect(stateOf(targetDir)).toBe("missing");
    expect((await half.recover(targetDir)).outcome).toBe("rolled-back");
    expect(stateOf(targetDir)).toBe("old");
    expect(readdirSync(dir).toSorted()).toEqual(["staged", "target"]);
    expect((await half.recover(targetDir)).outcome).toBe("none");
  });

  it.each(halves)("is left alone as long as it lives, $half", async (half) => {
    const dir = tempDir();
    makeTrees(dir);
    makeTree(join(dir, "other"), "other");
    const targetDir = join(dir, "target");
    const at = await secondRename("sync");
    const paused = await pauseAtCall({ script: script("sync"), input: { dir }, at });
    const before = readdirSync(dir);
    try {
      const refused = { code: "ERR_IN_PROGRESS", effect: "none" };
      const mine = half.replace({ stagedDir: join(dir, "other"), targetDir });
      await expect(mine).rejects.toMatchObject(refused);
      await expect(half.recover(targetDir)).rejects.toMatchObject(refused);
      await expect(half.recover(targetDir, { assumeOwnerDead: true })).rejects.toMatchObject(
        refused,
      );
      expect(readdirSync(dir)).toEqual(before);
    } finally {
      await paused.end("SIGKILL");
    }
    await half.replace({ stagedDir: join(dir, "other"), targetDir });
    expect(stateOf(targetDir)).toBe("other");
    expect(readdirSync(dir).toSorted()).toEqual(["staged", "target"]);
  });
});

describe.runIf(needs("linux", "node"))("several processes at once", () => {
  it("replace one directory again and again, and none spoils it for another", async () => {
    const dir = tempDir();
    makeTree(join(dir, "target"), "old");
    const rounds = 12;
    const hammer = `
      import { cpSync, existsSync } from "node:fs";
      import { join } from "node:path";
      const { replaceDirectoryAtomic } = await import(${JSON.stringify(built)});
      const codes = {};
      for (let done = 0; done < ${rounds}; ) {
        const stagedDir = join(input.dir, "staged-" + input.name);
        const options = { recursive: true, verbatimSymlinks: true };
        if (!existsSync(stagedDir)) cpSync(join(input.dir, "model"), stagedDir, options);
        try {
          const { leftovers } = await replaceDirectoryAtomic({ stagedDir, targetDir: join(input.dir, "target") });
          if (leftovers.length > 0) codes.leftovers = leftovers;
          done++;
        } catch ({ code, effect }) {
          codes[code + " " + effect] = true;
        }
      }
      report(Object.keys(codes));`;
    makeTree(join(dir, "model"), "new");
    const ended = await Promise.all(
      ["a", "b", "c"].map((name) =>
        killAtCall({ script: hammer, input: { dir, name }, at: undefined }),
      ),
    );
    expect(ended.map(({ stderr }) => stderr)).toEqual(["", "", ""]);
    const reports = ended.flatMap(({ report }) => report as string[]);
    expect(reports.filter((code) => code !== "ERR_IN_PROGRESS none")).toEqual([]);
    expect(stateOf(join(dir, "target"))).toBe("new");
    expect(readdirSync(dir).toSorted()).toEqual(["model", "target"]);
  }, 30_000);
});

/** The state between the renames, left by a process of which the claim says what is wanted. */
async function interrupted(
  dir: string,
  half: Half,
  claim?: (name: string) => string,
): Promise<{ targetDir: string; box: string; backup: string; record: string }> {
  const trees = makeTrees(dir);
  const points = await crashPoints(half);
  // The crash points were taken in a directory of another name.
  const [at] = points.find(([, call]) => /^rename \S+\/staged -> /.test(call))!;
  await crashAt(dir, half, at);
  expect(stateOf(trees.targetDir)).toBe("missing");
  const [backup, box] = extra(dir) as [string, string];
  if (claim !== undefined) {
    const name = readdirSync(box).find((entry) => entry.startsWith("claim-"))!;
    renameSync(join(box, name), join(box, claim(name)));
  }
  return { targetDir: trees.targetDir, box, backup, record: join(box, "record") };
}

describe.each(halves)("what is not clear, $half", (half) => {
  it("an owner of another host is not judged, unless the caller does", async () => {
    const dir = tempDir();
    const { targetDir } = await interrupted(dir, half, (name) => ofOtherMachine(name));
    makeTree(join(dir, "other"), "other");
    const refused = {
      code: "ERR_RECOVERY",
      effect: "none",
      hint: expect.stringContaining("assume"),
    };
    await expect(half.recover(targetDir)).rejects.toMatchObject(refused);
    const mine = half.replace({ stagedDir: join(dir, "other"), targetDir });
    await expect(mine).rejects.toMatchObject(refused);
    expect(stateOf(targetDir)).toBe("missing");
    const healed = await half.recover(targetDir, { assumeOwnerDead: true });
    expect(healed.outcome).toBe("rolled-back");
    expect(readdirSync(dir).toSorted()).toEqual(["other", "staged", "target"]);
  });

  it.runIf(needs("linux"))(
    "nor one of this machine and boot in another pid namespace",
    async () => {
      const dir = tempDir();
      const { targetDir } = await interrupted(dir, half, ofOtherNamespace);
      await expect(half.recover(targetDir)).rejects.toMatchObject({ code: "ERR_RECOVERY" });
    },
  );

  it.runIf(needs("linux"))("an owner of an earlier boot of this machine is dead", async () => {
    const dir = tempDir();
    const { targetDir } = await interrupted(dir, half, (name) => ofEarlierBoot(name));
    expect((await half.recover(targetDir)).outcome).toBe("rolled-back");
    expect(readdirSync(dir).toSorted()).toEqual(["staged", "target"]);
  });

  it("a directory made anew that got the staged tree's inode number is not taken for it", async () => {
    const dir = tempDir();
    const { targetDir, record, backup } = await interrupted(dir, half);
    rmSync(join(dir, "staged"), { recursive: true });
    mkdirSync(targetDir);
    const text = JSON.parse(readFileSync(record, "utf8"));
    text.staged.ino = String(lstatSync(targetDir, { bigint: true }).ino);
    writeFileSync(record, JSON.stringify(text));
    await expect(half.recover(targetDir)).rejects.toMatchObject({
      code: "ERR_RECOVERY",
      effect: "none",
      leftovers: expect.arrayContaining([backup]),
    });
    expect(stateOf(backup)).toBe("old");
    rmSync(targetDir, { recursive: true });
    expect((await half.recover(targetDir)).outcome).toBe("rolled-back");
    expect(stateOf(targetDir)).toBe("old");
  });

  it("when the staged tree is gone the old one is put back all the same", async () => {
    const dir = tempDir();
    const { targetDir } = await interrupted(dir, half);
    rmSync(join(dir, "staged"), { recursive: true });
    await half.recover(targetDir);
    expect(stateOf(targetDir)).toBe("old");
  });

  it("a backup that is half removed is never put back", async () => {
    const dir = tempDir();
    makeTrees(dir);
    const points = await crashPoints(half);
    const removals = points.filter(([, call]) => /^unlink \S+-backup-/.test(call));
    await crashAt(dir, half, removals[1]![0]);
    const targetDir = join(dir, "target");
    rmSync(targetDir, { recursive: true });
    expect((await half.recover(targetDir)).outcome).toBe("completed");
    expect(readdirSync(dir).toSorted()).toEqual([]);
  });

  it.each([
    ["no JSON", "{"],
    ["a name that leads elsewhere", (text: string) => text.replace(/"backup":"/, '"backup":"../')],
    ["the directory itself", (text: string) => text.replace(/"backup":"[^"]*"/, '"backup":"."')],
    ["another version", (text: string) => text.replace('"version":1', '"version":2')],
  ])("a record that is %s is refused", async (_, change) => {
    const dir = tempDir();
    const { targetDir, record } = await interrupted(dir, half);
    const text = readFileSync(record, "utf8");
    writeFileSync(record, typeof change === "string" ? change : change(text));
    const before = readdirSync(dir);
    const refused = { code: "ERR_RECOVERY", effect: "none" };
    await expect(half.recover(targetDir)).rejects.toMatchObject(refused);
    expect(readdirSync(dir)).toEqual(before);
    writeFileSync(record, text);
    expect((await half.recover(targetDir)).outcome).toBe("rolled-back");
  });

  it.runIf(needs("root", "linux"))("nor is one followed that another user prepared", async () => {
    const dir = tempDir();
    const { targetDir, box, record, backup } = await interrupted(dir, half);
    for (const theirs of [box, record]) {
      chownSync(theirs, 65_534, 65_534);
      await expect(half.recover(targetDir)).rejects.toMatchObject({ code: "ERR_RECOVERY" });
      expect(stateOf(backup)).toBe("old");
      chownSync(theirs, 0, 0);
    }
    expect((await half.recover(targetDir)).outcome).toBe("rolled-back");
  });

  it("nor a record directory that is a link", async () => {
    const dir = tempDir();
    const { targetDir, box } = await interrupted(dir, half);
    const elsewhere = join(dir, "elsewhere");
    renameSync(box, elsewhere);
    symlinkSync(elsewhere, box);
    const before = readdirSync(elsewhere);
    await expect(half.recover(targetDir)).rejects.toMatchObject({ code: "ERR_RECOVERY" });
    expect(readdirSync(elsewhere)).toEqual(before);
    expect(basename(targetDir)).toBe("target");
  });
});

describe("replaceDirectoryAtomic", () => {
  it("is not aborted in the middle of healing", async () => {
    const dir = tempDir();
    const { targetDir } = makeTrees(dir);
    const [half] = halves;
    const points = await crashPoints(half);
    await crashAt(dir, half, points.find(([, call]) => /^unlink \S+-backup-/.test(call))![0]);
    makeTree(join(dir, "staged"), "newer");
    const controller = new AbortController();
    const { fileSystem } = faultyFileSystem({
      plan: ({ name, path }) =>
        name === "unlink" && path.includes("-backup-")
          ? { act: () => controller.abort() }
          : undefined,
    });
    const { signal } = controller;
    const aborted = half.replace({ stagedDir: join(dir, "staged"), targetDir, fileSystem, signal });
    await expect(aborted).rejects.toMatchObject({
      code: "ABORT_ERR",
      effect: "none",
      leftovers: [],
    });
    expect(readdirSync(dir).toSorted()).toEqual(["staged", "target"]);
    expect(stateOf(targetDir)).toBe("new");
  });
});

describe("replaceDirectoryAtomicSync", () => {
  it("refuses while an asynchronous call is under way, and does not disturb it", async () => {
    const dir = tempDir();
    const { stagedDir, targetDir } = makeTrees(dir);
    makeTree(join(dir, "other"), "other");
    const [asynchronous, synchronous] = halves;
    let refusal: unknown;
    const { fileSystem } = faultyFileSystem({
      plan: ({ name, path }) =>
        name === "rename" && path === stagedDir
          ? {
              act: () => {
                void synchronous
                  .replace({ stagedDir: join(dir, "other"), targetDir })
                  .catch((error: unknown) => {
                    refusal = error;
                  });
              },
            }
          : undefined,
    });
    await asynchronous.replace({ stagedDir, targetDir, fileSystem });
    expect(refusal).toMatchObject({ code: "ERR_IN_PROGRESS", effect: "none" });
    expect(stateOf(targetDir)).toBe("new");
    expect(readdirSync(dir).toSorted()).toEqual(["other", "target"]);
  });
});
