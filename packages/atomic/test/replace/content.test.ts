import { readFileSync, readdirSync, writeFileSync, existsSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { replaceFileAtomic, replaceFileAtomicSync, type FileContent } from "../../src/index.ts";
import { faultyFileSystem } from "../support/faulty-file-system.ts";
import { tempDir } from "../support/temp-dir.ts";
import { failureOf, forms, stagedIn } from "./forms.ts";

// A backing buffer larger than each view, with other bytes around it: a view is a range of bytes.
const backing = (): ArrayBuffer => Uint8Array.from({ length: 64 }, (_, at) => at + 1).buffer;
const views: readonly (readonly [string, ArrayBufferView])[] = [
  ["Int8Array", new Int8Array(backing(), 3, 5)],
  ["Uint8Array", new Uint8Array(backing(), 3, 5)],
  ["Uint8ClampedArray", new Uint8ClampedArray(backing(), 3, 5)],
  ["Int16Array", new Int16Array(backing(), 2, 5)],
  ["Uint16Array", new Uint16Array(backing(), 2, 4)],
  ["Int32Array", new Int32Array(backing(), 4, 3)],
  ["Uint32Array", new Uint32Array(backing(), 4, 3)],
  ["Float32Array", new Float32Array(backing(), 4, 3)],
  ["Float64Array", new Float64Array(backing(), 8, 2)],
  ["BigInt64Array", new BigInt64Array(backing(), 8, 2)],
  ["BigUint64Array", new BigUint64Array(backing(), 8, 2)],
  ["DataView", new DataView(backing(), 5, 7)],
  ["Buffer", Buffer.from(backing(), 1, 9)],
  ["an empty view", new Uint8Array(backing(), 3, 0)],
];

const strings: readonly (readonly [string, string])[] = [
  ["ASCII", "hello\n"],
  ["empty", ""],
  ["two, three and four bytes per character", "ä€😀\0\r\n"],
  ["longer than one write of gathered pieces", "0123456789abcdef".repeat(20_000)],
];

function* pieces(): Generator<string | Uint8Array> {
  yield "ä";
  yield "";
  yield Buffer.from("€");
  yield new Uint16Array([0x4141]) as unknown as Uint8Array;
}
const piecesBytes = Buffer.from("ä€AA");

describe.each(forms)("the content, $form", ({ form, replace, create }) => {
  describe.each([
    ["a new file", undefined],
    ["a shorter file", ""],
    ["a longer file", "x".repeat(500_000)],
  ] as const)("over %s", (_, before) => {
    it.each(strings)("A1: a string: %s", async (_name, content) => {
      const filePath = join(tempDir(), "file");
      if (before !== undefined) writeFileSync(filePath, before);
      const receipt = await replace({ filePath, content });
      expect(readFileSync(filePath).equals(Buffer.from(content))).toBe(true);
      expect(receipt.bytes).toBe(Buffer.byteLength(content));
      expect(receipt.created).toBe(before === undefined);
      expect(readdirSync(join(filePath, "..")).toSorted()).toEqual(["file"]);
    });

    it.each(views)("A1: %s: exactly the bytes that it covers", async (_name, content) => {
      const filePath = join(tempDir(), "file");
      if (before !== undefined) writeFileSync(filePath, before);
      const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
      const receipt = await replace({ filePath, content: content as NodeJS.ArrayBufferView });
      expect(readFileSync(filePath).equals(bytes)).toBe(true);
      expect(receipt.bytes).toBe(content.byteLength);
      expect(readdirSync(join(filePath, "..")).toSorted()).toEqual(["file"]);
    });

    it("A1: an iterable of strings and views", async () => {
      const filePath = join(tempDir(), "file");
      if (before !== undefined) writeFileSync(filePath, before);
      const receipt = await replace({ filePath, content: pieces() });
      expect(readFileSync(filePath).equals(piecesBytes)).toBe(true);
      expect(receipt.bytes).toBe(piecesBytes.byteLength);
    });
  });

  it("A1: created without anything of that name before", async () => {
    const filePath = join(tempDir(), "file");
    await create({ filePath, content: new Uint16Array([0x4241, 0x4443]) });
    expect(readFileSync(filePath, "latin1")).toBe("ABCD");
    expect(readdirSync(join(filePath, "..")).toSorted()).toEqual(["file"]);
  });

  it("A1: missing parents are made, and each is flushed into its own parent", async () => {
    const dir = tempDir();
    const filePath = join(dir, "a", "b", "c", "file");
    const { fileSystem, calls } = faultyFileSystem();
    await replace({ filePath, content: "x", fileSystem });
    expect(readFileSync(filePath, "utf8")).toBe("x");
    const at = (call: string): number => calls.indexOf(call);
    for (const [parent, made] of [
      [dir, "a"],
      [join(dir, "a"), "b"],
      [join(dir, "a", "b"), "c"],
    ] as const) {
      const mkdir = calls.lastIndexOf(`mkdir ${join(parent, made)}`);
      expect(mkdir).toBeGreaterThan(-1);
      expect(calls.slice(mkdir)).toContain(`fsync ${parent}`);
    }
    const rename = calls.findIndex((call) => call.startsWith("rename "));
    expect(at(`fsync ${join(dir, "a")}`)).toBeLessThan(rename);
    expect(calls.lastIndexOf(`fsync ${join(dir, "a", "b", "c")}`)).toBeGreaterThan(rename);
  });

  it("A1: nothing is flushed where the caller says so", async () => {
    const filePath = join(tempDir(), "a", "file");
    const { fileSystem, calls } = faultyFileSystem();
    await replace({ filePath, content: "x", syncTempFile: false, fileSystem });
    expect(calls.filter((call) => call.startsWith("fsync"))).toEqual([]);
    expect(calls.filter((call) => call.startsWith("fdatasync"))).toEqual([]);
  });

  it("A1: everything is written, then flushed, then renamed, then the directory flushed", async () => {
    const dir = tempDir();
    const filePath = join(dir, "file");
    const { fileSystem, calls } = faultyFileSystem();
    await replace({ filePath, content: "x", mode: 0o640, fileSystem });
    const steps = calls.map((call) => {
      const [name, path] = call.split(" ");
      return `${name} ${path === dir ? "directory" : path === filePath ? "target" : "staged"}`;
    });
    const order = ["write staged", "fchmod staged", "fsync staged", "rename staged"];
    const found = [...order, "fsync directory"].map((step) => steps.indexOf(step));
    expect(found).not.toContain(-1);
    expect(found.slice(2)).toEqual(found.slice(2).toSorted((a, b) => a - b));
    expect(Math.max(found[0]!, found[1]!)).toBeLessThan(found[2]!);
  });

  it("A20: short writes of one byte at a time are continued", async () => {
    const filePath = join(tempDir(), "file");
    const { fileSystem, calls } = faultyFileSystem({
      plan: ({ name }) => (name === "write" ? { atMostBytes: 1 } : undefined),
    });
    await replace({ filePath, content: ["one by ", "one"], fileSystem });
    expect(readFileSync(filePath, "utf8")).toBe("one by one");
    expect(calls.filter((call) => call.startsWith("write "))).toHaveLength(10);
  });

  it("A20: short reads and writes of a content that is written over in place", async () => {
    const filePath = join(tempDir(), "file");
    writeFileSync(filePath, "a longer content from before");
    const { fileSystem } = faultyFileSystem({
      plan: ({ name }) => {
        if (name === "rename") return { fail: "EXDEV", when: "before" };
        return name === "write" || name === "read" ? { atMostBytes: 3 } : undefined;
      },
    });
    const receipt = await replace({ filePath, content: "byte for byte", fileSystem });
    expect(receipt.method).toBe("in-place");
    expect(readFileSync(filePath, "utf8")).toBe("byte for byte");
  });

  it("A20: writes that make no progress are an error, not a loop", async () => {
    const filePath = join(tempDir(), "file");
    writeFileSync(filePath, "old");
    let writes = 0;
    const faulty = faultyFileSystem({
      plan: ({ name }) => (name === "write" && ++writes > 1 ? { atMostBytes: 0 } : undefined),
    });
    const content = ["x".repeat(100_000), "y"];
    const { fileSystem } = faulty;
    const error = await failureOf(replace({ filePath, content, fileSystem }));
    expect(error).toMatchObject({ code: "ERR_NO_PROGRESS", effect: "none", path: filePath });
    expect(readFileSync(filePath, "utf8")).toBe("old");
    expect(readdirSync(join(filePath, "..")).toSorted()).toEqual(["file"]);
    expect(faulty.openHandles()).toEqual([]);
  });

  it("A7: the second write fails: the caller's path once, and the errno", async () => {
    const filePath = join(tempDir(), "file");
    writeFileSync(filePath, "old");
    let writes = 0;
    const { fileSystem } = faultyFileSystem({
      plan: ({ name }) =>
        name === "write" && ++writes === 2 ? { fail: "ENOSPC", when: "before" } : undefined,
    });
    const content = ["x".repeat(70_000), "y".repeat(70_000)];
    const error = await failureOf(replace({ filePath, content, fileSystem }));
    expect(error).toMatchObject({ code: "ENOSPC", effect: "none", path: filePath, leftovers: [] });
    expect(error.errno).toBe((error.cause as NodeJS.ErrnoException).errno);
    expect(error.message.split(filePath)).toHaveLength(2);
    expect(error.message).not.toContain(".holdfast-");
    expect(readFileSync(filePath, "utf8")).toBe("old");
    expect(readdirSync(join(filePath, "..")).toSorted()).toEqual(["file"]);
  });

  it.each([
    ["throws at once", 0],
    ["throws after some pieces", 3],
    ["throws after something was written", 5000],
  ])("A19: an iterable that %s", async (_, good) => {
    const filePath = join(tempDir(), "file");
    writeFileSync(filePath, "old");
    const thrown = new Error("the source is broken");
    let closed = false;
    function* source(): Generator<string> {
      try {
        for (let at = 0; at < good; at++) yield "x".repeat(100);
        throw thrown;
      } finally {
        closed = true;
      }
    }
    const error = await failureOf(replace({ filePath, content: source() }));
    expect(error).toMatchObject({ code: "ERR_CONTENT_SOURCE", effect: "none", cause: thrown });
    expect(closed).toBe(true);
    expect(readFileSync(filePath, "utf8")).toBe("old");
    expect(readdirSync(join(filePath, "..")).toSorted()).toEqual(["file"]);
    // The queue is free.
    await replace({ filePath, content: "next" });
    expect(readFileSync(filePath, "utf8")).toBe("next");
  });

  it.each([
    ["a number", 7],
    ["undefined", undefined],
    ["an ArrayBuffer", new ArrayBuffer(3)],
    ["an array", ["x"]],
  ])("A19: a piece that is %s", async (_, piece) => {
    const filePath = join(tempDir(), "file");
    let returned = false;
    const content: Iterable<never> = {
      [Symbol.iterator]: () => ({
        next: () => ({ done: false, value: piece as never }),
        return: () => {
          returned = true;
          return { done: true, value: undefined };
        },
      }),
    };
    const error = await failureOf(replace({ filePath, content }));
    expect(error).toMatchObject({ code: "ERR_CONTENT_SOURCE", effect: "none" });
    expect(returned).toBe(true); // the source may free what it holds
    expect(readdirSync(join(filePath, "..")).toSorted()).toEqual([]);
  });

  it("A19: a source is let go of when the disk fails", async () => {
    const filePath = join(tempDir(), "file");
    let closed = false;
    function* endless(): Generator<string> {
      try {
        for (;;) yield "x".repeat(100_000);
      } finally {
        closed = true;
      }
    }
    let writes = 0;
    const { fileSystem } = faultyFileSystem({
      plan: ({ name }) =>
        name === "write" && ++writes === 3 ? { fail: "ENOSPC", when: "before" } : undefined,
    });
    const error = await failureOf(replace({ filePath, content: endless(), fileSystem }));
    expect(error.code).toBe("ENOSPC");
    expect(closed).toBe(true);
    expect(existsSync(filePath)).toBe(false);
  });

  it("A14: a content that cannot be made leaves target and directory untouched", async () => {
    const dir = tempDir();
    const filePath = join(dir, "file");
    writeFileSync(filePath, "old");
    const cycle: { self?: unknown } = {};
    cycle.self = cycle;
    function* serialised(): Generator<string> {
      yield JSON.stringify(cycle);
    }
    const error = await failureOf(replace({ filePath, content: serialised() }));
    expect(error.cause).toBeInstanceOf(TypeError);
    expect(readFileSync(filePath, "utf8")).toBe("old");
    expect(readdirSync(dir).toSorted()).toEqual(["file"]);
  });

  it("A14: an option whose getter throws: its own error, and nothing is touched", async () => {
    const dir = tempDir();
    const thrown = new RangeError("serialisation failed");
    const options = {
      filePath: join(dir, "sub", "file"),
      get content(): string {
        throw thrown;
      },
    };
    await expect(replace(options)).rejects.toBe(thrown);
    expect(readdirSync(dir).toSorted()).toEqual([]);
  });

  it(`says ${form} in the operation of its errors`, async () => {
    const error = await failureOf(replace({ filePath: tempDir(), content: "x" }));
    expect(error.op).toBe(form === "async" ? "replaceFileAtomic" : "replaceFileAtomicSync");
    const created = await failureOf(create({ filePath: tempDir(), content: "x" }));
    expect(created.op).toBe(form === "async" ? "createFileAtomic" : "createFileAtomicSync");
    expect(created.code).toBe("EEXIST");
  });
});

describe("content that must be waited for", () => {
  async function* later(): AsyncGenerator<string> {
    for (const piece of ["a", "b", "c"]) {
      await new Promise(setImmediate);
      yield piece;
    }
  }
  const sources: readonly (readonly [string, () => FileContent])[] = [
    ["an async iterable", later],
    ["a Node stream", () => Readable.from(["a", Buffer.from("b"), "c"])],
    ["a web stream", () => new Blob(["abc"]).stream()],
  ];

  it.each(sources)("A1: %s", async (_, content) => {
    const filePath = join(tempDir(), "file");
    const receipt = await replaceFileAtomic({ filePath, content: content() });
    expect(readFileSync(filePath, "utf8")).toBe("abc");
    expect(receipt.bytes).toBe(3);
  });

  it("A19: a stream that fails in the middle frees the queue for later calls", async () => {
    const filePath = join(tempDir(), "file");
    writeFileSync(filePath, "old");
    const thrown = new Error("connection reset");
    const stream = new Readable({
      read() {
        this.push("x".repeat(1000));
        setImmediate(() => this.destroy(thrown));
      },
    });
    const first = replaceFileAtomic({ filePath, content: stream });
    const second = replaceFileAtomic({ filePath, content: "second" });
    expect(await failureOf(first)).toMatchObject({ code: "ERR_CONTENT_SOURCE", cause: thrown });
    await second;
    expect(readFileSync(filePath, "utf8")).toBe("second");
    expect(stagedIn(join(filePath, ".."))).toEqual([]);
  });

  it("A19: a source that never answers is ended by the signal, and frees the queue", async () => {
    const filePath = join(tempDir(), "file");
    writeFileSync(filePath, "old");
    const controller = new AbortController();
    let returned = false;
    let asked = (): void => {};
    const askedOnce = new Promise<void>((resolve) => (asked = resolve));
    const content: AsyncIterable<string> = {
      [Symbol.asyncIterator]: () => ({
        next: () => {
          asked();
          return new Promise<never>(() => {});
        },
        return: () => {
          returned = true;
          return new Promise<never>(() => {}); // nor does it answer to this
        },
      }),
    };
    const first = replaceFileAtomic({ filePath, content, signal: controller.signal });
    const second = replaceFileAtomic({ filePath, content: "second" });
    await askedOnce;
    controller.abort();
    expect(await failureOf(first)).toMatchObject({ code: "ABORT_ERR", effect: "none" });
    expect(returned).toBe(true);
    await second;
    expect(readFileSync(filePath, "utf8")).toBe("second");
    expect(readdirSync(join(filePath, "..")).toSorted()).toEqual(["file"]);
  });

  it("A19: an endless source is written with back-pressure: asked when the last piece is written", async () => {
    const filePath = join(tempDir(), "file");
    let outstanding = 0;
    let most = 0;
    const { fileSystem } = faultyFileSystem({
      plan: ({ name }) => {
        if (name === "write") outstanding = 0;
        return undefined;
      },
    });
    async function* source(): AsyncGenerator<Uint8Array> {
      for (let at = 0; at < 64; at++) {
        outstanding += 128 * 1024;
        most = Math.max(most, outstanding);
        yield new Uint8Array(128 * 1024);
      }
    }
    await replaceFileAtomic({ filePath, content: source(), fileSystem });
    expect(most).toBe(128 * 1024);
  });

  it("A19: a synchronous call refuses what must be waited for, before it touches anything", () => {
    const dir = tempDir();
    const filePath = join(dir, "sub", "file");
    const content = later() as unknown as string;
    expect(() => replaceFileAtomicSync({ filePath, content })).toThrow(
      expect.objectContaining({ name: "TypeError", code: "ERR_INVALID_ARG" }),
    );
    expect(readdirSync(dir).toSorted()).toEqual([]);
  });
});
