import {
  chmodSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { asUser, nobody } from "../../../atomic/test/support/as-user.ts";
import { needs } from "../../../atomic/test/support/needs.ts";
import { onSecondDevice, tempDir } from "../../../atomic/test/support/temp-dir.ts";
import { listing, workbench } from "../support/workbench.ts";

const absent = { kind: "absent" };

it("P1 the first edit of a turn is captured, the second not", async () => {
  const { at, open } = workbench();
  const checkpoints = await open();
  writeFileSync(at("a"), "one");
  const before = await checkpoints.makeSnapshot("turn");
  const first = await checkpoints.trackBeforeEdit(at("a"), "turn");
  expect(first).toMatchObject({ path: at("a"), first: true, state: { kind: "file", size: 3 } });
  writeFileSync(at("a"), "two");
  await checkpoints.recordAfterEdit(at("a"));
  const second = await checkpoints.trackBeforeEdit(at("a"), "turn");
  expect(second).toEqual({ ...first, first: false });
  await checkpoints.restoreToSnapshot(before.id);
  expect(readFileSync(at("a"), "utf8")).toBe("one");
});

it("P1 a path that is not there is absent", async () => {
  const { at, open } = workbench();
  const checkpoints = await open();
  expect(await checkpoints.trackBeforeEdit(at("new/file"), "turn")).toMatchObject({
    state: absent,
  });
});

it("what was there at a snapshot stays reachable, whatever comes after the next one", async () => {
  const { at, open } = workbench();
  const checkpoints = await open();
  const edit = async (content: string): Promise<void> => {
    await checkpoints.trackBeforeEdit(at("a"), "turn");
    writeFileSync(at("a"), content);
    await checkpoints.recordAfterEdit(at("a"));
  };
  await edit("one");
  const first = await checkpoints.makeSnapshot("turn");
  writeFileSync(at("a"), "two, by a shell");
  const second = await checkpoints.makeSnapshot("turn");
  const between = await checkpoints.diffSnapshot(first.id, { against: second.id });
  await edit("three");
  expect(await checkpoints.diffSnapshot(first.id, { against: second.id })).toEqual(between);
  expect(between).toMatchObject({ modified: 1 });
  await checkpoints.restoreToSnapshot(first.id);
  expect(readFileSync(at("a"), "utf8")).toBe("one");
  await checkpoints.restoreToSnapshot(second.id);
  expect(readFileSync(at("a"), "utf8")).toBe("two, by a shell");
});

it("what a user changes between a snapshot and our first edit after it stays", async () => {
  const { at, open } = workbench();
  const checkpoints = await open();
  writeFileSync(at("a"), "one");
  const { id } = await checkpoints.makeSnapshot("turn");
  writeFileSync(at("a"), "two, by the user");
  await checkpoints.trackBeforeEdit(at("a"), "turn");
  writeFileSync(at("a"), "three");
  await checkpoints.recordAfterEdit(at("a"));
  await checkpoints.makeSnapshot("turn");
  await checkpoints.restoreToSnapshot(id);
  expect(readFileSync(at("a"), "utf8")).toBe("two, by the user");
});

it("a directory that a restore removed was not there before, and a difference does not say so", async () => {
  const { at, open } = workbench();
  const checkpoints = await open();
  const { id } = await checkpoints.makeSnapshot("turn");
  await checkpoints.trackBeforeEdit(at("n/a"), "turn");
  mkdirSync(at("n"));
  writeFileSync(at("n/a"), "ours");
  await checkpoints.recordAfterEdit(at("n/a"));
  await checkpoints.restoreToSnapshot(id);
  expect(listing(at("."))).toEqual([]);
  expect(await checkpoints.diffSnapshot(id)).toEqual({
    paths: [],
    added: 0,
    removed: 0,
    modified: 0,
  });
});

it("rule 9: asked again in the turn there is no I/O at all", async () => {
  const { at, open, work, store } = workbench();
  const checkpoints = await open();
  writeFileSync(at("a"), "one");
  const first = await checkpoints.trackBeforeEdit(at("a"), "turn");
  rmSync(store, { recursive: true });
  renameSync(work, `${work}-elsewhere`);
  expect(await checkpoints.trackBeforeEdit(at("a"), "turn")).toEqual({ ...first, first: false });
  renameSync(`${work}-elsewhere`, work);
});

it("P4 edits that come at the same time wait for one pre-image", async () => {
  const { at, open } = workbench();
  const checkpoints = await open();
  writeFileSync(at("a"), "one");
  const before = await checkpoints.makeSnapshot("turn");
  const edits = Array.from({ length: 20 }, async (_, i) => {
    const receipt = await checkpoints.trackBeforeEdit(at("a"), "turn");
    writeFileSync(at("a"), `edit ${i}`);
    return receipt;
  });
  const states = (await Promise.all(edits)).map(({ state }) => state);
  expect(new Set(states.map((state) => JSON.stringify(state)))).toHaveLength(1);
  expect(states[0]).toMatchObject({ kind: "file", size: 3 });
  await checkpoints.recordAfterEdit(at("a"));
  await checkpoints.restoreToSnapshot(before.id);
  expect(readFileSync(at("a"), "utf8")).toBe("one");
});

it("an edit that asks while a snapshot is made waits for it, also where the path was tracked before", async () => {
  const { at, open } = workbench();
  const checkpoints = await open();
  writeFileSync(at("a"), "one");
  await checkpoints.makeSnapshot("turn");
  await checkpoints.trackBeforeEdit(at("a"), "turn");
  writeFileSync(at("a"), "two");
  await checkpoints.recordAfterEdit(at("a"));
  const making = checkpoints.makeSnapshot("turn");
  await checkpoints.trackBeforeEdit(at("a"), "turn");
  writeFileSync(at("a"), "three");
  await checkpoints.recordAfterEdit(at("a"));
  await checkpoints.restoreToSnapshot((await making).id);
  expect(readFileSync(at("a"), "utf8")).toBe("two");
});

it("P6 turn ids that repeat are two turns: each snapshot has its own pre-images", async () => {
  const { at, open } = workbench();
  const checkpoints = await open();
  const ids: string[] = [];
  for (const content of ["one", "two", "three"]) {
    ids.push((await checkpoints.makeSnapshot("turn")).id);
    await checkpoints.trackBeforeEdit(at("a"), "turn");
    writeFileSync(at("a"), content);
    await checkpoints.recordAfterEdit(at("a"));
  }
  expect(new Set(ids)).toHaveLength(3);
  await checkpoints.restoreToSnapshot(ids[2]!);
  expect(readFileSync(at("a"), "utf8")).toBe("two");
  await checkpoints.restoreToSnapshot(ids[1]!);
  expect(readFileSync(at("a"), "utf8")).toBe("one");
  await checkpoints.restoreToSnapshot(ids[0]!);
  expect(listing(at("."))).toEqual([]);
});

it("P6 what was touched first after the last snapshot is there when the session is opened again", async () => {
  const { at, open } = workbench();
  const checkpoints = await open();
  writeFileSync(at("a"), "one");
  const before = await checkpoints.makeSnapshot("turn");
  await checkpoints.trackBeforeEdit(at("a"), "turn");
  writeFileSync(at("a"), "two");
  await checkpoints.recordAfterEdit(at("a"));
  await checkpoints.close();
  const again = await open();
  expect(await again.listSnapshots()).toMatchObject([
    { id: before.id, turnId: "turn", touched: 1 },
  ]);
  expect(await again.trackBeforeEdit(at("a"), "turn")).toMatchObject({ first: false });
  await again.restoreToSnapshot(before.id);
  expect(readFileSync(at("a"), "utf8")).toBe("one");
});

it("P9 spellings and links to directories are one path", async () => {
  const { at, open } = workbench();
  const checkpoints = await open();
  mkdirSync(at("dir"));
  symlinkSync("dir", at("alias"));
  writeFileSync(at("dir/a"), "one");
  await checkpoints.makeSnapshot("turn");
  const names = ["dir/a", "dir/../dir/./a", "alias/a", "alias/../dir//a"];
  for (const [i, name] of names.entries()) {
    const { path, first } = await checkpoints.trackBeforeEdit(`${at("")}/${name}`, "turn");
    expect({ path, first }).toEqual({ path: at("dir/a"), first: i === 0 });
  }
  expect(await checkpoints.listSnapshots()).toMatchObject([{ touched: 1 }]);
});

it("a link is tracked, and what it leads to", async () => {
  const { at, open } = workbench();
  const checkpoints = await open();
  writeFileSync(at("file"), "one");
  symlinkSync("file", at("second"));
  symlinkSync("second", at("link"));
  const before = await checkpoints.makeSnapshot("turn");
  const receipt = await checkpoints.trackBeforeEdit(at("link"), "turn");
  expect(receipt).toMatchObject({
    state: { kind: "symlink", target: "second" },
    leadsTo: { path: at("second"), leadsTo: { path: at("file"), state: { kind: "file" } } },
  });
  writeFileSync(at("link"), "two");
  await checkpoints.recordAfterEdit(at("link"));
  const { complete } = await checkpoints.restoreToSnapshot(before.id);
  expect(complete).toBe(true);
  expect(readFileSync(at("file"), "utf8")).toBe("one");
});

it("a link that leads out is tracked as a link, and what it leads to is skipped", async () => {
  const { at, open } = workbench();
  const outside = join(tempDir(), "secret");
  writeFileSync(outside, "secret");
  symlinkSync(outside, at("link"));
  const checkpoints = await open();
  expect(await checkpoints.trackBeforeEdit(at("link"), "turn")).toMatchObject({
    state: { kind: "symlink", target: outside },
    leadsTo: { path: outside, state: { kind: "skipped", reason: "outside" } },
  });
});

it("a file that we make a link of is followed from then on, in the same turn", async () => {
  const { at, open } = workbench();
  const checkpoints = await open();
  writeFileSync(at("a"), "a");
  writeFileSync(at("b"), "b");
  const before = await checkpoints.makeSnapshot("turn");
  await checkpoints.trackBeforeEdit(at("a"), "turn");
  rmSync(at("a"));
  symlinkSync("b", at("a"));
  await checkpoints.recordAfterEdit(at("a"));
  const { leadsTo } = await checkpoints.trackBeforeEdit(at("a"), "turn");
  expect(leadsTo).toMatchObject({ path: at("b"), first: true });
  writeFileSync(at("a"), "written through the link");
  await checkpoints.recordAfterEdit(at("a"));
  expect(await checkpoints.restoreToSnapshot(before.id)).toMatchObject({ complete: true });
  expect(["a", "b"].map((name) => readFileSync(at(name), "utf8"))).toEqual(["a", "b"]);
});

it("a directory that the user makes after the first touch is not taken for ours", async () => {
  const { at, open } = workbench();
  const checkpoints = await open();
  await checkpoints.trackBeforeEdit(at("n/m"), "turn");
  mkdirSync(at("n"));
  const before = await checkpoints.makeSnapshot("turn");
  await checkpoints.trackBeforeEdit(at("n/y"), "turn");
  writeFileSync(at("n/y"), "y");
  await checkpoints.recordAfterEdit(at("n/y"));
  expect(await checkpoints.restoreToSnapshot(before.id)).toMatchObject({ complete: true });
  expect(listing(at("."))).toEqual([expect.stringMatching(/^n dir/)]);
});

it("links that lead in a circle end", async () => {
  const { at, open } = workbench();
  symlinkSync("b", at("a"));
  symlinkSync("a", at("b"));
  const checkpoints = await open();
  const { leadsTo } = await checkpoints.trackBeforeEdit(at("a"), "turn");
  expect(leadsTo?.leadsTo).toMatchObject({ path: at("a"), leadsTo: undefined });
  await checkpoints.recordAfterEdit(at("a"));
});

it("P5 the same size and an old time: different bytes are seen", async () => {
  const { at, open } = workbench();
  const checkpoints = await open();
  const old = new Date("2001-01-01");
  const put = (content: string | Uint8Array): void => {
    writeFileSync(at("a"), content);
    utimesSync(at("a"), old, old);
  };
  put("one");
  const ids: string[] = [];
  for (const content of [Buffer.from([0x80, 0xff, 0]), Buffer.from([0x81, 0xff, 0]), "two"]) {
    await checkpoints.trackBeforeEdit(at("a"), "turn");
    put(content);
    await checkpoints.recordAfterEdit(at("a"));
    ids.push((await checkpoints.makeSnapshot("turn")).id);
  }
  await checkpoints.restoreToSnapshot(ids[0]!);
  expect([...readFileSync(at("a"))]).toEqual([0x80, 0xff, 0]);
  await checkpoints.restoreToSnapshot(ids[1]!);
  expect([...readFileSync(at("a"))]).toEqual([0x81, 0xff, 0]);
});

it("limits: what is too large, special, outside or one too many is skipped and never touched", async () => {
  const { at, open, listing: all } = workbench();
  const checkpoints = await open({ limits: { maxFileBytes: 4, maxPaths: 2 } });
  writeFileSync(at("large"), "large");
  writeFileSync(at("a"), "a");
  writeFileSync(at("b"), "b");
  const before = await checkpoints.makeSnapshot("turn");
  const states: Record<string, unknown> = {};
  for (const name of ["large", "../outside", "a", "b"]) {
    const { state } = await checkpoints.trackBeforeEdit(at(name), "turn");
    states[name] = state.kind === "skipped" ? state.reason : state.kind;
  }
  expect(states).toEqual({
    large: "too-large",
    "../outside": "outside",
    a: "file",
    b: "too-many-paths",
  });
  for (const name of ["large", "../outside", "b"]) writeFileSync(at(name), "new");
  const untouched = all();
  const { complete, paths } = await checkpoints.restoreToSnapshot(before.id);
  expect(complete).toBe(false);
  expect(paths).toMatchObject([
    { path: at("a"), action: "none", ok: true },
    { path: at("large"), ok: false, reason: "skipped" },
  ]);
  expect(all()).toEqual(untouched);
});

it("content that is given is what we wrote, whatever is there", async () => {
  const { at, open } = workbench();
  const checkpoints = await open();
  writeFileSync(at("a"), "one");
  const before = await checkpoints.makeSnapshot("turn");
  await checkpoints.trackBeforeEdit(at("a"), "turn");
  writeFileSync(at("a"), "ours, and then somebody else's");
  await checkpoints.recordAfterEdit(at("a"), { content: "ours" });
  const { paths } = await checkpoints.restoreToSnapshot(before.id);
  expect(paths).toMatchObject([{ reason: "conflict" }]);
  expect(readFileSync(at("a"), "utf8")).toBe("ours, and then somebody else's");
});

it.runIf(needs("root", "other-user"))(
  "P1 a file that cannot be read: told, and healed by the next call",
  () => {
    const { at, work, store } = workbench();
    chmodSync(join(work, ".."), 0o777);
    chmodSync(work, 0o777);
    writeFileSync(at("a"), "one");
    chmodSync(at("a"), 0o200);
    const script = `
      const { store, work, path, entry } = input;
      const { openCheckpoints } = await import(entry);
      const checkpoints = await openCheckpoints({ store, roots: [work], session: "demo" });
      const { id } = await checkpoints.makeSnapshot("turn");
      const failed = await checkpoints.trackBeforeEdit(path, "turn").catch((error) => error);
      const [{ to }] = (await checkpoints.restoreToSnapshot(id)).paths;
      await checkpoints.close();
      report({ code: failed.code, effect: failed.effect, path: failed.path, to });`;
    const entry = new URL("../../dist/index.js", import.meta.url).href;
    const input = { store, work, path: at("a"), entry };
    expect(asUser(nobody, { script, input })).toEqual({
      code: "EACCES",
      effect: "none",
      path: at("a"),
      to: { kind: "failed", code: "EACCES" },
    });
  },
);

it.runIf(needs("second-device"))("a store on another device", async () => {
  const { at, open } = workbench();
  const checkpoints = await open({ store: join(onSecondDevice(), "store") });
  writeFileSync(at("a"), "one");
  const before = await checkpoints.makeSnapshot("turn");
  for (const name of ["a", "b"]) {
    await checkpoints.trackBeforeEdit(at(name), "turn");
    writeFileSync(at(name), "two");
    await checkpoints.recordAfterEdit(at(name));
  }
  const { paths, complete } = await checkpoints.restoreToSnapshot(before.id);
  expect(complete).toBe(true);
  expect(listing(at("."))).toHaveLength(1);
  const removed = paths.find(({ action }) => action === "remove");
  expect(readFileSync(removed!.trash!, "utf8")).toBe("two");
});
