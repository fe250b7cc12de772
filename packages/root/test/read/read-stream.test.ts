import fs from "node:fs";
import { linkSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { join } from "node:path";
import { buffer, text } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import { spawnSync } from "node:child_process";
import { needs } from "../../../atomic/test/support/needs.ts";
import { isHoldfastError, type AuditEvent } from "../../src/index.ts";
import { asynchronous, formsByIdentity, ground, openDescriptors } from "./support/roots.ts";

const long = Buffer.alloc(300_000, "0123456789");

function furnished(): ReturnType<typeof ground> {
  const places = ground();
  const { inside, outside } = places;
  mkdirSync(join(inside, "d"));
  writeFileSync(join(inside, "d/long"), long);
  writeFileSync(join(inside, "text"), "caf\u00e9");
  writeFileSync(join(outside, "file"), "outside");
  symlinkSync("d/long", join(inside, "link"));
  symlinkSync("../outside/file", join(inside, "out"));
  return places;
}

const injected = { fileSystem: { ...fs } as never };
const kinds = [
  { name: "raw descriptors", form: asynchronous, options: {} },
  { name: "injected", form: asynchronous, options: injected },
  { name: "identity", form: formsByIdentity[0]!, options: {} },
];

describe.runIf(needs("linux")).each(kinds)("$name", ({ form, options }) => {
  it("is Node's stream: content, events, path, bytes read", async () => {
    const { root } = await form.open(furnished().inside, options);
    const before = openDescriptors();
    const stream = root.createReadStream("link");
    expect(stream).toBeInstanceOf(fs.ReadStream);
    expect(stream.path).toBe("link");
    const events: string[] = [];
    for (const event of ["open", "ready", "end", "close"])
      stream.on(event, () => events.push(event));
    const [fd] = await once(stream, "open");
    expect(fd).toBeTypeOf("number");
    expect((await buffer(stream)).equals(long)).toBe(true);
    await closed(stream);
    expect(events).toEqual(["open", "ready", "end", "close"]);
    expect(stream.bytesRead).toBe(long.length);
    expect(openDescriptors()).toBe(before);
  });

  it("ranges, encodings and pieces are Node's", async () => {
    const { root } = await form.open(furnished().inside, options);
    for (const [start, end] of [
      [5, 14],
      [0, 0],
      [299_999, undefined],
      [undefined, 3],
      [400_000, undefined],
    ]) {
      const stream = root.createReadStream("d/long", { start, end });
      expect((await buffer(stream)).toString()).toBe(
        long.subarray(start ?? 0, end === undefined ? undefined : end + 1).toString(),
      );
    }
    expect(await text(root.createReadStream("text", "utf8"))).toBe("caf\u00e9");
    const pieces = [];
    const stream = root.createReadStream("text", { encoding: "utf8", highWaterMark: 1 });
    for await (const piece of stream) pieces.push(piece);
    expect(pieces).toEqual(["c", "a", "f", "\u00e9"]);
    expect(await text(root.createReadStream(Buffer.from("text")))).toBe("caf\u00e9");
  });

  it("fails with our errors, as events, and leaves nothing open", async () => {
    const { inside, outside } = furnished();
    linkSync(join(outside, "file"), join(inside, "alias"));
    expect(spawnSync("mkfifo", [join(inside, "fifo")]).status).toBe(0);
    await new Promise((resolve) => setTimeout(resolve, 60));
    const { root } = await form.open(inside, { ...options, deny: { read: ["text"] } });
    const before = openDescriptors();
    for (const [path, code] of Object.entries({
      missing: "ENOENT",
      d: "EISDIR",
      "text/": "ERR_DENIED",
      "d/long/": "ENOTDIR",
      out: "ERR_PATH_ESCAPES",
      "../outside/file": "ERR_PATH_ESCAPES",
      alias: "ERR_HARDLINK",
      fifo: "ERR_NOT_FILE",
      text: "ERR_DENIED",
      "a\0b": "ERR_PATH_INVALID",
      "": "ERR_PATH_INVALID",
    })) {
      const stream = root.createReadStream(path);
      const [error] = await once(stream, "error");
      expect(isHoldfastError(error)).toBe(true);
      expect(error).toMatchObject({ code, path, op: "createReadStream", effect: "none" });
      await closed(stream);
    }
    expect(openDescriptors()).toBe(before);
  });

  it("can be destroyed and aborted at any time", async () => {
    const { root } = await form.open(furnished().inside, options);
    const before = openDescriptors();
    const early = root.createReadStream("d/long");
    early.destroy();
    await closed(early);
    const later = root.createReadStream("d/long");
    await once(later, "readable");
    later.destroy();
    await closed(later);
    for (const when of ["before", "opening", "reading"]) {
      for (const path of ["d/long", "missing"]) {
        if (when === "reading" && path === "missing") continue;
        const controller = new AbortController();
        if (when === "before") controller.abort("no");
        const stream = root.createReadStream(path, { signal: controller.signal });
        if (when === "reading") await once(stream, "readable");
        controller.abort("no");
        const [error] = await once(stream, "error");
        expect(error).toMatchObject({ code: "ABORT_ERR", name: "AbortError", path, cause: "no" });
        expect(isHoldfastError(error)).toBe(true);
        await closed(stream);
      }
    }
    expect(openDescriptors()).toBe(before);
  });
});

async function closed(stream: fs.ReadStream): Promise<void> {
  if (!stream.closed) await once(stream, "close");
}

describe.runIf(needs("linux"))("a stream of a root", () => {
  it("reads what it opened, also when the root is closed and the name is another's", async () => {
    const { inside, outside } = furnished();
    const { root } = await asynchronous.open(inside);
    const stream = root.createReadStream("d/long", { highWaterMark: 4096 });
    await once(stream, "open");
    renameSync(join(inside, "d/long"), join(inside, "d/moved"));
    symlinkSync(join(outside, "file"), join(inside, "d/long"));
    await root.close();
    expect((await buffer(stream)).equals(long)).toBe(true);
    const [error] = await once(root.createReadStream("text"), "error");
    expect(error).toMatchObject({ code: "ERR_CLOSED" });
  });

  it("does not keep the program's signal", async () => {
    const { root } = await asynchronous.open(furnished().inside);
    const controller = new AbortController();
    const { signal } = controller;
    const listened: string[] = [];
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = ((...args: Parameters<typeof add>) => {
      listened.push("add");
      add(...args);
    }) as never;
    signal.removeEventListener = ((...args: Parameters<typeof remove>) => {
      listened.push("remove");
      remove(...args);
    }) as never;
    const stream = root.createReadStream("text", { signal });
    await text(stream);
    await closed(stream);
    expect(listened).toEqual(["add", "remove"]);
  });

  it("bad arguments are errors of the program, at once; other people's descriptors are not taken", async () => {
    const { root } = await asynchronous.open(furnished().inside);
    for (const options of [
      { start: -1 },
      { start: "1" },
      { start: 2, end: 1 },
      { end: 1.5 },
      { highWaterMark: -1 },
      { encoding: "klingon" },
      { signal: {} },
    ]) {
      expect(() => root.createReadStream("text", options)).toThrow(
        expect.objectContaining({ code: "ERR_INVALID_ARG" }),
      );
    }
    expect(() => root.createReadStream(7)).toThrow(TypeError);
    expect(await text(root.createReadStream("text", { fd: 0, fs: {}, flags: "w" }))).toBe(
      "caf\u00e9",
    );
  });

  it("audit is told when it is opened", async () => {
    const events: AuditEvent[] = [];
    const audit = (event: AuditEvent): void => void events.push(event);
    const { root } = await asynchronous.open(furnished().inside, { audit });
    await text(root.createReadStream("text"));
    expect(events).toMatchObject([{ method: "createReadStream", path: "text", result: "ok" }]);
  });
});
