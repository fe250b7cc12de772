import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import * as nodeFs from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import {
  createCoalescingWriter,
  isHoldfastError,
  replaceFileAtomic,
  type CoalescingWriter,
  type FileSystem,
  type HoldfastError,
  type ReplaceFileReceipt,
} from "../../src/index.ts";
import { faultyFileSystem, type FaultPlan } from "../support/faulty-file-system.ts";
import { tempDir } from "../support/temp-dir.ts";
import { checkpointFileSystem } from "./checkpoint-file-system.ts";
import { expectAt } from "../system/expect-at.ts";

// Processes and disks are slow on a busy machine, and nothing here is about time.
vi.setConfig({ testTimeout: 30_000 });

const read = (path: string): string => readFileSync(path, "utf8");
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function turnsUntil(condition: () => boolean): Promise<void> {
  while (!condition()) await turn();
}

/** A promise's end, looked at without waiting for it. */
function watch<T>(promise: Promise<T>): { state: "pending" | "fulfilled" | "rejected" } {
  const seen: { state: "pending" | "fulfilled" | "rejected" } = { state: "pending" };
  promise.then(
    () => (seen.state = "fulfilled"),
    () => (seen.state = "rejected"),
  );
  return seen;
}

async function rejection(promise: Promise<unknown>): Promise<HoldfastError> {
  const error: unknown = await promise.then(
    () => new Error("it did not fail"),
    (thrown: unknown) => thrown,
  );
  if (!isHoldfastError(error)) throw error;
  return error;
}

const place = (): string => join(tempDir(), "state");

describe("C1 two writers of one file", () => {
  it("C1 10 exports at once each: always parseable, and one of the inputs", async () => {
    const filePath = place();
    const inputs = new Set<string>();
    const writers = [createCoalescingWriter({ filePath }), createCoalescingWriter({ filePath })];
    writeFileSync(filePath, `{"first":true}`);
    inputs.add(`{"first":true}`);
    const exports = writers.flatMap((writer, who) =>
      Array.from({ length: 10 }, async (_, n) => {
        const content = JSON.stringify({ who, n, padding: "x".repeat(n * 10_000) });
        inputs.add(content);
        return writer.write(content);
      }),
    );
    const all = watch(Promise.all(exports));
    let reads = 0;
    while (all.state === "pending") {
      const content = read(filePath);
      expect(inputs.has(content)).toBe(true);
      JSON.parse(content);
      reads++;
      await turn();
    }
    expect(all.state).toBe("fulfilled");
    expect(reads).toBeGreaterThan(0);
    // The newest of whichever came last.
    expect(JSON.parse(read(filePath))).toMatchObject({ n: 9 });
    await Promise.all(writers.map((writer) => writer.close()));
    expect(readdirSync(join(filePath, "..")).toSorted()).toEqual(["state"]);
  });
});

describe("C2 a burst", () => {
  it("C2 of 8 during a write in flight: the newest is on disk, with one extra write", async () => {
    const filePath = place();
    const burst: Promise<ReplaceFileReceipt>[] = [];
    const { fileSystem, calls } = checkpointFileSystem(({ name, when }) => {
      if (name !== "writeFile" || when !== "after" || burst.length > 0) return;
      for (let n = 0; n < 8; n++) burst.push(writer.write(`burst ${n}`));
    });
    const writer = createCoalescingWriter({ filePath, fileSystem });
    const ofFirst = await writer.write("first");
    const ofBurst = await Promise.all(burst);
    expect(ofBurst).toHaveLength(8);
    expect(read(filePath)).toBe("burst 7");
    expect(calls.filter((call) => call === "renameSync")).toHaveLength(2);
    expect(calls).not.toContain("rename");
    // The receipt is of what put one's content, or a newer one, into place.
    expect(ofFirst).toMatchObject({ bytes: 5, created: true });
    for (const receipt of ofBurst) expect(receipt).toBe(ofBurst[0]);
    expect(ofBurst[0]).toMatchObject({ bytes: 7, created: false, method: "rename" });
    const next = { filePath, content: "x", ifMatch: ofBurst[0]!.version };
    await replaceFileAtomic(next);
    await writer.close();
  });

  it("C2 given before anything began: one write, of the newest", async () => {
    const filePath = place();
    const { fileSystem, calls } = checkpointFileSystem();
    const writer = createCoalescingWriter({ filePath, fileSystem });
    const receipts = await Promise.all(["a", "b", "c"].map((content) => writer.write(content)));
    expect(read(filePath)).toBe("c");
    expect(calls.filter((call) => call === "renameSync")).toHaveLength(1);
    expect(new Set(receipts).size).toBe(1);
    // And if it is flushed in the same go, there is nothing left to write.
    const covered = writer.write("d");
    const made = calls.length;
    writer.flushSync();
    expect(await covered).toMatchObject({ bytes: 1 });
    await writer.close();
    expect(calls.slice(made)).toEqual(["renameSync"]);
  });

  it("C2 one after the other: each is written", async () => {
    const filePath = place();
    const writer = createCoalescingWriter({ filePath });
    const versions = new Set<string>();
    for (let n = 0; n < 20; n++) {
      versions.add((await writer.write(`${n}`)).version);
      expect(read(filePath)).toBe(`${n}`);
    }
    expect(versions.size).toBe(20);
  });

  it("takes any view's bytes, and refuses what is no content", async () => {
    const filePath = place();
    const writer = createCoalescingWriter({ filePath });
    await writer.write(new Uint16Array([0x4142, 0x4344]).subarray(1));
    expect(readFileSync(filePath)).toHaveLength(2);
    await expect(writer.write(5 as never)).rejects.toMatchObject({ code: "ERR_INVALID_ARG" });
    await expect(writer.write(["a"] as never)).rejects.toMatchObject({ code: "ERR_INVALID_ARG" });
    expect(readFileSync(filePath)).toHaveLength(2);
    const noSync = { promises: nodeFs.promises } as FileSystem;
    expect(() => createCoalescingWriter({ filePath, fileSystem: noSync })).toThrow("openSync");
  });
});

describe("no write is forgotten", () => {
  /** Node's file system, answering in the same turn: everything happens in microtasks. */
  const immediate = {
    ...nodeFs,
    promises: Object.fromEntries(
      ["rename", "link", "unlink", "readlink", "mkdir", "lstat", "stat", "open"].map((name) => [
        name,
        async (...args: never[]) => {
          const call = Reflect.get(nodeFs, `${name}Sync`) as (...args: never[]) => unknown;
          return name === "open" ? handleOf(call(...args) as number) : call(...args);
        },
      ]),
    ),
  };
  Reflect.set(immediate.promises, "writeFile", async (handle: { fd: number }, data: Uint8Array) =>
    nodeFs.writeFileSync(handle.fd, data),
  );
  function handleOf(fd: number): object {
    return {
      fd,
      close: async () => nodeFs.closeSync(fd),
      stat: async () => nodeFs.fstatSync(fd, { bigint: true }),
      chmod: async (mode: number) => nodeFs.fchmodSync(fd, mode),
      sync: async () => nodeFs.fsyncSync(fd),
    };
  }

  it(
    "C4 a write in any moment between two microtasks of the one before",
    { timeout: 20_000 },
    async () => {
      const filePath = place();
      const fileSystem = immediate as unknown as FileSystem;
      let longest = 0;
      for (let microtasks = 0; microtasks < 400; microtasks++) {
        const writer = createCoalescingWriter({ filePath, fileSystem, syncTempFile: false });
        const first = watch(writer.write("first"));
        for (let n = 0; n < microtasks; n++) await Promise.resolve();
        if (first.state === "pending") longest = microtasks;
        const second = watch(writer.write(`second ${microtasks}`));
        for (let turns = 0; turns < 20 && second.state === "pending"; turns++) await turn();
        expectAt(`after ${microtasks} microtasks`, second.state).toBe("fulfilled");
        expect(read(filePath)).toBe(`second ${microtasks}`);
        if (microtasks > longest + 30) break;
      }
      expect(longest).toBeGreaterThan(5); // else the file system was not what it should be
      expect(longest).toBeLessThan(360);
    },
  );

  it("C4 flush ends although others keep writing", async () => {
    const filePath = place();
    const writer = createCoalescingWriter({ filePath });
    let stopped = false;
    const busy = (async () => {
      for (let n = 0; !stopped; n++) await writer.write(`${n}`);
    })();
    const flushed = watch(writer.flush());
    for (let turns = 0; turns < 2000 && flushed.state === "pending"; turns++) {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    stopped = true;
    await busy;
    expect(flushed.state).toBe("fulfilled");
  });
});

describe("C4 failures", () => {
  const failing = (state: { on: boolean }, name = "fsync", fail = "ENOSPC"): FaultPlan => {
    return (call) => (state.on && call.name === name ? { fail, when: "before" } : undefined);
  };
  function failingWriter(
    name?: string,
    fail?: string,
  ): { writer: CoalescingWriter; state: { on: boolean }; filePath: string } {
    const filePath = place();
    writeFileSync(filePath, "before");
    const state = { on: true };
    const { fileSystem } = faultyFileSystem({ plan: failing(state, name, fail) });
    return { writer: createCoalescingWriter({ filePath, fileSystem }), state, filePath };
  }

  it("C4 a failed write rejects, and its content stays to be written by the next flush", async () => {
    const { writer, state, filePath } = failingWriter();
    const error = await rejection(writer.write("dirty"));
    expect(error).toMatchObject({ code: "ENOSPC", effect: "none", path: filePath });
    expect(read(filePath)).toBe("before");
    await expect(writer.flush()).rejects.toMatchObject({ code: "ENOSPC" });
    state.on = false;
    await writer.flush();
    expect(read(filePath)).toBe("dirty");
    await writer.flush();
    expect(readdirSync(join(filePath, "..")).toSorted()).toEqual(["state"]);
  });

  it("C4 the next write covers it, with a newer content", async () => {
    const { writer, state, filePath } = failingWriter();
    await rejection(writer.write("dirty"));
    state.on = false;
    await writer.write("newer");
    expect(read(filePath)).toBe("newer");
    await writer.close();
    expect(read(filePath)).toBe("newer");
  });

  it("C4 flushSync writes it", async () => {
    const { writer, state, filePath } = failingWriter();
    await rejection(writer.write("dirty"));
    expect(() => writer.flushSync()).toThrow("ENOSPC");
    state.on = false;
    writer.flushSync();
    expect(read(filePath)).toBe("dirty");
    await writer.close();
  });

  it("C4 close writes it, fails if that fails, and can be called again", async () => {
    const { writer, state, filePath } = failingWriter();
    await rejection(writer.write("dirty"));
    await expect(writer.close()).rejects.toMatchObject({ code: "ENOSPC" });
    await expect(writer.close()).rejects.toMatchObject({ code: "ENOSPC" });
    await expect(writer.write("more")).rejects.toMatchObject({ code: "ERR_CLOSED" });
    state.on = false;
    await writer.close();
    expect(read(filePath)).toBe("dirty");
    await writer.close();
  });

  it("C4 a failure concerns those whose content it was, not those who came meanwhile", async () => {
    const filePath = place();
    const others: Promise<ReplaceFileReceipt>[] = [];
    const { fileSystem } = faultyFileSystem({
      plan: ({ name }) => {
        if (name !== "write" || others.length > 0) return undefined;
        others.push(writer.write("second"), writer.write("third"));
        return { fail: "EIO", when: "before" };
      },
    });
    const writer = createCoalescingWriter({ filePath, fileSystem });
    expect(await rejection(writer.write("first"))).toMatchObject({ code: "EIO" });
    const receipts = await Promise.all(others);
    expect(receipts[0]).toBe(receipts[1]);
    expect(read(filePath)).toBe("third");
    await writer.close();
  });

  it("C4 a failure that is nobody's to hear does not end the process", async () => {
    const { writer, state } = failingWriter();
    const unheard: unknown[] = [];
    const listener = (reason: unknown): void => void unheard.push(reason);
    process.on("unhandledRejection", listener);
    await rejection(writer.write("dirty"));
    await rejection(writer.flush() as Promise<unknown>);
    await turn();
    await turn();
    process.off("unhandledRejection", listener);
    expect(unheard).toEqual([]);
    state.on = false;
    await writer.close();
  });

  it("C4 in place but not flushed: still to be written", async () => {
    // The directory's flush: the content has its name by then.
    const filePath = place();
    const state = { on: true };
    const { fileSystem, calls } = faultyFileSystem({
      plan: ({ name, path }) =>
        state.on && name === "fsync" && path === join(filePath, "..")
          ? { fail: "EIO", when: "before" }
          : undefined,
    });
    const writer = createCoalescingWriter({ filePath, fileSystem });
    expect(await rejection(writer.write("content"))).toMatchObject({ effect: "complete" });
    state.on = false;
    const before = calls.length;
    await writer.close();
    expect(calls.length).toBeGreaterThan(before);
    expect(read(filePath)).toBe("content");
  });

  it("flush is satisfied by what was asked for, whatever becomes of newer contents", async () => {
    const filePath = place();
    let writes = 0;
    const { fileSystem } = faultyFileSystem({
      plan: ({ name }) =>
        // The one that flush makes succeeds; the one that comes while it is made fails.
        name === "write" && ++writes !== 2 ? { fail: "EIO", when: "before" } : undefined,
    });
    const writer = createCoalescingWriter({ filePath, fileSystem });
    await rejection(writer.write("first"));
    const flushed = writer.flush();
    await turnsUntil(() => writes === 2);
    const later = rejection(writer.write("second"));
    await flushed;
    expect(await later).toMatchObject({ code: "EIO" });
    expect(read(filePath)).toBe("first");
  });
});

describe("C4 closing", () => {
  it("waits for everything under way, the first write and the trailing one", async () => {
    const filePath = place();
    const writer = createCoalescingWriter({ filePath });
    const writes = [writer.write("a"), writer.write("b"), writer.write("c")];
    await writer.close();
    expect(read(filePath)).toBe("c");
    await Promise.all(writes);
  });

  it("a write afterwards is ERR_CLOSED, and touches nothing", async () => {
    const filePath = place();
    const writer = createCoalescingWriter({ filePath });
    await writer.close();
    const error = await rejection(writer.write("late"));
    expect(error).toMatchObject({ code: "ERR_CLOSED", kind: "state", effect: "none", op: "write" });
    writer.flushSync();
    await writer.flush();
    await writer.close();
    expect(existsSync(filePath)).toBe(false);
  });

  it("refuses writes from the moment it is called", async () => {
    const filePath = place();
    const writer = createCoalescingWriter({ filePath });
    const first = writer.write("first");
    const closed = writer.close();
    expect(await rejection(writer.write("late"))).toMatchObject({ code: "ERR_CLOSED" });
    await Promise.all([first, closed]);
    expect(read(filePath)).toBe("first");
  });

  it("waits for a publication that was overtaken, which lands nowhere", async () => {
    const filePath = place();
    let covered: Promise<ReplaceFileReceipt> | undefined;
    let closed: Promise<void> | undefined;
    const { fileSystem, calls } = checkpointFileSystem(({ name, when }) => {
      if (name !== "writeFile" || when !== "after") return;
      covered = writer.write("new");
      writer.flushSync();
      closed = writer.close();
    });
    const writer = createCoalescingWriter({ filePath, fileSystem });
    const overtaken = writer.write("old");
    await turnsUntil(() => closed !== undefined);
    await closed;
    const made = calls.length;
    expect(readdirSync(join(filePath, "..")).toSorted()).toEqual(["state"]);
    await turn();
    await turn();
    expect(calls).toHaveLength(made);
    const receipts: ReplaceFileReceipt[] = await Promise.all([overtaken, covered!]);
    expect(receipts[0]).toBe(receipts[1]);
    expect(receipts[0]).toMatchObject({ bytes: 3 });
    expect(read(filePath)).toBe("new");
  });

  it("disposes by closing", async () => {
    const filePath = place();
    const writer = createCoalescingWriter({ filePath, mode: 0o600 });
    const written = writer.write("content");
    await writer[Symbol.asyncDispose]();
    await written;
    expect(statSync(filePath).mode & 0o777).toBe(0o600);
    await expect(writer.write("late")).rejects.toMatchObject({ code: "ERR_CLOSED" });
  });
});
