/** Power cuts in the replacement of a directory, and in the recovery from them. */

import { describe, expect, it, vi } from "vitest";
import type { ModelName, NodeFileSystem, Scenario } from "@holdfast/testing";
import { fail, injectFaults, op, path, rule, and } from "@holdfast/testing";
import {
  HoldfastError,
  recoverDirectorySync,
  replaceDirectoryAtomicSync,
  type ReplaceDirectoryAtomicSyncOptions,
  type ReplaceDirectoryReceipt,
} from "../../src/index.ts";
import { halves, ofEarlierBoot } from "../directory/trees.ts";
import { stagedIn, treeAt } from "./checks.ts";
import { asOtherProcess } from "./other-process.ts";
import { prove, wrongIn } from "./prove.ts";

vi.setConfig({ testTimeout: 120_000 });

const oldTree = "deep/ deep/file=old file=old";
const newTree = "deep/ deep/file=new file=new";

function makeTree(fs: NodeFileSystem, path: string, content: string): void {
  fs.mkdirSync(`${path}/deep`, { recursive: true });
  fs.writeFileSync(`${path}/file`, content);
  fs.writeFileSync(`${path}/deep/file`, content);
}

/** Of a program that is dead after a power cut, and so is every one that recovered before. */
const earlier = (fs: NodeFileSystem): NodeFileSystem => asOtherProcess(fs, ofEarlierBoot);

interface Replacement {
  readonly name: string;
  /** Default: `/d/staged`. */
  readonly stagedDir?: string;
  readonly hasOld?: false;
  /** Whether the staged tree is made just before, and flushed by the call alone. */
  readonly fresh?: boolean;
  readonly options?: Partial<ReplaceDirectoryAtomicSyncOptions>;
  /** Whether the second rename fails, so that the first one is undone. */
  readonly undone?: boolean;
}

const replacements: readonly Replacement[] = [
  { name: "beside it" },
  { name: "from elsewhere", stagedDir: "/area/staged" },
  { name: "just written", fresh: true },
  { name: "none was there", hasOld: false },
  { name: "none was there, from elsewhere", hasOld: false, stagedDir: "/area/staged" },
  { name: "none was there, just written", hasOld: false, fresh: true },
  { name: "the old one is kept", options: { keepBackup: true } },
  {
    name: "the old one is kept, from elsewhere",
    options: { keepBackup: true },
    stagedDir: "/area/staged",
  },
  { name: "that is undone", undone: true },
  { name: "that is undone, from elsewhere", undone: true, stagedDir: "/area/staged" },
];

type Replace = (options: ReplaceDirectoryAtomicSyncOptions) => Promise<ReplaceDirectoryReceipt>;

/** @returns the scenario; its acknowledgements are the leftovers that receipts name */
function scenarioOf(one: Replacement, replace: Replace): Scenario<readonly string[]> {
  const { name, stagedDir = "/d/staged", fresh = false, options, undone = false } = one;
  const old = one.hasOld === false ? "missing" : oldTree;
  return {
    name,
    setup: (fs) => {
      fs.mkdirSync("/d");
      fs.mkdirSync("/area");
      if (old === oldTree) makeTree(fs, "/d/target", "old");
      if (!fresh) makeTree(fs, stagedDir, "new");
    },
    run: async (fs, ack) => {
      if (fresh) makeTree(fs, stagedDir, "new");
      const second = and(op("rename"), path(stagedDir));
      const fileSystem = undone ? injectFaults(fs, rule(second, fail("EIO"))) : fs;
      const replaced = replace({
        stagedDir,
        targetDir: "/d/target",
        ...options,
        fileSystem: earlier(fileSystem),
      });
      if (!undone) return ack((await replaced).leftovers);
      const failed = await replaced.then(undefined, (error: unknown) => error as HoldfastError);
      expect(failed).toMatchObject({ code: "EIO" });
      ack(failed!.leftovers);
    },
    recover: (fs) => recoverDirectorySync("/d/target", { fileSystem: earlier(fs) }),
    check: (fs, { acks, end }) => {
      const target = treeAt(fs, "/d/target");
      const staged = treeAt(fs, stagedDir);
      if (target === newTree) expect(staged).toBe("missing");
      else if (target !== old) throw new Error(`neither old nor new: ${target}`);
      else if (acks.length > 0 && !undone) throw new Error("lost");
      else if (!fresh) expect(staged).toBe(newTree);
      checkLeft(fs, end instanceof HoldfastError ? end.leftovers : acks.flat(), end, options);
    },
  };
}

/** After a recovery nothing is left but the backup that is to be kept; before it, what was named. */
function checkLeft(
  fs: NodeFileSystem,
  named: readonly string[],
  end: unknown,
  options: Replacement["options"],
): void {
  const left = stagedIn(fs, "/d").map((name) => `/d/${name}`);
  const isKept = (path: string): boolean =>
    options?.keepBackup === true && path.includes("backup") && treeAt(fs, path) === oldTree;
  for (const path of left) {
    const isNamed = end !== "crash" && named.includes(path);
    if (!isNamed && !isKept(path)) throw new Error(`left behind: ${path.replace(/-\d.*/, "")}`);
  }
  if (options?.keepBackup === true && treeAt(fs, "/d/target") === newTree) {
    if (!left.some(isKept)) throw new Error("the backup is lost");
  }
}

describe.each(halves)("a power cut in the replacement of a directory, $half", ({ replace }) => {
  it.each(replacements)("leaves the old one or the new one, healed: $name", async (one) => {
    const models: readonly ModelName[] = ["ext4", "xfs", "btrfs"];
    if (one.options?.keepBackup !== true) await prove(scenarioOf(one, replace));
    else {
      await prove(scenarioOf(one, replace), { models });
      // POSIX lets a disk take the second rename first. Then the old tree was replaced, not renamed,
      // and the backup, which was not acknowledged yet, never was; nothing else can go wrong.
      const wrong = await wrongIn(scenarioOf(one, replace), { models: ["posix"] });
      expect(wrong).toEqual(["the backup is lost"]);
    }
  });

  it("leaves, before any recovery, one of the two or a whole backup", async () => {
    const scenario = scenarioOf({ name: "not healed" }, replace);
    await prove({
      setup: (fs) => scenario.setup!(fs),
      run: (fs, ack: (leftovers: readonly string[]) => void) => scenario.run(fs, ack),
      check: (fs, { acks }) => {
        const target = treeAt(fs, "/d/target");
        if (acks.length > 0) expect(target).toBe(newTree);
        if (target === newTree || target === oldTree) return;
        expect(target).toBe("missing");
        const backups = stagedIn(fs, "/d").map((name) => treeAt(fs, `/d/${name}`));
        expect(backups).toContain(oldTree);
        expect(treeAt(fs, "/d/staged")).toBe(newTree);
      },
    });
  });

  it("never puts back a part of the old tree, where somebody has removed the new one since", async () => {
    const scenario = scenarioOf({ name: "removed since" }, replace);
    const removed: Scenario<readonly string[]> = {
      ...scenario,
      recover: (fs) => {
        if (treeAt(fs, "/d/target") === newTree) fs.rmSync("/d/target", { recursive: true });
        recoverDirectorySync("/d/target", { fileSystem: earlier(fs) });
      },
      check: (fs, { end }) => {
        const target = treeAt(fs, "/d/target");
        expect(end === "crash" ? ["missing", oldTree] : [newTree, oldTree]).toContain(target);
      },
    };
    await prove(removed, { again: false });
  });

  it("is healed by the next replacement", async () => {
    const scenario = scenarioOf({ name: "again" }, replace);
    const options = { again: false }; // there would be 40,000 cases more
    const next: Scenario<readonly string[]> = {
      ...scenario,
      setup: (fs) => {
        void scenario.setup!(fs);
        fs.mkdirSync("/area/next");
        fs.writeFileSync("/area/next/file", "next");
      },
      recover: (fs) => {
        const trees = { stagedDir: "/area/next", targetDir: "/d/target" };
        replaceDirectoryAtomicSync({ ...trees, fileSystem: earlier(fs) });
      },
      check: (fs, { end }) => {
        if (end !== "crash") return;
        expect(treeAt(fs, "/d/target")).toBe("file=next");
        expect(stagedIn(fs, "/d")).toEqual([]);
      },
    };
    await prove(next, options);
  });
});

const [{ replace }] = halves;

describe("a replacement of a directory that asks for less", () => {
  it("may be undone after a power cut where directories are not flushed, but is never torn in order", async () => {
    const one = { name: "not flushed", options: { syncParentDir: false } };
    const scenario = scenarioOf(one, replace);
    expect(await wrongIn(scenario, { models: ["ext4", "xfs"] })).toMatchInlineSnapshot(`
      [
        "lost",
      ]
    `);
    expect(await wrongIn(scenario, { models: ["posix"], again: false })).toMatchInlineSnapshot(`
      [
        "left behind: /d/.holdfast-backup",
        "lost",
        "neither old nor new: deep/",
        "neither old nor new: deep/ deep/file=old",
        "neither old nor new: deep/ file=old",
        "neither old nor new: empty",
        "neither old nor new: file=old",
        "neither old nor new: missing",
      ]
    `);
  });

  it("may show files of a staged tree that nobody had flushed as zeros, and nothing else", async () => {
    const one = { name: "tree not flushed", fresh: true, options: { syncStagedTree: false } };
    const wrong = await wrongIn(scenarioOf(one, replace), { models: ["ext4"], again: false });
    expect(wrong).toContain("neither old nor new: deep/ deep/file= file=");
    // All of its names are there.
    for (const message of wrong) {
      expect(message).toMatch(/^neither old nor new: deep\/ deep\/file=[new\0]* file=[new\0]*$/);
    }
  });
});
