import { execFileSync } from "node:child_process";
import fs from "node:fs";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { forms, formsByIdentity, ground, openDescriptors } from "../read/support/roots.ts";

const text = (...path: string[]): string => fs.readFileSync(join(...path), "utf8");

describe.each([...forms, ...formsByIdentity])("copyIn, $name", ({ open, sync }) => {
  it("takes a path, a URL, bytes and an iterable", async () => {
    const { inside, outside } = ground();
    const source = join(outside, "source");
    fs.writeFileSync(source, "from outside");
    const { call } = await open(inside);
    const before = openDescriptors();
    const receipt = await call("copyIn", source, "a");
    expect(receipt).toMatchObject({ path: "a", bytes: 12, created: true });
    await call("copyIn", pathToFileURL(source), "b", { mode: 0o600 });
    await call("copyIn", Buffer.from("bytes"), "c");
    await call("copyIn", ["one ", Buffer.from("two")], "d/e", { create: true });
    expect(openDescriptors()).toBe(before);
    expect(["a", "b", "c", "d/e"].map((path) => text(inside, path))).toEqual(
      "from outside|from outside|bytes|one two".split("|"),
    );
    expect(fs.statSync(join(inside, "b")).mode & 0o777).toBe(0o600);
  });

  it("replaces, or with overwrite: false does not", async () => {
    const { inside } = ground();
    fs.writeFileSync(join(inside, "f"), "old");
    const { call } = await open(inside);
    const options = { overwrite: false };
    await expect(call("copyIn", Buffer.from("new"), "f", options)).rejects.toMatchObject({
      code: "EEXIST",
      effect: "none",
    });
    expect(text(inside, "f")).toBe("old");
    await call("copyIn", Buffer.from("new"), "f");
    expect(text(inside, "f")).toBe("new");
  });

  it("puts nothing in place of what is more than maxReadBytes", async () => {
    const { inside, outside } = ground();
    const source = join(outside, "source");
    fs.writeFileSync(source, "12345");
    const { call } = await open(inside, { maxReadBytes: 4 });
    const endless = function* (): Generator<Buffer> {
      for (;;) yield Buffer.from("123");
    };
    const before = openDescriptors();
    for (const content of [source, Buffer.from("12345"), endless()]) {
      await expect(call("copyIn", content, "f")).rejects.toMatchObject({
        code: "ERR_TOO_LARGE",
        effect: "none",
        leftovers: [],
      });
    }
    expect(openDescriptors()).toBe(before);
    expect(fs.readdirSync(inside)).toEqual([]);
    await call("copyIn", Buffer.from("1234"), "f");
    await call("copyIn", source, "g", { maxReadBytes: 5 });
    expect(fs.readdirSync(inside)).toEqual(["f", "g"]);
  });

  it.runIf(fs.existsSync("/proc/self/status"))(
    "counts what a file gives, not what it says",
    async () => {
      const { inside } = ground();
      const { call } = await open(inside);
      await call("copyIn", "/proc/self/status", "f");
      expect(text(inside, "f")).toContain("Umask:");
      await expect(
        call("copyIn", "/proc/self/status", "g", { maxReadBytes: 100 }),
      ).rejects.toMatchObject({ code: "ERR_TOO_LARGE", effect: "none" });
      expect(fs.readdirSync(inside)).toEqual(["f"]);
    },
  );

  it.each([
    ["a FIFO", "pipe", "ERR_NOT_FILE"],
    ["a directory", ".", "EISDIR"],
    ["nothing", "missing", "ENOENT"],
  ])("refuses %s, without waiting", async (_what, name, code) => {
    const { inside, outside } = ground();
    execFileSync("mkfifo", [join(outside, "pipe")]);
    const { call } = await open(inside);
    const before = openDescriptors();
    await expect(call("copyIn", join(outside, name), "f")).rejects.toMatchObject({
      code,
      effect: "none",
    });
    await expect(call("copyIn", "/dev/null", "f")).rejects.toMatchObject({ code: "ERR_NOT_FILE" });
    expect(openDescriptors()).toBe(before);
    expect(fs.readdirSync(inside)).toEqual([]);
  });

  it.each([["relative"], ["/a\0b"], [undefined], [{}], [7]])("takes no %j", async (source) => {
    const { inside } = ground();
    const { call } = await open(inside);
    await expect(call("copyIn", source, "f")).rejects.toMatchObject({ code: "ERR_INVALID_ARG" });
  });

  it("writes nothing outside", async () => {
    const { inside, outside } = ground();
    fs.symlinkSync(join(outside, "x"), join(inside, "out"));
    const { call } = await open(inside, { deny: { write: ["shut"] } });
    const refusals = {
      "../outside/x": "ERR_PATH_ESCAPES",
      out: "ERR_PATH_ESCAPES",
      shut: "ERR_DENIED",
    };
    for (const [path, code] of Object.entries(refusals)) {
      await expect(call("copyIn", Buffer.from("x"), path)).rejects.toMatchObject({ code });
    }
    expect(fs.readdirSync(outside)).toEqual([]);
  });

  it.runIf(!sync)("takes a stream, and destroys one that it does not read to its end", async () => {
    const { inside } = ground();
    const { call } = await open(inside, { maxReadBytes: 10 });
    await call("copyIn", Readable.from(["12345", "67890"]), "f");
    expect(text(inside, "f")).toBe("1234567890");
    const long = Readable.from(["12345", "67890", "1"]);
    await expect(call("copyIn", long, "g")).rejects.toMatchObject({ code: "ERR_TOO_LARGE" });
    const lost = new PassThrough();
    await expect(call("copyIn", lost, "missing/g")).rejects.toMatchObject({ code: "ENOENT" });
    const failing = new PassThrough();
    const failed = call("copyIn", failing, "g");
    failing.write("12");
    failing.destroy(new Error("line cut"));
    await expect(failed).rejects.toMatchObject({ code: "ERR_CONTENT_SOURCE", effect: "none" });
    const abort = new AbortController();
    const stalled = new PassThrough();
    const waiting = call("copyIn", stalled, "g", { signal: abort.signal });
    stalled.write("12");
    setImmediate(() => abort.abort());
    await expect(waiting).rejects.toMatchObject({ code: "ABORT_ERR", effect: "none" });
    for (const stream of [long, lost, stalled]) expect(stream.destroyed).toBe(true);
    expect(fs.readdirSync(inside)).toEqual(["f"]);
  });

  it.runIf(!sync)("destroys a stream whose turn does not come", async () => {
    const { inside } = ground();
    const { call } = await open(inside);
    const first = new PassThrough();
    const under = call("copyIn", first, "f");
    const abort = new AbortController();
    const second = new PassThrough();
    const behind = call("copyIn", second, "f", { signal: abort.signal });
    await new Promise((resolve) => setImmediate(resolve));
    abort.abort();
    await expect(behind).rejects.toMatchObject({ code: "ABORT_ERR" });
    expect(second.destroyed).toBe(true);
    first.end("first");
    await under;
    expect(text(inside, "f")).toBe("first");
  });
});
