import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { workbench } from "../support/workbench.ts";
import { edit, place, requireComplete, text, told, write } from "./support/agent.ts";

const modeOf = (path: string): number => statSync(path).mode & 0o7777;

describe("a restore", () => {
  it("P2: brings back bytes, modes and links, takes away what we made, and reports each path", async () => {
    const { at, open, listing, work } = workbench();
    place(at("edited"), "before");
    place(at("removed"), "gone?");
    place(at("script"), "#!", 0o750);
    place(at("same"), "same");
    place(at("user's own"), "mine");
    symlinkSync("edited", at("link"));
    symlinkSync("nowhere", at("dangling"));
    const before = listing();
    const checkpoints = await open();
    const { id } = await checkpoints.makeSnapshot("1");
    await write(checkpoints, at("edited"), "after");
    await edit(checkpoints, at("removed"), () => unlinkSync(at("removed")));
    await edit(checkpoints, at("script"), () => {
      writeFileSync(at("script"), "#?");
      chmodSync(at("script"), 0o600);
    });
    await write(checkpoints, at("same"), "same");
    await write(checkpoints, at("made"), "new");
    await edit(checkpoints, at("dangling"), () => {
      unlinkSync(at("dangling"));
      symlinkSync("elsewhere", at("dangling"));
    });
    await edit(checkpoints, at("link"), () => {
      unlinkSync(at("link"));
      writeFileSync(at("link"), "a file now");
    });
    const after = listing();
    const same = lstatSync(at("same"));
    const report = await checkpoints.restoreToSnapshot(id);
    expect(listing()).toEqual(before);
    expect(report).toMatchObject({ complete: true, outcome: "finished", snapshot: id });
    expect(told(report, work)).toEqual({
      dangling: "link",
      edited: "overwrite",
      link: "link",
      made: "remove",
      nowhere: "none",
      removed: "create",
      same: "none",
      script: "overwrite",
    });
    expect(report.paths.map(({ path }) => path)).toEqual(
      report.paths.map(({ path }) => path).toSorted(),
    );
    expect(lstatSync(at("same"))).toEqual(same); // not even touched
    const { trash } = report.paths.find(({ path }) => path === at("made"))!;
    expect(text(trash!)).toBe("new");

    const undone = await checkpoints.undoRestore(report.restoreId!);
    expect(undone.complete).toBe(true);
    expect(listing()).toEqual(after);
    const again = await checkpoints.undoRestore(undone.restoreId!);
    expect(again.complete).toBe(true);
    expect(listing()).toEqual(before);
  });

  it("does nothing, and says so, where there is nothing to do", async () => {
    const { at, open } = workbench();
    place(at("a"), "1");
    const checkpoints = await open();
    await checkpoints.trackBeforeEdit(at("a"), "1");
    const { id } = await checkpoints.makeSnapshot("1");
    const report = await checkpoints.restoreToSnapshot(id);
    expect(report).toMatchObject({ restoreId: undefined, before: undefined, complete: true });
    expect(await checkpoints.listSnapshots()).toHaveLength(1);
    await expect(checkpoints.restoreToSnapshot("no")).rejects.toMatchObject({
      code: "ERR_CHECKPOINT_UNKNOWN",
      effect: "none",
    });
  });

  it("P3: leaves alone what the user has edited since, and takes nothing that is too large", async () => {
    const { at, open, work } = workbench();
    place(at("edited"), "before");
    const checkpoints = await open({ limits: { maxFileBytes: 100 } });
    const { id } = await checkpoints.makeSnapshot("1");
    await write(checkpoints, at("edited"), "ours");
    await write(checkpoints, at("made"), "ours");
    await write(checkpoints, at("large"), "small");
    writeFileSync(at("edited"), "the user's");
    writeFileSync(at("made"), "the user's");
    writeFileSync(at("large"), "x".repeat(101));
    const report = await checkpoints.restoreToSnapshot(id);
    expect(told(report, work)).toEqual({
      edited: "none conflict !",
      large: "none skipped !",
      made: "none conflict !",
    });
    expect(report.complete).toBe(false);
    expect([text(at("edited")), text(at("made"))]).toEqual(["the user's", "the user's"]);
    expect(text(at("large"))).toHaveLength(101);
    // Overwritten on request, and even then kept.
    const forced = await checkpoints.restoreToSnapshot(id, { onConflict: "overwrite" });
    expect(told(forced, work)).toEqual({
      edited: "overwrite",
      large: "none skipped !",
      made: "remove",
    });
    expect(text(at("edited"))).toBe("before");
    await checkpoints.undoRestore(forced.restoreId!);
    expect([text(at("edited")), text(at("made"))]).toEqual(["the user's", "the user's"]);
    // Taken back, it is the user's again and not ours.
    const still = await checkpoints.restoreToSnapshot(id, { paths: [at("edited")] });
    expect(told(still, work)).toEqual({ edited: "overwrite" });
  });

  it("makes the directories again that are needed, and removes those that we made, if they are empty", async () => {
    const { at, open, listing, work } = workbench();
    mkdirSync(at("was/deep"), { recursive: true });
    place(at("was/deep/a"), "a");
    const before = listing();
    const checkpoints = await open();
    const { id } = await checkpoints.makeSnapshot("1");
    await edit(checkpoints, at("was/deep/a"), () => rmSync(at("was"), { recursive: true }));
    await edit(checkpoints, at("new/x/1"), () => {
      mkdirSync(at("new/x"), { recursive: true });
      writeFileSync(at("new/x/1"), "1");
    });
    await write(checkpoints, at("new/2"), "2");
    const after = listing();
    const report = await checkpoints.restoreToSnapshot(id);
    expect(report.complete).toBe(true);
    expect(listing()).toEqual(before);
    await checkpoints.undoRestore(report.restoreId!);
    expect(listing()).toEqual([...after]);
    // What the user has put into our directory keeps it.
    writeFileSync(at("new/x/user's"), "keep");
    const second = await checkpoints.restoreToSnapshot(id);
    expect(second.complete).toBe(true);
    expect(told(second, work)).toMatchObject({ "new/2": "remove", "new/x/1": "remove" });
    expect(listing().filter((line) => line.startsWith("work/new"))).toHaveLength(3);
    expect(text(at("new/x/user's"))).toBe("keep");
  });

  it("changes kinds: a file in the place of a directory, a directory in the place of a file", async () => {
    const { at, open, listing } = workbench();
    mkdirSync(at("tree"));
    place(at("tree/leaf"), "leaf");
    place(at("plain"), "plain");
    chmodSync(at("tree"), 0o710);
    const before = listing();
    const checkpoints = await open();
    await checkpoints.makeSnapshot("0");
    const { id } = await checkpoints.makeSnapshot("1");
    await checkpoints.trackBeforeEdit(at("tree/leaf"), "1");
    await edit(checkpoints, at("tree"), () => {
      rmSync(at("tree"), { recursive: true });
      writeFileSync(at("tree"), "a file");
    });
    await checkpoints.recordAfterEdit(at("tree/leaf"));
    await edit(checkpoints, at("plain"), () => {
      unlinkSync(at("plain"));
      mkdirSync(at("plain"));
    });
    await write(checkpoints, at("plain/inner"), "inner");
    const after = listing();
    const report = await checkpoints.restoreToSnapshot(id);
    requireComplete(report);
    expect(listing()).toEqual(before);
    const undone = await checkpoints.undoRestore(report.restoreId!);
    requireComplete(undone);
    expect(listing()).toEqual(after);
  });

  it("takes a directory for ours in which we have written, though nobody said who made it", async () => {
    const { at, open, listing } = workbench();
    place(at("plain"), "plain");
    const before = listing();
    const checkpoints = await open();
    const { id } = await checkpoints.makeSnapshot("1");
    await checkpoints.trackBeforeEdit(at("plain"), "1");
    unlinkSync(at("plain"));
    mkdirSync(at("plain"));
    await write(checkpoints, at("plain/inner"), "inner");
    requireComplete(await checkpoints.restoreToSnapshot(id));
    expect(listing()).toEqual(before);
  });

  it("says not-empty of a directory that the user fills, and does the rest", async () => {
    const { at, open, work } = workbench();
    place(at("plain"), "plain");
    const checkpoints = await open();
    const { id } = await checkpoints.makeSnapshot("1");
    await edit(checkpoints, at("plain"), () => {
      unlinkSync(at("plain"));
      mkdirSync(at("plain"));
    });
    await edit(checkpoints, at("other"), () => mkdirSync(at("other")));
    writeFileSync(at("plain/user's"), "keep");
    const planned = await checkpoints.restoreToSnapshot(id, { dryRun: true });
    expect(told(planned, work)).toEqual({ other: "remove-directory", plain: "create not-empty !" });
    const report = await checkpoints.restoreToSnapshot(id);
    expect(told(report, work)).toEqual({ other: "remove-directory", plain: "create not-empty !" });
    expect(text(at("plain/user's"))).toBe("keep");
  });

  it("mends modes where the content is right, and gives back a file that was left read-only", async () => {
    const { at, open, work } = workbench();
    place(at("mode"), "x", 0o640);
    place(at("read-only"), "before", 0o444);
    place(at("secret"), "secret", 0o600);
    const checkpoints = await open();
    const { id } = await checkpoints.makeSnapshot("1");
    await edit(checkpoints, at("mode"), () => chmodSync(at("mode"), 0o755));
    await edit(checkpoints, at("read-only"), () => {
      chmodSync(at("read-only"), 0o644);
      writeFileSync(at("read-only"), "after");
      chmodSync(at("read-only"), 0o444);
    });
    await edit(checkpoints, at("secret"), () => {
      writeFileSync(at("secret"), "public");
      chmodSync(at("secret"), 0o644);
    });
    const umask = process.umask(0o077);
    const report = await checkpoints.restoreToSnapshot(id);
    process.umask(umask);
    expect(told(report, work)).toEqual({
      mode: "mode",
      "read-only": "overwrite",
      secret: "overwrite",
    });
    expect([modeOf(at("mode")), modeOf(at("read-only")), modeOf(at("secret"))]).toEqual([
      0o640, 0o444, 0o600,
    ]);
    expect(text(at("read-only"))).toBe("before");
  });

  it("gives a file of its own to a name that others have, and leaves theirs as it is", async () => {
    const { at, open } = workbench();
    place(at("mode"), "x", 0o640);
    const checkpoints = await open();
    const { id } = await checkpoints.makeSnapshot("1");
    await edit(checkpoints, at("mode"), () => chmodSync(at("mode"), 0o755));
    linkSync(at("mode"), at("other name"));
    const report = await checkpoints.restoreToSnapshot(id);
    expect(report.complete).toBe(true);
    expect([modeOf(at("mode")), modeOf(at("other name"))]).toEqual([0o640, 0o755]);
    expect(statSync(at("mode")).ino).not.toBe(statSync(at("other name")).ino);
  });

  it("restores only the paths that are asked for, by any spelling", async () => {
    const { at, open, work } = workbench();
    mkdirSync(at("dir"));
    for (const name of ["a", "dir/b", "dir/c", "dirty"]) place(at(name), "before");
    symlinkSync("dir", at("alias"));
    const checkpoints = await open();
    const { id } = await checkpoints.makeSnapshot("1");
    for (const name of ["a", "dir/b", "dir/c", "dirty"])
      await write(checkpoints, at(name), "after");
    const one = await checkpoints.restoreToSnapshot(id, { paths: [at("alias/../dir/./b")] });
    expect(told(one, work)).toEqual({ "dir/b": "overwrite" });
    const rest = await checkpoints.restoreToSnapshot(id, { paths: [at("alias")] });
    expect(told(rest, work)).toEqual({});
    const inside = await checkpoints.restoreToSnapshot(id, { paths: [at("alias/")] });
    expect(told(inside, work)).toEqual({ "dir/b": "none", "dir/c": "overwrite" });
    const none = await checkpoints.restoreToSnapshot(id, { paths: [] });
    expect(none.paths).toEqual([]);
    const above = await checkpoints.restoreToSnapshot(id, { paths: [join(work, "..")] });
    expect(told(above, work)).toMatchObject({ a: "overwrite", dirty: "overwrite" });
  });

  it("P9: paths that lead to one file are one entry", async () => {
    const { at, open, work } = workbench();
    mkdirSync(at("dir"));
    place(at("dir/a"), "before");
    symlinkSync("dir", at("alias"));
    const checkpoints = await open();
    const { id } = await checkpoints.makeSnapshot("1");
    await checkpoints.trackBeforeEdit(at("alias/a"), "1");
    await checkpoints.trackBeforeEdit(at("dir/../dir/a"), "1");
    writeFileSync(at("alias/a"), "after");
    await checkpoints.recordAfterEdit(at("alias/a"));
    const report = await checkpoints.restoreToSnapshot(id);
    expect(told(report, work)).toEqual({ "dir/a": "overwrite" });
    expect(text(at("dir/a"))).toBe("before");
  });

  it("fails for a path whose directory is a link now, and touches nothing beyond it", async () => {
    const { at, open, work } = workbench();
    mkdirSync(at("dir"));
    place(at("dir/a"), "before");
    place(at("b"), "before");
    const outside = join(work, "../outside");
    mkdirSync(outside);
    const checkpoints = await open();
    const { id } = await checkpoints.makeSnapshot("1");
    await write(checkpoints, at("dir/a"), "after");
    await edit(checkpoints, at("dir/new"), () => writeFileSync(at("dir/new"), "after"));
    await write(checkpoints, at("b"), "after");
    for (const target of [outside, "inside"]) {
      if (target === "inside") {
        mkdirSync(at("inside"));
        unlinkSync(at("dir"));
      } else {
        renameSync(at("dir"), join(work, "../moved"));
      }
      symlinkSync(target, at("dir"));
      const beyond = target === outside ? outside : at("inside");
      writeFileSync(join(beyond, "a"), "after"); // as if it were ours
      writeFileSync(join(beyond, "new"), "after");
      const report = await checkpoints.restoreToSnapshot(id);
      expect(report.complete).toBe(false);
      expect(report.paths.filter(({ ok }) => ok).map(({ path }) => path)).toEqual([at("b")]);
      expect(readFileSync(join(beyond, "a"), "utf8")).toBe("after");
      expect(readFileSync(join(beyond, "new"), "utf8")).toBe("after");
      expect(text(at("b"))).toBe("before");
    }
  });

  it("P9: a root that is missing fails its paths; the others go on, and the history stays", async () => {
    const { at, open, work } = workbench();
    const second = join(work, "../second");
    mkdirSync(second);
    place(at("a"), "before");
    place(join(second, "b"), "before");
    const checkpoints = await open({ roots: [work, second] });
    const { id } = await checkpoints.makeSnapshot("1");
    await write(checkpoints, at("a"), "after");
    await write(checkpoints, join(second, "b"), "after");
    renameSync(second, `${second}.unplugged`);
    const report = await checkpoints.restoreToSnapshot(id);
    expect(report.paths).toMatchObject([
      { path: join(second, "b"), ok: false, reason: "failed", code: "ENOENT" },
      { path: at("a"), ok: true, action: "overwrite" },
    ]);
    renameSync(`${second}.unplugged`, second);
    expect((await checkpoints.restoreToSnapshot(id)).complete).toBe(true);
    expect(text(join(second, "b"))).toBe("before");
  });

  it("tidies up the directory of a file that we made and removed ourselves", async () => {
    const { at, open, listing } = workbench();
    const before = listing();
    const checkpoints = await open();
    const { id } = await checkpoints.makeSnapshot("1");
    await edit(checkpoints, at("d/e/f"), () => {
      mkdirSync(at("d/e"), { recursive: true });
      writeFileSync(at("d/e/f"), "x");
    });
    await edit(checkpoints, at("d/e/f"), () => unlinkSync(at("d/e/f")), "2");
    expect((await checkpoints.restoreToSnapshot(id)).complete).toBe(true);
    expect(listing()).toEqual(before);
    mkdirSync(at("d"));
    rmdirSync(at("d"));
  });

  it("follows a link that we have edited through to the file behind it", async () => {
    const { at, open } = workbench();
    place(at("file"), "before");
    symlinkSync("file", at("link"));
    const checkpoints = await open();
    const { id } = await checkpoints.makeSnapshot("1");
    await edit(checkpoints, at("link"), () => writeFileSync(at("link"), "after"));
    expect(text(at("file"))).toBe("after");
    expect((await checkpoints.restoreToSnapshot(id)).complete).toBe(true);
    expect([text(at("file")), readlinkSync(at("link"))]).toEqual(["before", "file"]);
  });

  it("keeps names of 255 bytes in the trash", async () => {
    const { at, open } = workbench();
    const long = at("é".repeat(127));
    const checkpoints = await open();
    const { id } = await checkpoints.makeSnapshot("1");
    await write(checkpoints, long, "x");
    const [result] = (await checkpoints.restoreToSnapshot(id)).paths;
    expect(result).toMatchObject({ ok: true, action: "remove" });
    expect(text(result!.trash!)).toBe("x");
  });
});
