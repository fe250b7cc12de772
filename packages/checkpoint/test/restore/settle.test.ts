/** What finishes an interrupted restore, or takes it back, where others have been at work since. */

import {
  chmodSync,
  mkdirSync,
  readdirSync,
  renameSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import * as nodeFs from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Checkpoints, FileSystem } from "../../src/index.ts";
import { workbench } from "../support/workbench.ts";
import { edit, place, requireComplete, text, told, write } from "./support/agent.ts";

/** A store that has no room any more when so many records of a kind have been written. */
function fullAt(record: string, fileSystem: typeof nodeFs = nodeFs): FileSystem {
  const promises = { ...fileSystem.promises };
  const refuse = (bytes: unknown): void => {
    if (!Buffer.from(bytes as Uint8Array).includes(`"type":"${record}"`)) return;
    throw Object.assign(new Error("ENOSPC: no space left on device, write"), {
      code: "ENOSPC",
      errno: -28,
      syscall: "write",
    });
  };
  const open: typeof promises.open = async (path, flags, mode) => {
    const handle = await fileSystem.promises.open(path, flags, mode);
    if (!String(path).endsWith("journal.jsonl")) return handle;
    return new Proxy(handle, {
      get(target, key) {
        const value: unknown = Reflect.get(target, key, target);
        if (typeof value !== "function") return value;
        return (...args: unknown[]) => {
          if (key === "write" || key === "writeFile" || key === "appendFile") refuse(args[0]);
          return value.apply(target, args) as unknown;
        };
      },
    });
  };
  return { ...fileSystem, promises: { ...promises, open } } as unknown as FileSystem;
}

/**
 * A session whose restore of `a`, `b` and `made` was interrupted before its end was written down: so all of it is done. It
 * is open again, with room.
 */
async function interrupted() {
  const bench = workbench();
  const { at, open } = bench;
  place(at("a"), "before", 0o640);
  place(at("b"), "before");
  const first = await open({ fileSystem: fullAt("end") });
  const { id } = await first.makeSnapshot("1");
  await write(first, at("a"), "after");
  await write(first, at("b"), "after");
  await write(first, at("made"), "made");
  const failed = first.restoreToSnapshot(id);
  await expect(failed).rejects.toMatchObject({ code: "ENOSPC", effect: "partial" });
  expect(first.interrupted).toMatchObject({ snapshot: id });
  await first.close();
  const checkpoints = await open();
  const { restoreId } = checkpoints.interrupted!;
  /** The names that the restore gives to what it stages and takes aside. */
  const side = (kind: "new" | "old", index: number): string =>
    at(`.holdfast-${restoreId}-${index}.${kind}`);
  return { ...bench, checkpoints, id, side };
}

const namesIn = (folder: string): string[] => readdirSync(folder).toSorted();

describe("an interrupted restore", () => {
  it("refuses other restores until it is settled, and nothing else", async () => {
    const { at, checkpoints, id } = await interrupted();
    const pending = { code: "ERR_RESTORE_PENDING", effect: "none" };
    await expect(checkpoints.restoreToSnapshot(id)).rejects.toMatchObject(pending);
    await checkpoints.trackBeforeEdit(at("c"), "2");
    await checkpoints.makeSnapshot("2");
    const report = await checkpoints.resume();
    expect(report).toMatchObject({ complete: true, outcome: "finished", snapshot: id });
    expect(checkpoints.interrupted).toBeUndefined();
    const none = { code: "ERR_CHECKPOINT_UNKNOWN", effect: "none" };
    await expect(checkpoints.resume()).rejects.toMatchObject(none);
    await expect(checkpoints.rollback()).rejects.toMatchObject(none);
    const undone = await checkpoints.undoRestore(report.restoreId!);
    expect(undone.complete).toBe(true);
    expect(text(at("made"))).toBe("made");
  });

  it("is taken back: what it had done, bytes, modes and files that it had removed", async () => {
    const { at, work, checkpoints, id } = await interrupted();
    expect(namesIn(work)).toEqual(["a", "b"]);
    const report = await checkpoints.rollback();
    expect(report.outcome).toBe("rolled-back");
    expect(told(report, work)).toEqual({ a: "overwrite", b: "overwrite", made: "create" });
    expect([text(at("a")), text(at("b")), text(at("made"))]).toEqual(["after", "after", "made"]);
    // What was ours is ours still.
    expect((await checkpoints.restoreToSnapshot(id)).complete).toBe(true);
  });

  it.each(["resume", "rollback"] as const)(
    "leaves alone what others wrote since: %s",
    async (how) => {
      const { at, work, checkpoints } = await interrupted();
      writeFileSync(at("a"), "the user's");
      writeFileSync(at("made"), "the user's");
      const report = await checkpoints[how]();
      expect(told(report, work)).toEqual({
        a: "none conflict !",
        b: how === "resume" ? "none" : "overwrite",
        made: "none conflict !",
      });
      expect([text(at("a")), text(at("made"))]).toEqual(["the user's", "the user's"]);
      expect(checkpoints.interrupted).toBeUndefined();
    },
  );

  it("makes again what others have removed since", async () => {
    const { at, work, checkpoints } = await interrupted();
    unlinkSync(at("a"));
    const report = await checkpoints.resume();
    expect(told(report, work)).toMatchObject({ a: "create" });
    expect(text(at("a"))).toBe("before");
  });

  it.each(["resume", "rollback"] as const)(
    "settles what it had staged and taken aside: %s",
    async (how) => {
      const { at, work, checkpoints, side } = await interrupted();
      // As if it had been killed in the middle of each.
      writeFileSync(side("new", 0), "half a fi");
      writeFileSync(side("old", 2), "made");
      const report = await checkpoints[how]();
      requireComplete(report);
      expect(namesIn(work)).toEqual(how === "resume" ? ["a", "b"] : ["a", "b", "made"]);
      if (how === "rollback") expect(text(at("made"))).toBe("made");
    },
  );

  it("gives back what it had taken aside and was the user's", async () => {
    const { at, work, checkpoints, side } = await interrupted();
    writeFileSync(side("old", 2), "saved in the last moment");
    const report = await checkpoints.resume();
    expect(told(report, work)).toMatchObject({ made: "none conflict !" });
    expect(text(at("made"))).toBe("saved in the last moment");
  });

  it("keeps both where what it had taken aside has a successor", async () => {
    const { at, work, store, checkpoints, side } = await interrupted();
    const { restoreId } = checkpoints.interrupted!;
    writeFileSync(side("old", 2), "saved in the last moment");
    writeFileSync(at("made"), "and again");
    await checkpoints.resume();
    expect(text(at("made"))).toBe("and again");
    expect(namesIn(work)).toEqual(["a", "b", "made"]);
    const trash = join(store, "trash", restoreId);
    expect(namesIn(trash).map((name) => text(join(trash, name)))).toEqual([
      "made",
      "saved in the last moment",
    ]);
  });

  it("takes a second name of a file away, and not the file", async () => {
    const { at, store, work, checkpoints, side } = await interrupted();
    const { restoreId } = checkpoints.interrupted!;
    writeFileSync(at("made"), "given back, half");
    nodeFs.linkSync(at("made"), side("old", 2));
    await checkpoints.resume();
    expect(namesIn(work)).toEqual(["a", "b", "made"]);
    expect(namesIn(join(store, "trash", restoreId))).toHaveLength(1); // what the restore had removed
    expect(nodeFs.statSync(at("made")).nlink).toBe(1);
  });

  it("does not make the user's bytes ours by giving them back", async () => {
    const { at, open, work } = workbench();
    place(at("a"), "before");
    const first = await open({ fileSystem: fullAt("end") });
    const { id } = await first.makeSnapshot("1");
    await write(first, at("a"), "after");
    writeFileSync(at("a"), "the user's");
    const forced = first.restoreToSnapshot(id, { onConflict: "overwrite" });
    await expect(forced).rejects.toMatchObject({ effect: "partial" });
    await first.close();
    const checkpoints = await open();
    expect((await checkpoints.rollback()).complete).toBe(true);
    expect(text(at("a"))).toBe("the user's");
    const report = await checkpoints.restoreToSnapshot(id);
    expect(told(report, work)).toEqual({ a: "none conflict !" });
  });

  it("takes back the directories too that it had to make", async () => {
    const { at, open, listing } = workbench();
    mkdirSync(at("was/deep"), { recursive: true });
    place(at("was/deep/a"), "a");
    const first = await open({ fileSystem: fullAt("end") });
    const { id } = await first.makeSnapshot("1");
    await edit(first, at("was/deep/a"), () => nodeFs.rmSync(at("was"), { recursive: true }));
    const after = listing();
    await expect(first.restoreToSnapshot(id)).rejects.toMatchObject({ effect: "partial" });
    expect(text(at("was/deep/a"))).toBe("a");
    await first.close();
    requireComplete(await (await open()).rollback());
    expect(listing()).toEqual(after);
  });

  it("waits for a root that is missing", async () => {
    const { work, checkpoints } = await interrupted();
    renameSync(work, `${work}.unplugged`);
    await expect(checkpoints.resume()).rejects.toMatchObject({ code: "ENOENT", effect: "none" });
    expect(checkpoints.interrupted).toBeDefined();
    renameSync(`${work}.unplugged`, work);
    expect((await checkpoints.resume()).complete).toBe(true);
  });

  it("goes on where a directory has become a link that leads elsewhere, and touches nothing there", async () => {
    const { at, open, work } = workbench();
    mkdirSync(at("dir"));
    place(at("dir/a"), "before");
    place(at("b"), "before");
    const first = await open({ fileSystem: fullAt("end") });
    const { id } = await first.makeSnapshot("1");
    await write(first, at("dir/a"), "after");
    await write(first, at("b"), "after");
    await expect(first.restoreToSnapshot(id)).rejects.toMatchObject({ effect: "partial" });
    await first.close();
    const outside = join(work, "../outside");
    renameSync(at("dir"), outside);
    symlinkSync(outside, at("dir"));
    const checkpoints = await open();
    const report = await checkpoints.rollback();
    expect(report.paths).toMatchObject([
      { path: at("b"), ok: true },
      { path: at("dir/a"), ok: false },
    ]);
    expect([text(at("b")), text(join(outside, "a"))]).toEqual(["after", "before"]);
  });

  it("reports when it is resumed what it had left alone from the beginning", async () => {
    const { at, open, work } = workbench();
    place(at("a"), "before");
    place(at("b"), "before");
    const first = await open({ fileSystem: fullAt("end") });
    const { id } = await first.makeSnapshot("1");
    await write(first, at("a"), "after");
    await write(first, at("b"), "after");
    writeFileSync(at("b"), "the user's");
    await expect(first.restoreToSnapshot(id)).rejects.toMatchObject({ effect: "partial" });
    await first.close();
    const report = await (await open()).resume();
    expect(told(report, work)).toEqual({ a: "none", b: "none conflict !" });
    expect(report.paths[1]).toMatchObject({ to: { kind: "file", size: 6 }, from: { size: 10 } });
  });
});

describe("a store that has no room", () => {
  it("for the beginning: nothing is changed, and nothing is interrupted", async () => {
    const { at, open } = workbench();
    place(at("a"), "before");
    const checkpoints = await open({ fileSystem: fullAt("begin") });
    const { id } = await checkpoints.makeSnapshot("1");
    await write(checkpoints, at("a"), "after");
    const failed = checkpoints.restoreToSnapshot(id);
    await expect(failed).rejects.toMatchObject({ code: "ENOSPC", effect: "none" });
    expect(text(at("a"))).toBe("after");
    await checkpoints.close();
    expect((await open()).interrupted).toBeUndefined();
  });
});

describe("a change of mode that was cut off", () => {
  it.each(["resume", "rollback"] as const)("is finished or taken back: %s", async (how) => {
    const { at, open } = workbench();
    place(at("a"), "same", 0o640);
    const first: Checkpoints = await open({ fileSystem: fullAt("end") });
    const { id } = await first.makeSnapshot("1");
    await edit(first, at("a"), () => chmodSync(at("a"), 0o755));
    await expect(first.restoreToSnapshot(id)).rejects.toMatchObject({ effect: "partial" });
    await first.close();
    if (how === "resume") chmodSync(at("a"), 0o755); // as if it had not come so far
    expect((await (await open())[how]()).complete).toBe(true);
    expect(nodeFs.statSync(at("a")).mode & 0o777).toBe(how === "resume" ? 0o640 : 0o755);
  });
});
