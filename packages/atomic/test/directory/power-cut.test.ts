/**
 * A replacement is recorded, and made again on fresh trees as a power cut could have left it: of
 * the changes that no flush had made durable, any subset. POSIX promises no more than that; what
 * ext4, xfs and btrfs leave is among it.
 */

import {
  closeSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { recoverDirectorySync } from "../../src/directory/recover-directory.ts";
import { replaceDirectoryAtomicSync } from "../../src/directory/replace-directory.ts";
import { fingerprint } from "../../src/directory/replacement-record.ts";
import { faultyFileSystem } from "../support/faulty-file-system.ts";
import { tempDir, tmpfsParent, unownedTempDir } from "../support/temp-dir.ts";
import { makeTree, makeTrees, ofEarlierBoot, stateOf } from "./trees.ts";

/** One change, with the directories (or the file) whose flush makes it durable. */
interface Change {
  readonly call: string;
  readonly waitsFor: readonly string[];
  readonly make: (dir: string) => void;
}

interface Recording {
  readonly changes: readonly Change[];
  /** Where to cut: how many changes had been made, and which of them were durable. */
  readonly cuts: readonly { readonly made: number; readonly durable: ReadonlySet<Change> }[];
}

/** What is recorded: a whole replacement, one that has to be undone, one that a recovery ends. */
type Story = "whole" | "undone" | "recovered";

function record(staged: string, story: Story): Recording {
  const dir = tempDir(tmpfsParent());
  makeTrees(dir);
  if (staged !== "staged") {
    mkdirSync(dirname(join(dir, staged)));
    renameSync(join(dir, "staged"), join(dir, staged));
  }
  const [stagedDir, targetDir] = [join(dir, staged), join(dir, "target")];
  let content = "";
  let stopped = false;
  const replacing = faultyFileSystem({
    plan: ({ name, path }) => {
      if (name === "rename" && path.endsWith("record.tmp")) {
        return { act: () => void (content = readFileSync(path, "utf8")) };
      }
      const second = name === "rename" && path === stagedDir && story !== "whole";
      stopped ||= second && story === "recovered";
      return second || stopped ? { fail: "EIO", when: "before" } : undefined;
    },
  });
  const { fileSystem } = replacing;
  const failed = `rename ${stagedDir} -> ${targetDir}`;
  let calls = replacing.calls;
  try {
    replaceDirectoryAtomicSync({ stagedDir, targetDir, fileSystem });
  } catch (error) {
    if (story === "whole") throw error;
    if (story === "undone") calls = calls.filter((call) => call !== failed);
    else {
      const recovering = faultyFileSystem({ plan: () => undefined });
      recoverDirectorySync(targetDir, { fileSystem: recovering.fileSystem });
      calls = [...calls.slice(0, calls.indexOf(failed)), ...recovering.calls];
    }
  }

  const changes: Change[] = [];
  const cuts: Recording["cuts"][number][] = [];
  const durable = new Set<Change>();
  const flushed = new Map<Change, Set<string>>();
  for (const call of calls) {
    const [, name, path, , to] = /^(\S+) (\S+)( -> (\S+))?/.exec(call)!;
    if (name === "fsync") {
      cuts.push({ made: changes.length, durable: new Set(durable) });
      for (const change of changes) {
        const seen = flushed.get(change) ?? new Set();
        flushed.set(change, seen.add(path!));
        if (change.waitsFor.every((place) => seen.has(place))) durable.add(change);
      }
      continue;
    }
    const change = changeOf(call, name!, path!, to, (dirOf, text) =>
      ofEarlierBoot(text).replace(dir, () => dirOf),
    );
    if (change !== undefined) changes.push(change);
  }
  cuts.push({ made: changes.length, durable: new Set(durable) });
  return { changes, cuts };

  function changeOf(
    call: string,
    name: string,
    path: string,
    to: string | undefined,
    here: (dir: string, path: string) => string,
  ): Change | undefined {
    const entry = { call, waitsFor: [dirname(path)] };
    switch (name) {
      case "mkdir":
        return { ...entry, make: (at) => mkdirSync(here(at, path)) };
      case "open":
        if (!/claim-|record\.tmp$/.test(path)) return undefined;
        return { ...entry, make: (at) => closeSync(openSync(here(at, path), "wx")) };
      case "write":
        return {
          call,
          waitsFor: [path],
          make: (at) => {
            const staged_ = fingerprint(lstatSync(join(at, staged), { bigint: true }) as never);
            const text = JSON.stringify({ ...JSON.parse(content), staged: staged_ });
            writeFileSync(here(at, path), text, { flag: "r+" });
          },
        };
      case "rename":
        return {
          call,
          waitsFor: [...new Set([dirname(path), dirname(to!)])],
          make: (at) => renameSync(here(at, path), here(at, to!)),
        };
      case "unlink":
        return { ...entry, make: (at) => unlinkSync(here(at, path)) };
      case "rmdir":
        // What of its entries was not flushed goes with it.
        return { ...entry, make: (at) => rmSync(here(at, path), { recursive: true }) };
      default:
        return undefined;
    }
  }
}

/** Which of the pending changes survive: all subsets of few, otherwise a choice of them. */
function* survivors(pending: readonly Change[]): Generator<ReadonlySet<Change>> {
  if (pending.length <= 6) {
    for (let bits = 0; bits < 2 ** pending.length; bits++) {
      yield new Set(pending.filter((_, index) => (bits >> index) & 1));
    }
    return;
  }
  for (let index = 0; index <= pending.length; index++) {
    yield new Set(pending.slice(0, index));
    yield new Set(pending.filter((_, other) => other !== index));
    yield new Set(pending.filter((_, other) => other === index));
  }
  let random = 1;
  for (let round = 0; round < 64; round++) {
    // A linear congruential generator: the same choice in each run.
    yield new Set(pending.filter(() => (random = (random * 48_271) % 2_147_483_647) % 2 === 0));
  }
}

/** What a recovery makes of what survived: the target, the staged tree, and what else is there. */
function recovered(staged: string, changes: readonly Change[]): [string, string, string[]] {
  const { path: dir, remove } = unownedTempDir(tmpfsParent());
  try {
    makeTree(join(dir, staged), "new");
    makeTree(join(dir, "target"), "old");
    for (const change of changes) {
      try {
        change.make(dir);
      } catch {
        // It rests on a change that was lost, and so was lost with it.
      }
    }
    recoverDirectorySync(join(dir, "target"));
    const left = readdirSync(dir).filter((name) => name.startsWith(".holdfast"));
    return [stateOf(join(dir, "target")), stateOf(join(dir, staged)), left];
  } catch (error) {
    const story = changes.map(({ call }) => call).join("\n");
    throw new Error(`${(error as Error).message}\n${story}`, { cause: error });
  } finally {
    remove();
  }
}

describe("a power cut in a replacement", () => {
  it.each([
    ["staged", "whole"],
    ["area/staged", "whole"],
    ["staged", "undone"],
    ["staged", "recovered"],
  ] as const)(
    "leaves what a recovery makes old or new (%s, %s)",
    (staged, story) => {
      const { changes, cuts } = record(staged, story);
      const renamed = changes.find(({ call }) => /\/staged -> \S+\/target$/.test(call));
      let states = 0;
      const wrong: unknown[] = [];
      for (const { made, durable } of cuts) {
        const sofar = changes.slice(0, made);
        for (const kept of survivors(sofar.filter((change) => !durable.has(change)))) {
          states++;
          const surviving = sofar.filter((change) => durable.has(change) || kept.has(change));
          const [target, stagedTree, left] = recovered(staged, surviving);
          const isNew = target === "new" && stagedTree === "missing";
          const isOld =
            target === "old" && stagedTree === "new" && !(renamed && durable.has(renamed));
          if ((isNew || isOld) && left.length === 0) continue;
          wrong.push({ target, stagedTree, left, after: surviving.map(({ call }) => call) });
        }
      }
      expect(wrong.slice(0, 2)).toEqual([]);
      expect(renamed !== undefined && cuts.at(-1)!.durable.has(renamed)).toBe(story === "whole");
      expect(states).toBeGreaterThan(50);
    },
    30_000,
  );
});
