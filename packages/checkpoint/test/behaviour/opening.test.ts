import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, it } from "vitest";
import { type CheckpointOptions, openCheckpoints } from "../../src/index.ts";
import { workbench } from "../support/workbench.ts";

it("a store in a root is refused unless it is excluded", async () => {
  const { work, open, at } = workbench();
  const store = at(".history");
  await expect(open({ store })).rejects.toMatchObject({ code: "ERR_INVALID_ARG" });
  expect(readdirSync(work)).toEqual([]);
  const checkpoints = await open({ store, exclude: [store] });
  expect(await checkpoints.trackBeforeEdit(at(".history/format.json"), "turn")).toMatchObject({
    state: { kind: "skipped", reason: "outside" },
  });
});

it("a store that a link leads into a root is refused too", async () => {
  const { work, open, at } = workbench();
  symlinkSync(work, join(work, "..", "link"));
  await expect(open({ store: at("../link/history") })).rejects.toMatchObject({
    code: "ERR_INVALID_ARG",
  });
});

it("a root in the store, or the store itself, is refused", async () => {
  const { open, store } = workbench();
  mkdirSync(join(store, "objects"), { recursive: true });
  for (const root of [store, join(store, "objects"), join(store, "not-there-yet")]) {
    await expect(open({ roots: [root] })).rejects.toMatchObject({ code: "ERR_INVALID_ARG" });
  }
});

it("the store is 0700 and what is in it 0600, whatever the umask", async () => {
  const { store, open, at } = workbench();
  const umask = process.umask(0);
  try {
    const checkpoints = await open();
    writeFileSync(at("a"), "one");
    await checkpoints.makeSnapshot("turn");
    await checkpoints.trackBeforeEdit(at("a"), "turn");
    await checkpoints.close();
  } finally {
    process.umask(umask);
  }
  const modes = new Set<string>();
  for (const name of ["", ...(readdirSync(store, { recursive: true }) as string[])]) {
    const stats = statSync(join(store, name));
    modes.add(`${stats.isDirectory() ? "dir" : "file"} ${(stats.mode & 0o7777).toString(8)}`);
  }
  expect([...modes].toSorted()).toEqual(["dir 700", "file 600"]);
});

it("a session that is open somewhere else is not opened again", async () => {
  const { open } = workbench();
  const first = await open();
  await expect(open({ lockTimeoutMs: 0 })).rejects.toMatchObject({ code: "ERR_LOCK_TIMEOUT" });
  await open({ session: "another", lockTimeoutMs: 0 });
  await first.close();
  await open({ lockTimeoutMs: 0 });
});

it.each(["demo", "a/b", "..", "con", "Ä", "x".repeat(300), "a.b", "DEMO"])(
  "any session name has a history of its own: %s",
  async (session) => {
    const { open, store } = workbench();
    for (const other of ["demo", "a/b", "..", "con", "Ä", "x".repeat(300), "a.b", "DEMO"]) {
      const checkpoints = await open({ session: other });
      await checkpoints.makeSnapshot(other);
      await checkpoints.close();
    }
    const checkpoints = await open({ session });
    expect(checkpoints.session).toBe(session);
    expect((await checkpoints.listSnapshots()).map(({ turnId }) => turnId)).toEqual([session]);
    expect(readdirSync(join(store, "..")).toSorted()).toEqual(["store", "work"]);
  },
);

it("P9 a workspace that is unplugged keeps its history", async () => {
  const { open, work, at } = workbench();
  const checkpoints = await open();
  writeFileSync(at("a"), "one");
  const before = await checkpoints.makeSnapshot("turn");
  await checkpoints.trackBeforeEdit(at("a"), "turn");
  writeFileSync(at("a"), "two");
  await checkpoints.recordAfterEdit(at("a"));
  await checkpoints.close();
  renameSync(work, `${work}-unplugged`);
  const without = await open();
  await without.makeSnapshot("turn");
  expect(await without.restoreToSnapshot(before.id)).toMatchObject({
    complete: false,
    paths: [{ ok: false }],
  });
  await expect(without.trackBeforeEdit(at("a"), "turn")).rejects.toMatchObject({
    code: "ENOENT",
    path: at("a"),
    message: expect.stringContaining(`its root "${work}" cannot be opened`) as string,
  });
  await without.prune();
  await without.close();
  renameSync(`${work}-unplugged`, work);
  const again = await open();
  expect(await again.restoreToSnapshot(before.id)).toMatchObject({ complete: true });
});

it("P10 what a turn costs does not depend on the tree: nothing is read but what was tracked", async () => {
  const { open, at } = workbench();
  for (const dir of ["x", "y", "z"]) {
    mkdirSync(at(dir));
    for (let i = 0; i < 50; i++) writeFileSync(at(`${dir}/${i}`), "");
  }
  const fs = await import("node:fs");
  const read: string[] = [];
  const watched = new Proxy(fs.promises, {
    get(target, name) {
      const method = Reflect.get(target, name) as unknown;
      if (typeof method !== "function") return method;
      return (...args: unknown[]) => {
        read.push(String(args[0]));
        return Reflect.apply(method, target, args) as unknown;
      };
    },
  });
  const checkpoints = await open({ fileSystem: { ...fs, promises: watched } });
  await checkpoints.trackBeforeEdit(at("x/1"), "turn");
  await checkpoints.makeSnapshot("turn");
  await checkpoints.close();
  expect(read.length).toBeGreaterThan(10);
  expect(read.filter((path) => /\/[xyz]\/(?!1$)\d+$/.test(path))).toEqual([]);
});

it("a restore is found again in the list, to be undone by another process", async () => {
  const { open, at } = workbench();
  const checkpoints = await open();
  const { id } = await checkpoints.makeSnapshot("turn", { label: "first" });
  await checkpoints.trackBeforeEdit(at("a"), "turn");
  writeFileSync(at("a"), "ours");
  await checkpoints.recordAfterEdit(at("a"));
  const { restoreId } = await checkpoints.restoreToSnapshot(id);
  await checkpoints.close();
  const again = await open();
  const [first, before] = await again.listSnapshots();
  expect(first).toMatchObject({ id, label: "first", kind: "turn", restoreId: undefined });
  expect(before).toMatchObject({ turnId: "turn", kind: "restore", restoreId });
  expect(restoreId).toMatch(/./);
  expect(await again.undoRestore(before!.restoreId!)).toMatchObject({ complete: true });
  expect(readFileSync(at("a"), "utf8")).toBe("ours");
});

it("paths may be URLs, and relative to the working directory", async () => {
  const { open, at } = workbench();
  const checkpoints = await open({ roots: [pathToFileURL(at("."))] });
  writeFileSync(at("a"), "one");
  expect(await checkpoints.trackBeforeEdit(pathToFileURL(at("a")), "turn")).toMatchObject({
    path: at("a"),
    state: { kind: "file" },
  });
});

it("after close() everything is refused, and closing again does nothing", async () => {
  const { open, at } = workbench();
  const checkpoints = await open();
  const { id } = await checkpoints.makeSnapshot("turn");
  await Promise.all([checkpoints.close(), checkpoints.close()]);
  const closed = expect.objectContaining({ code: "ERR_CLOSED", effect: "none" }) as Error;
  for (const call of [
    () => checkpoints.trackBeforeEdit(at("a"), "turn"),
    () => checkpoints.recordAfterEdit(at("a")),
    () => checkpoints.makeSnapshot("turn"),
    () => checkpoints.listSnapshots(),
    () => checkpoints.diffSnapshot(id),
    () => checkpoints.restoreToSnapshot(id),
    () => checkpoints.undoRestore(id),
    () => checkpoints.resume(),
    () => checkpoints.rollback(),
    () => checkpoints.prune(),
    () => checkpoints.pin(id),
    () => checkpoints.unpin(id),
  ]) {
    await expect(call()).rejects.toEqual(closed);
  }
});

it("what there is not is ERR_CHECKPOINT_UNKNOWN", async () => {
  const { open } = workbench();
  const checkpoints = await open();
  const { id } = await checkpoints.makeSnapshot("turn");
  for (const call of [
    () => checkpoints.restoreToSnapshot("none"),
    () => checkpoints.diffSnapshot("none"),
    () => checkpoints.diffSnapshot(id, { against: "none" }),
    () => checkpoints.undoRestore("none"),
    () => checkpoints.resume(),
    () => checkpoints.rollback(),
    () => checkpoints.pin("none"),
    () => checkpoints.unpin("none"),
  ]) {
    await expect(call()).rejects.toMatchObject({ code: "ERR_CHECKPOINT_UNKNOWN", effect: "none" });
  }
});

it.each([
  [{ store: "" }, "RangeError"],
  [{ store: 1 }, "TypeError"],
  [{ roots: [] }, "RangeError"],
  [{ roots: "work" }, "TypeError"],
  [{ session: "" }, "RangeError"],
  [{ session: undefined }, "TypeError"],
  [{ exclude: "x" }, "TypeError"],
  [{ limits: { maxSnapshots: 0 } }, "RangeError"],
  [{ limits: { maxAgeMs: -1 } }, "RangeError"],
  [{ limits: { maxPaths: "1" } }, "TypeError"],
  [{ limits: { maxFiles: 1 } }, "TypeError"],
  [{ retention: "never" }, "TypeError"],
  [{ lockTimeoutMs: -1 }, "RangeError"],
  [{ signal: 1 }, "TypeError"],
  [{ sesion: "x" }, "TypeError"],
])("misuse is refused before anything is made: %o", async (wrong, name) => {
  const { work, store } = workbench();
  const options = { store, roots: [work], session: "demo", ...wrong } as CheckpointOptions;
  const error: unknown = await openCheckpoints(options).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ code: "ERR_INVALID_ARG" });
  expect(error).toBeInstanceOf(name === "RangeError" ? RangeError : TypeError);
  expect(readdirSync(join(work, ".."))).toEqual(["work"]);
});

it("misuse of the methods is refused", async () => {
  const { open, at } = workbench();
  const checkpoints = await open();
  const { id } = await checkpoints.makeSnapshot("turn");
  for (const call of [
    () => checkpoints.trackBeforeEdit("", "turn"),
    () => checkpoints.trackBeforeEdit(at("a"), ""),
    () => checkpoints.trackBeforeEdit(at("a"), 1 as never),
    () => checkpoints.trackBeforeEdit(at("a"), "turn", { signl: 1 } as never),
    () => checkpoints.recordAfterEdit(at("a"), { content: 1 as never }),
    () => checkpoints.makeSnapshot("turn", { label: "x".repeat(1001) }),
    () => checkpoints.restoreToSnapshot(id, { onConflict: "ask" as never }),
    () => checkpoints.restoreToSnapshot(id, { paths: at("a") as never }),
    () => checkpoints.restoreToSnapshot(id, { dryRun: 1 as never }),
    () => checkpoints.diffSnapshot(id, { against: 1 as never }),
  ]) {
    await expect(call()).rejects.toMatchObject({ code: "ERR_INVALID_ARG" });
  }
});
