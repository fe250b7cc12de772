/** Clean-up: with its session, or by age where nobody has it open (S6). */

import {
  existsSync,
  mkdirSync,
  readdirSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { tempDir } from "../../../atomic/test/support/temp-dir.ts";
import { openSpillStore } from "../../src/index.ts";
import { linesOf, openStore, outputsIn, spilled, stagedIn, truncated } from "../support/stores.ts";

const limits = { maxBytes: 100, durable: false };
const text = linesOf(2000);
const longAgo = new Date(Date.now() - 1e9);
const closed = { code: "ERR_CLOSED" };

describe("endSession", () => {
  it("removes the session's files, and nothing else", async () => {
    const { store, dir } = await openStore(limits);
    const { store: other } = await openStore({ ...limits, root: dir, session: "s2" });
    await other.spill("x", text);
    await store.spill("x", text);
    await store.spill("y", text);
    writeFileSync(join(dir, "mine"), "");
    const ended = { ended: true, removedFiles: 2, removedBytes: 2 * text.length, keptFiles: 0 };
    expect(await store.endSession()).toEqual(ended);
    expect(readdirSync(dir).toSorted()).toEqual(["mine", "s2", "s2.lock.shared"]);
    expect(other.usage()).toMatchObject({ sessionBytes: text.length, storeBytes: text.length });
  });

  it("keeps what is pinned, unless it is told not to", async () => {
    const { store, dir } = await openStore(limits);
    const { ref, path } = spilled(await store.spill("x", text));
    await store.spill("y", text);
    expect(await store.pin(ref)).toBe(true);
    expect(await store.pin(ref)).toBe(true);
    expect(await store.resolve(ref)).toMatchObject({ status: "ok", pinned: true });
    expect(await store.endSession()).toMatchObject({ ended: true, removedFiles: 1, keptFiles: 1 });
    expect(existsSync(path)).toBe(true);
    const { store: again } = await openStore({ ...limits, root: dir });
    expect(await again.resolve(ref)).toMatchObject({ status: "ok", pinned: true });
    expect(await again.unpin(ref)).toBe(true);
    expect(await again.unpin(ref)).toBe(false);
    expect(await again.pin(ref)).toBe(true);
    expect(await again.endSession({ pinned: "remove" })).toMatchObject({
      removedFiles: 1,
      keptFiles: 0,
    });
    expect(readdirSync(dir)).toEqual([]);
  });

  it("leaves a session alone that another store has open; the last one removes it", async () => {
    const { store, dir } = await openStore(limits);
    const { store: second } = await openStore({ ...limits, root: dir });
    const { ref, path } = spilled(await store.spill("x", text));
    expect(await store.endSession()).toMatchObject({ ended: false, removedFiles: 0 });
    expect(existsSync(path)).toBe(true);
    expect(await second.resolve(ref)).toMatchObject({ status: "ok" });
    expect(await second.endSession()).toMatchObject({ ended: true, removedFiles: 1 });
    expect(readdirSync(dir)).toEqual([]);
  });

  it("leaves in a session what is not of our form", async () => {
    const { store, dir } = await openStore(limits);
    await store.spill("x", text);
    writeFileSync(join(dir, "s1", "notes.txt"), "mine");
    expect(await store.endSession()).toMatchObject({ ended: true, removedFiles: 1 });
    expect(readdirSync(join(dir, "s1"))).toEqual(["notes.txt"]);
  });

  it("aborts what is under way, also where its source has stalled", async () => {
    const { store, dir } = await openStore(limits);
    async function* stalled(): AsyncGenerator<string> {
      yield text;
      await new Promise(() => {});
    }
    const under = store.spill("x", stalled());
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await store.endSession()).toMatchObject({ ended: true });
    expect(truncated(await under)).toMatchObject({
      reason: "aborted",
      error: { code: "ABORT_ERR" },
    });
    expect(readdirSync(dir)).toEqual([]);
  });
});

describe("close", () => {
  it("leaves the files for when the session goes on", async () => {
    const { store, dir } = await openStore(limits);
    const { ref } = spilled(await store.spill("x", text));
    await store.close();
    await store.close();
    expect(readdirSync(dir)).toEqual(["s1"]);
    await using again = await openSpillStore({ ...limits, root: dir, session: "s1" });
    expect(await again.resolve(ref)).toMatchObject({ status: "ok" });
  });

  it("waits for what is under way", async () => {
    const { store } = await openStore(limits);
    let go = (): void => {};
    const waits = new Promise<void>((resolve) => (go = resolve));
    async function* slow(): AsyncGenerator<string> {
      yield text;
      await waits;
      yield text;
    }
    const under = store.spill("x", slow());
    const closing = store.close();
    go();
    expect(spilled(await under).bytes).toBe(2 * text.length);
    await closing;
  });

  it("after it, spill has a result, and the others reject", async () => {
    const { store, dir } = await openStore(limits);
    await store.close();
    expect((await store.spill("x", "small")).content).toBe("small");
    const late = truncated(await store.spill("x", text));
    expect(late).toMatchObject({ reason: "closed", error: { code: "ERR_CLOSED", leftovers: [] } });
    let ended = false;
    function* pieces(): Generator<string> {
      try {
        for (;;) yield text;
      } finally {
        ended = true;
      }
    }
    expect(truncated(await store.spill("x", pieces())).reason).toBe("closed");
    expect(ended).toBe(true);
    await expect(store.resolve("x")).rejects.toMatchObject(closed);
    await expect(store.read("x")).rejects.toMatchObject(closed);
    await expect(store.pin("x")).rejects.toMatchObject(closed);
    await expect(store.sweep({ maxAgeMs: 0 })).rejects.toMatchObject(closed);
    await expect(store.endSession()).rejects.toMatchObject(closed);
    expect(outputsIn(dir)).toEqual([]);
  });
});

describe("S6 sweep", () => {
  it("removes what is old in sessions that nobody has open, and nothing of a live one", async () => {
    const { store, dir } = await openStore(limits);
    const { store: live } = await openStore({ ...limits, root: dir, session: "live" });
    const { store: over } = await openStore({ ...limits, root: dir, session: "over" });
    const paths: Record<string, string> = {};
    for (const [name, one] of Object.entries({ own: store, live, over })) {
      paths[name] = spilled(await one.spill("x", text)).path;
      utimesSync(paths[name], longAgo, longAgo);
    }
    paths["young"] = spilled(await over.spill("young", text)).path;
    const { ref, path } = spilled(await over.spill("pinned", text));
    await over.pin(ref);
    utimesSync(path, longAgo, longAgo);
    const touched = spilled(await over.spill("touched", text));
    utimesSync(touched.path, longAgo, longAgo);
    expect(await over.touch(touched.ref)).toBe(true);
    await over.close();
    writeFileSync(join(dir, "over", ".spill", `${"0".repeat(32)}.part`), "left by a crash");
    expect(await store.sweep({ maxAgeMs: 1e8 })).toEqual({
      removedFiles: 1,
      removedBytes: text.length,
      liveSessions: ["live"],
    });
    expect(existsSync(paths["own"]!)).toBe(true);
    expect(existsSync(paths["live"]!)).toBe(true);
    expect(existsSync(paths["over"]!)).toBe(false);
    expect(existsSync(paths["young"]!)).toBe(true);
    expect(existsSync(path)).toBe(true);
    expect(existsSync(touched.path)).toBe(true);
    expect(stagedIn(dir, "over")).toHaveLength(1); // the pin
    await store.spill("z", text);
    expect(store.usage().storeBytes).toBe(6 * text.length);
  });

  it("looks at sessions of stores alone, and follows no links", async () => {
    const { store, dir } = await openStore(limits);
    const outside = tempDir();
    const old = (path: string): string => {
      writeFileSync(path, "precious");
      utimesSync(path, longAgo, longAgo);
      return path;
    };
    mkdirSync(join(dir, "project"));
    mkdirSync(join(outside, ".spill"));
    const kept = [
      old(join(dir, "project", "main-01234567.txt")),
      old(join(outside, "main-01234567.txt")),
      old(join(outside, ".spill", `${"0".repeat(32)}.part`)),
    ];
    symlinkSync(outside, join(dir, "linked"));
    mkdirSync(join(dir, "half"));
    symlinkSync(join(outside, ".spill"), join(dir, "half", ".spill"));
    expect(await store.sweep({ maxAgeMs: 0 })).toMatchObject({ removedFiles: 0 });
    expect(kept.filter((path) => !existsSync(path))).toEqual([]);
  });
});

describe("opening", () => {
  it("removes what a killed process was writing, if nobody else has the session open", async () => {
    const { store, dir } = await openStore(limits);
    const left = join(dir, "s1", ".spill", `${"0".repeat(32)}.part`);
    writeFileSync(left, text);
    const { store: second } = await openStore({ ...limits, root: dir });
    expect(existsSync(left)).toBe(true); // it may be just being written
    expect(second.usage().sessionBytes).toBe(text.length);
    await second.close();
    await store.close();
    const { store: third } = await openStore({ ...limits, root: dir });
    expect(existsSync(left)).toBe(false);
    expect(third.usage().sessionBytes).toBe(0);
  });

  it("refuses a directory that is somebody else's", async () => {
    const dir = tempDir();
    mkdirSync(join(dir, "src"));
    writeFileSync(join(dir, "src", "main-01234567.txt"), "precious");
    await expect(openSpillStore({ root: dir, session: "src" })).rejects.toMatchObject({
      code: "EEXIST",
      op: "openSpillStore",
    });
    expect(readdirSync(dir, { recursive: true, encoding: "utf8" }).toSorted()).toEqual([
      "src",
      "src/main-01234567.txt",
    ]);
  });

  it("in a Root, and by a file: URL", async () => {
    const { openRoot } = await import("@holdfast/root");
    const { pathToFileURL } = await import("node:url");
    const dir = tempDir();
    await using root = await openRoot(dir);
    await using inRoot = await openSpillStore({ ...limits, root, session: "r" });
    const one = spilled(await inRoot.spill("x", text));
    expect(one.path).toBe(`r/${outputsIn(dir, "r")[0]}`);
    await using byUrl = await openSpillStore({ ...limits, root: pathToFileURL(dir), session: "r" });
    expect((await byUrl.resolve(one.ref)).status).toBe("ok");
    expect(await inRoot.endSession()).toMatchObject({ ended: false });
    await expect(openSpillStore({ root, session: "r", fileSystem: {} })).rejects.toMatchObject({
      code: "ERR_INVALID_ARG",
    });
  });
});
