// oxlint-disable vitest/expect-expect -- expectSameAsNode does
/** `FileHandle`, `Dir` and streams against Node's own. */

import { once } from "node:events";
import { constants, type Dir } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { Readable } from "node:stream";
import { describe as group, it } from "vitest";
import { expectSameAsNode, type At, type Fs } from "./same-as-node.ts";

type OnHandle = (handle: FileHandle, fs: Fs, at: At) => unknown;
type Loose = Readonly<Record<string, (...args: unknown[]) => unknown>>;
const loose = (handle: FileHandle): Loose => handle as unknown as Loose;

async function withHandle(work: OnHandle, flags = "r+"): Promise<void> {
  await expectSameAsNode(async (fs, at) => {
    const handle = await fs.promises.open(at("file"), flags);
    try {
      return await work(handle, fs, at);
    } finally {
      await handle.close();
    }
  });
}

const programs: Readonly<Record<string, OnHandle>> = {
  "read into a buffer": async (handle) => handle.read(Buffer.alloc(3), 0, 3, 1),
  "read with options": async (handle) =>
    loose(handle)["read"]!({ buffer: Buffer.alloc(3), position: 2 }),
  "read into a buffer with options": async (handle) =>
    loose(handle)["read"]!(Buffer.alloc(3), { offset: 1 }),
  "read of nothing": async (handle) => handle.read(Buffer.alloc(0)),
  "read into Node's buffer": async (handle) => (await handle.read()).buffer.length,
  "read of what is no buffer": async (handle) => handle.read("x" as never),
  "read beyond the buffer": async (handle) => handle.read(Buffer.alloc(2), 0, 9),
  "write of text": async (handle) => handle.write("ab", 3),
  "write of text in an encoding": async (handle) => handle.write("6162", 0, "hex"),
  "write of bytes": async (handle) => handle.write(Buffer.from("abcd"), 1, 2, 0),
  "write with options": async (handle) =>
    loose(handle)["write"]!(Buffer.from("abcd"), { offset: 2 }),
  "write of a number": async (handle) => handle.write(7 as never),
  readv: async (handle) => handle.readv([Buffer.alloc(2), Buffer.alloc(9)]),
  "readv of no array": async (handle) => handle.readv(7 as never),
  writev: async (handle) => handle.writev([Buffer.from("ab"), Buffer.from("cd")], 1),
  readFile: async (handle) => [await handle.readFile(), await handle.readFile("utf8")],
  "readFile in no encoding": async (handle) => handle.readFile("nonsense" as never),
  "readFile cancelled": async (handle) => handle.readFile({ signal: AbortSignal.abort() }),
  writeFile: async (handle) => handle.writeFile("abc"),
  "writeFile of an iterable": async (handle) => loose(handle)["writeFile"]!(["a", "bc"]),
  "writeFile of a stream": async (handle) =>
    loose(handle)["writeFile"]!(Readable.from(["a", "bc"])),
  "writeFile of a number": async (handle) => handle.writeFile(7 as never),
  "writeFile cancelled": async (handle) =>
    handle.writeFile("abc", { signal: AbortSignal.abort("why") }),
  "appendFile, where the last call ended": async (handle) => {
    await handle.read(Buffer.alloc(5), 0, 5, null);
    await handle.appendFile("abc");
  },
  stat: async (handle) => [await handle.stat(), await handle.stat({ bigint: true })],
  chmod: async (handle) => handle.chmod(0o600),
  "chmod to nothing": async (handle) => loose(handle)["chmod"]!(),
  chown: async (handle) => handle.chown(process.getuid?.() ?? 0, process.getgid?.() ?? 0),
  "chown to a name": async (handle) => handle.chown("root" as never, 0),
  utimes: async (handle) => handle.utimes(1, new Date(2000)),
  truncate: async (handle) => handle.truncate(),
  "truncate to 2": async (handle) => handle.truncate(2),
  "truncate to text": async (handle) => handle.truncate("2" as never),
  sync: async (handle) => [await handle.sync(), await handle.datasync()],
  "close twice": async (handle) => {
    const fd = handle.fd > 2;
    await Promise.all([handle.close(), handle.close()]);
    return [fd, handle.fd, await handle.close()];
  },
  "close is told": async (handle) => {
    const told: string[] = [];
    loose(handle)["on"]!("close", () => told.push("close"));
    await handle.close();
    return told;
  },
  "close waits for what is under way": async (handle) => {
    const order: string[] = [];
    const writing = handle.write("x".repeat(100_000)).then(() => order.push("written"));
    const closing = handle.close().then(() => order.push("closed"));
    await Promise.all([writing, closing]);
    return order;
  },
  "given to readFile, writeFile, appendFile": async (handle, fs) => {
    const was = await fs.promises.readFile(handle, "utf8");
    await fs.promises.appendFile(handle, "!");
    await fs.promises.writeFile(handle, "?");
    return was;
  },
  readLines: async (handle, fs, at) => {
    await fs.promises.writeFile(at("file"), "one\ntwo\r\nthree");
    const lines = [];
    for await (const line of handle.readLines()) lines.push(line);
    return lines;
  },
  readableWebStream: async (handle) => {
    let text = "";
    for await (const chunk of handle.readableWebStream()) {
      text += Buffer.from(chunk as Uint8Array).toString();
    }
    return text;
  },
  createReadStream: async (handle) => {
    const stream = handle.createReadStream({ start: 1, end: 3, encoding: "utf8" });
    const chunks = [];
    for await (const chunk of stream) chunks.push(chunk);
    if (!stream.closed) await once(stream, "close");
    return [chunks, stream.bytesRead, handle.fd];
  },
  "createReadStream that leaves it open": async (handle) => {
    for await (const chunk of handle.createReadStream({ autoClose: false })) void chunk;
    return handle.fd > 2;
  },
  createWriteStream: async (handle) => {
    const stream = handle.createWriteStream({ start: 2 });
    stream.write("X");
    stream.end("Y");
    await once(stream, "close");
    return [stream.bytesWritten, handle.fd];
  },
  "a stream on a handle": async (handle, fs, at) => {
    const chunks = [];
    const stream = fs.createReadStream(at("ignored"), { fd: handle, encoding: "utf8" });
    for await (const chunk of stream) chunks.push(chunk);
    return chunks;
  },
};

group("FileHandle", () => {
  it.each(Object.entries(programs))("%s", async (_, program) => {
    await withHandle(program);
  });

  const methods = [
    ["read", Buffer.alloc(1)],
    ["write", "x"],
    ["readv", [Buffer.alloc(1)]],
    ["writev", [Buffer.alloc(1)]],
    ["readFile"],
    ["writeFile", "x"],
    ["appendFile", "x"],
    ["stat"],
    ["chmod", 0o600],
    ["chown", 0, 0],
    ["utimes", 1, 2],
    ["truncate"],
    ["sync"],
    ["datasync"],
  ] as const;
  it.each(methods)("%s once it is closed", async (name, ...args) => {
    await withHandle(async (handle) => {
      await handle.close();
      return loose(handle)[name]!(...args);
    });
  });

  it("await using", async () => {
    await expectSameAsNode(async (fs, at) => {
      const handle = await fs.promises.open(at("file"));
      await handle[Symbol.asyncDispose]();
      return handle.fd;
    });
  });

  it("opened in Node's own ways", async () => {
    for (const flags of [undefined, "r", "a+", "w", constants.O_RDWR | constants.O_TRUNC]) {
      await expectSameAsNode(async (fs, at) => {
        const handle = await fs.promises.open(at("file"), flags);
        await handle.close();
        return "opened";
      });
    }
  });
});

group("Dir", () => {
  const names = (entries: readonly { name: string }[]): string[] =>
    entries.map(({ name }) => name).sort();

  it("is iterated, and closed by it", async () => {
    await expectSameAsNode(async (fs, at) => {
      const dir = await fs.promises.opendir(at("full"));
      const entries = [];
      for await (const entry of dir) entries.push(entry);
      const closed = await dir.close().catch((error: NodeJS.ErrnoException) => error.code);
      return [names(entries), entries.map(({ parentPath }) => parentPath), dir.path, closed];
    });
  });

  it("is closed by a loop that is left", async () => {
    await expectSameAsNode(async (fs, at) => {
      const dir = fs.opendirSync(at("full"));
      for await (const entry of dir) {
        if (entry.name !== "") break;
      }
      return dir.readSync();
    });
  });

  it("is read with promises, callbacks, and at once", async () => {
    await expectSameAsNode(async (fs, at) => {
      const dir = await new Promise<Dir>((resolve, reject) => {
        fs.opendir(at("full"), { bufferSize: 2 }, (error, opened) =>
          error === null ? resolve(opened) : reject(error),
        );
      });
      const entries = [await dir.read(), dir.readSync()];
      entries.push(
        await new Promise((resolve) =>
          dir.read((error, entry) => resolve(error === null ? entry : null)),
        ),
      );
      for (let entry = dir.readSync(); entry !== null; entry = dir.readSync()) entries.push(entry);
      await new Promise((resolve) => dir.close(resolve));
      const again = await new Promise((resolve) => {
        try {
          dir.close(resolve);
        } catch (error) {
          resolve(error);
        }
      });
      return [names(entries as { name: string }[]), again];
    });
  });

  it("goes down", async () => {
    await expectSameAsNode(async (fs, at) => {
      const entries = [];
      for await (const entry of await fs.promises.opendir(at("full"), { recursive: true })) {
        entries.push(`${entry.parentPath} ${entry.name}`);
      }
      return entries.sort();
    });
  });

  it("refuses a buffer size that is none", async () => {
    await expectSameAsNode((fs, at) => fs.opendirSync(at("full"), { bufferSize: 0 }));
  });
});

group("promises only", () => {
  it("writeFile of iterables and streams", async () => {
    await expectSameAsNode(async (fs, at) => {
      await fs.promises.writeFile(at("one"), ["a", "b"]);
      await fs.promises.writeFile(at("two"), Readable.from([Buffer.from("c"), "d"]));
      await fs.promises.writeFile(at("three"), new Set(["616263"]), "hex");
      await fs.promises.appendFile(at("one"), "c");
      await fs.promises.writeFile(at("four"), [7] as never);
    });
  });

  it("writeFile cancelled between two chunks", async () => {
    await expectSameAsNode(async (fs, at) => {
      const controller = new AbortController();
      async function* chunks(): AsyncGenerator<string> {
        yield "kept";
        controller.abort();
        yield "dropped";
      }
      await fs.promises.writeFile(at("new"), chunks(), { signal: controller.signal });
    });
  });

  it("cp with a filter that takes its time", async () => {
    await expectSameAsNode(async (fs, at) => {
      await fs.promises.cp(at("full"), at("new"), {
        recursive: true,
        filter: async (from) => !from.endsWith("sub"),
      });
    });
    await expectSameAsNode((fs, at) =>
      fs.promises.cp(at("full"), at("new"), {
        recursive: true,
        filter: () => Promise.reject(new Error("no")),
      }),
    );
  });
});

group("streams", () => {
  const read = async (stream: NodeJS.ReadableStream): Promise<string> => {
    let text = "";
    for await (const chunk of stream) text += String(chunk);
    return text;
  };

  it.each([undefined, "utf8", { start: 2 }, { start: 1, end: 2 }, { highWaterMark: 2 }])(
    "createReadStream %j",
    async (options) => {
      await expectSameAsNode((fs, at) => read(fs.createReadStream(at("file"), options as never)));
    },
  );

  it("of a descriptor, without a path", async () => {
    await expectSameAsNode((fs, at) => {
      const fd = fs.openSync(at("file"), "r");
      return read(fs.createReadStream(null as never, { fd }));
    });
  });

  it("that fail", async () => {
    await expectSameAsNode((fs, at) => read(fs.createReadStream(at("nothing"))));
    await expectSameAsNode((fs) => read(fs.createReadStream(7 as never)));
    await expectSameAsNode(async (fs, at) => {
      const [error] = (await once(fs.createWriteStream(at("dir")), "error")) as unknown[];
      throw error;
    });
  });

  it.each([
    undefined,
    { flags: "a" },
    { flags: "r+", start: 2 },
    { mode: 0o600 },
    { flush: true },
    "latin1",
  ])("createWriteStream %j", async (options) => {
    await expectSameAsNode(async (fs, at) => {
      const stream = fs.createWriteStream(at("file"), options as never);
      stream.write("é");
      stream.cork();
      stream.write("b");
      stream.write(Buffer.from("c"));
      stream.uncork();
      stream.end("d");
      await once(stream, "close");
      return [stream.bytesWritten, stream.path];
    });
  });

  it("the events, in order", async () => {
    await expectSameAsNode(async (fs, at) => {
      const told: string[] = [];
      const stream = fs.createWriteStream(at("file"));
      for (const name of ["open", "ready", "finish", "close"])
        stream.on(name, () => told.push(name));
      stream.end("x");
      await once(stream, "close");
      return told;
    });
  });
});
