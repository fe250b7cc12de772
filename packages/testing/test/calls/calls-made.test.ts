/** Which calls each method makes: what the result on the disk does not show. */

import nodeFs from "node:fs";
import { describe, expect, it } from "vitest";
import { tempDir } from "../../../atomic/test/support/temp-dir.ts";
import type { Backend } from "../../src/calls/backend.ts";
import type { Call } from "../../src/calls/call.ts";
import { facesOf } from "../../src/calls/faces.ts";
import { Interception } from "../../src/calls/intercept.ts";
import type { NodeFileSystem } from "../../src/calls/node-file-system.ts";
import { backendOf } from "../../src/calls/real-backend.ts";

interface Recorded {
  readonly fs: NodeFileSystem;
  readonly calls: string[];
  readonly made: Call[];
}

/** @param fails the name of a call that fails */
function recorded(fails?: string): Recorded {
  const made: Call[] = [];
  const calls: string[] = [];
  const note = (call: Call): void => {
    made.push(call);
    calls.push(call.name === "write" ? `write ${String(call.args[3])}` : call.name);
    if (call.name === fails) throw Object.assign(new Error("no"), { code: "EIO", syscall: fails });
  };
  const backend = new Interception(backendOf(nodeFs), {
    sync: (call, proceed) => {
      note(call);
      return proceed();
    },
    async: async (call, proceed) => {
      note(call);
      return await proceed();
    },
  });
  return { fs: facesOf(backend, { callers: true }), calls, made };
}

const flushed = ["open", "write 3", "fsync", "close"];

describe("flush", () => {
  it("is an fsync before the close, in every face", async () => {
    const file = `${tempDir()}/file`;
    const sync = recorded();
    sync.fs.writeFileSync(file, "abc", { flush: true });
    expect(sync.calls).toEqual(flushed);
    const promise = recorded();
    await promise.fs.promises.appendFile(file, "abc", { flush: true });
    expect(promise.calls).toEqual(flushed);
    const callback = recorded();
    await new Promise((resolve) => {
      callback.fs.writeFile(file, "abc", { flush: true }, resolve);
    });
    expect(callback.calls).toEqual(flushed);
    const stream = recorded();
    const options = { flush: true } as never;
    await new Promise((resolve) => {
      const writing = stream.fs.createWriteStream(file, options);
      writing.on("close", () => resolve(undefined)).end("abc");
    });
    expect(stream.calls).toEqual(flushed);
    const handled = recorded();
    const handle = await handled.fs.promises.open(file, "w");
    await handle.appendFile("abc", { flush: true } as never);
    await handle.close();
    expect(handled.calls).toEqual(flushed);
  });

  it("is none without being asked for", async () => {
    const { fs, calls } = recorded();
    await fs.promises.writeFile(`${tempDir()}/file`, "abc");
    expect(calls).toEqual(["open", "write 3", "close"]);
  });
});

describe("a failure in between", () => {
  it.each(["write", "fsync"])(
    "of %s: the file is closed, and the first failure told",
    async (name) => {
      const file = `${tempDir()}/file`;
      const calls = flushed.slice(0, name === "write" ? 2 : 3);
      const sync = recorded(name);
      expect(() => sync.fs.writeFileSync(file, "abc", { flush: true })).toThrow("no");
      expect(sync.calls).toEqual([...calls, "close"]);
      const promise = recorded(name);
      await expect(promise.fs.promises.writeFile(file, "abc", { flush: true })).rejects.toThrow(
        "no",
      );
      expect(promise.calls).toEqual([...calls, "close"]);
    },
  );

  it("of a copy: both files are closed, and the new one is removed, as libuv does", () => {
    const dir = tempDir();
    nodeFs.writeFileSync(`${dir}/a`, "abc");
    const { fs, calls } = recorded("write");
    expect(() => fs.copyFileSync(`${dir}/a`, `${dir}/b`)).toThrow(
      expect.objectContaining({
        message: `no, copyfile '${dir}/a' -> '${dir}/b'`,
        syscall: "copyfile",
        code: "EIO",
      }),
    );
    expect(calls.slice(-3)).toEqual(["close", "close", "unlink"]);
    expect(nodeFs.existsSync(`${dir}/b`)).toBe(false);
  });
});

it("promises.writeFile writes at most 512 KiB at once, and writeFileSync all", async () => {
  const file = `${tempDir()}/file`;
  const data = Buffer.alloc(1_200_000);
  const promise = recorded();
  await promise.fs.promises.writeFile(file, data);
  expect(promise.calls).toEqual(["open", "write 524288", "write 524288", "write 151424", "close"]);
  const sync = recorded();
  sync.fs.writeFileSync(file, data);
  expect(sync.calls).toEqual(["open", "write 1200000", "close"]);
});

it("a short write is gone on with", async () => {
  const written: number[] = [];
  const short: Backend = {
    constants: {},
    sync: (name, args) => {
      if (name !== "write") return 3 as never;
      const length = Math.min(2, args[3] as number);
      written.push(length);
      return length as never;
    },
    async: (name, args, origin) => Promise.resolve(short.sync(name, args, origin)),
  };
  facesOf(short).writeFileSync("/x", "abcde");
  await facesOf(short).promises.writeFile("/x", "abcde");
  expect(written).toEqual([2, 2, 1, 2, 2, 1]);
});

it("FileHandle.close waits for what is under way", async () => {
  const order: string[] = [];
  const slow: Backend = {
    constants: {},
    sync: () => undefined as never,
    async: async (name) => {
      order.push(`${name} begins`);
      await new Promise((resolve) => setImmediate(resolve));
      order.push(`${name} ends`);
      return 3 as never;
    },
  };
  const handle = await facesOf(slow).promises.open("/x");
  await Promise.all([handle.sync(), handle.close(), handle.close()]);
  expect(order.slice(2)).toEqual(["fsync begins", "fsync ends", "close begins", "close ends"]);
});

describe("where a call comes from", () => {
  const here = /\/test\/calls\/calls-made\.test\.ts:\d+:\d+$/;

  it("is the method and the line of the program, in every face", async () => {
    const { fs, made } = recorded();
    const dir = tempDir();
    fs.writeFileSync(`${dir}/a`, "x");
    await fs.promises.readFile(`${dir}/a`);
    await new Promise((resolve) => fs.rename(`${dir}/a`, `${dir}/b`, resolve));
    const handle = await fs.promises.open(`${dir}/b`, "r+");
    await handle.truncate(0);
    await handle.close();
    for await (const _ of fs.createReadStream(`${dir}/b`)) void _;
    expect(new Set(made.map(({ via }) => via))).toEqual(
      new Set([
        "writeFile",
        "readFile",
        "rename",
        "open",
        "ftruncate",
        "close",
        "createReadStream",
      ]),
    );
    expect(made.filter(({ caller }) => !here.test(caller ?? ""))).toEqual([]);
  });

  it("is not looked for unless it is wanted", () => {
    const made: Call[] = [];
    const backend = new Interception(backendOf(nodeFs), {
      sync: (call, proceed) => (made.push(call), proceed()),
      async: (_, proceed) => proceed(),
    });
    facesOf(backend).existsSync("/");
    expect(made).toEqual([expect.not.objectContaining({ caller: expect.anything() as string })]);
  });
});
