import { execFileSync } from "node:child_process";
import fs from "node:fs";
import { join } from "node:path";
import { PassThrough, Writable } from "node:stream";
import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import {
  asynchronous,
  forms,
  formsByIdentity,
  ground,
  openDescriptors,
} from "../read/support/roots.ts";

const text = (...path: string[]): string => fs.readFileSync(join(...path), "utf8");

describe.each([...forms, ...formsByIdentity])("copyOut, $name", ({ open, sync }) => {
  it("writes a path or URL outside as a whole", async () => {
    const { inside, outside } = ground();
    fs.writeFileSync(join(inside, "f"), "content");
    fs.writeFileSync(join(outside, "old"), "old");
    const { call } = await open(inside);
    const before = openDescriptors();
    expect(await call("copyOut", "f", join(outside, "new"))).toEqual({ bytes: 7 });
    await call("copyOut", "f", pathToFileURL(join(outside, "old")));
    expect(openDescriptors()).toBe(before);
    expect(text(outside, "new") + text(outside, "old")).toBe("contentcontent");
    expect(fs.readdirSync(outside)).toEqual(["new", "old"]);
    const options = { overwrite: false };
    await expect(call("copyOut", "f", join(outside, "old"), options)).rejects.toMatchObject({
      code: "EEXIST",
      effect: "none",
    });
    await expect(call("copyOut", "f", join(outside, "d/e"))).rejects.toMatchObject({
      code: "ENOENT",
    });
    await call("copyOut", "f", join(outside, "d/e"), { create: true });
    expect(text(outside, "d/e")).toBe("content");
  });

  it.each([
    ["missing", {}, "ENOENT"],
    ["dir", {}, "EISDIR"],
    ["pipe", {}, "ERR_NOT_FILE"],
    ["out", {}, "ERR_PATH_ESCAPES"],
    ["secret", {}, "ERR_DENIED"],
    ["f", { maxReadBytes: 6 }, "ERR_TOO_LARGE"],
  ])("gives nothing of %s with %o: %s", async (path, options, code) => {
    const { inside, outside } = ground();
    fs.mkdirSync(join(inside, "dir"));
    fs.writeFileSync(join(inside, "f"), "content");
    fs.writeFileSync(join(inside, "secret"), "secret");
    fs.symlinkSync("../outside", join(inside, "out"));
    execFileSync("mkfifo", [join(inside, "pipe")]);
    const { call } = await open(inside, { deny: { read: ["secret"] } });
    const before = openDescriptors();
    await expect(call("copyOut", path, join(outside, "x"), options)).rejects.toMatchObject({
      code,
      effect: "none",
    });
    expect(openDescriptors()).toBe(before);
    expect(fs.readdirSync(outside)).toEqual([]);
    if (sync) return;
    const stream = new PassThrough();
    await expect(call("copyOut", path, stream, options)).rejects.toMatchObject({ code });
    // It may still have to carry the news: an HTTP response, say.
    expect(stream.destroyed).toBe(false);
    expect(stream.readableLength).toBe(0);
  });

  it.each([["relative"], [undefined], [{}], [7]])("takes no %j", async (destination) => {
    const { inside } = ground();
    fs.writeFileSync(join(inside, "f"), "");
    const { call } = await open(inside);
    await expect(call("copyOut", "f", destination)).rejects.toMatchObject({
      code: "ERR_INVALID_ARG",
    });
  });

  it.runIf(sync)("takes no stream", async () => {
    const { inside } = ground();
    const { call } = await open(inside);
    await expect(call("copyOut", "f", new PassThrough())).rejects.toMatchObject({
      code: "ERR_INVALID_ARG",
    });
  });
});

describe("copyOut into a stream", () => {
  const big = Buffer.alloc(1_000_000, "0123456789");

  it("gives all of it, piece by piece when the one before was taken, and ends it", async () => {
    const { inside } = ground();
    fs.writeFileSync(join(inside, "f"), big);
    const { call } = await asynchronous.open(inside);
    const pieces: Buffer[] = [];
    let atOnce = 0;
    let ended = 0;
    const stream = new Writable({
      highWaterMark: 1,
      write(piece: Buffer, _encoding, done) {
        expect(++atOnce).toBe(1);
        pieces.push(piece);
        setImmediate(() => {
          atOnce--;
          done();
        });
      },
      final(done) {
        ended++;
        done();
      },
    });
    expect(await call("copyOut", "f", stream)).toEqual({ bytes: big.length });
    expect(ended).toBe(1);
    expect(pieces.length).toBeGreaterThan(2);
    expect(Buffer.concat(pieces).equals(big)).toBe(true);
  });

  const failing = (): Writable =>
    new Writable({
      write(_piece, _encoding, done) {
        done(new Error("full"));
      },
    });
  const closing = (): Writable =>
    new Writable({
      write() {
        this.destroy(); // and never says that it has taken it
      },
    });
  const destroyed = (): Writable => new PassThrough().destroy();
  const ended = (): Writable => new PassThrough().end();

  it.each([
    ["fails", failing],
    ["is closed", closing],
    ["was destroyed", destroyed],
    ["was ended", ended],
  ])("fails where the stream %s", async (_what, make) => {
    const { inside } = ground();
    fs.writeFileSync(join(inside, "f"), big);
    const { call } = await asynchronous.open(inside);
    const before = openDescriptors();
    const stream = make();
    let closed = 0;
    stream.on("close", () => closed++);
    await expect(call("copyOut", "f", stream)).rejects.toMatchObject({
      code: "ERR_CONTENT_SOURCE",
      effect: "partial",
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(openDescriptors()).toBe(before);
    expect(stream.destroyed).toBe(true);
    expect(closed).toBeLessThanOrEqual(1);
  });

  it("lets go of one that has stalled when its signal says so", async () => {
    const { inside } = ground();
    fs.writeFileSync(join(inside, "f"), big);
    const { call } = await asynchronous.open(inside);
    const abort = new AbortController();
    const stream = new Writable({ write: () => setImmediate(() => abort.abort()) });
    const before = openDescriptors();
    await expect(call("copyOut", "f", stream, { signal: abort.signal })).rejects.toMatchObject({
      code: "ABORT_ERR",
      effect: "partial",
    });
    expect(stream.destroyed).toBe(true);
    expect(openDescriptors()).toBe(before);
  });
});
