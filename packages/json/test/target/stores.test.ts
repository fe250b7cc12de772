/** Documents that are no files: in anything that is read and replaced as a whole. */

import { AsyncLocalStorage } from "node:async_hooks";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { HoldfastError } from "@holdfast/fs";
import {
  readJson,
  updateJson,
  updateJsonSync,
  writeJson,
  type ByteStore,
} from "../../src/index.ts";
import { asynchronous, endOf, halves, synchronous, type Ended } from "../document/support/twice.ts";

/** A store in memory, with a lock of its own, that notes down what it is asked for. */
class Memory implements ByteStore {
  readonly name = "memory";
  content: Uint8Array | undefined;
  readonly calls: string[] = [];
  private tail: Promise<unknown> = Promise.resolve();
  private readonly inside = new AsyncLocalStorage<boolean>();

  constructor(text?: string) {
    if (text !== undefined) this.content = Buffer.from(text);
  }
  get text(): string | undefined {
    return this.content === undefined ? undefined : Buffer.from(this.content).toString();
  }
  async read(): Promise<Uint8Array | undefined> {
    return this.readSync();
  }
  async replace(content: Uint8Array): Promise<void> {
    this.replaceSync(content);
  }
  readSync(): Uint8Array | undefined {
    this.calls.push("read");
    return this.content;
  }
  replaceSync(content: Uint8Array): void {
    this.calls.push("replace");
    this.content = content;
  }
  async exclusively<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.inside.getStore() === true) throw new Error("you are inside already");
    const mine = this.tail.then(async () => {
      this.calls.push("enter");
      try {
        return await this.inside.run(true, work);
      } catch (error) {
        this.calls.push("fail");
        throw error;
      } finally {
        this.calls.push("leave");
      }
    });
    this.tail = mine.catch(() => {});
    return await mine;
  }
  exclusivelySync<Result>(work: () => Result): Result {
    this.calls.push("enter");
    try {
      return work();
    } catch (error) {
      this.calls.push("fail");
      throw error;
    } finally {
      this.calls.push("leave");
    }
  }
}

describe.each(halves)("a document in a store of bytes, $half", (json) => {
  it("is read, written and updated", async () => {
    const store = new Memory();
    expect(await json.readJsonIfExists(store)).toBeUndefined();
    expect(await json.writeJson(store, { n: 1 })).toBeUndefined();
    expect(await json.updateJson(store, ({ n }: { n: number }) => ({ n: n + 1 }))).toEqual({
      n: 2,
    });
    expect(await json.readJson(store)).toEqual({ n: 2 });
    expect(store.calls.slice(2, 6)).toEqual(["enter", "read", "replace", "leave"]);
  });

  it("is not there, is no JSON, is too long", async () => {
    const missing = await endOf(() => json.readJson(new Memory()));
    expect(missing.error).toMatchObject({ code: "ENOENT", path: "memory" });
    const wrong = await endOf(() => json.readJson(new Memory("[1")));
    expect(wrong.error).toMatchObject({ code: "ERR_JSON_SYNTAX", excerpt: expect.anything() });
    const long = await endOf(() => json.readJson(new Memory("12345"), { maxBytes: 4 }));
    expect(long.error).toMatchObject({ code: "ERR_TOO_LARGE", effect: "none" });
  });

  it("J3 stays as it is where fn or a check fails, and the store is told so", async () => {
    const store = new Memory("1");
    const thrown = new Error("mine");
    const throwing = (): never => {
      throw thrown;
    };
    expect((await endOf(() => json.updateJson(store, throwing))).error).toBe(thrown);
    const invalid = await endOf(() =>
      json.updateJson(store, () => 2, {
        validate: (value: unknown) => {
          if (value === 2) throw new Error("no");
          return value;
        },
      }),
    );
    expect(invalid.error).toMatchObject({ code: "ERR_JSON_INVALID", effect: "none" });
    expect(store.text).toBe("1");
    const failed = ["enter", "read", "fail", "leave"];
    expect(store.calls).toEqual([...failed, ...failed]);
  });

  it("says what the store says of a failure, or that it does not know", async () => {
    const failing = (error: Error): ByteStore => {
      const store = new Memory("1");
      return Object.assign(store, {
        replace: () => Promise.reject(error),
        replaceSync: () => {
          throw error;
        },
      });
    };
    const theirs = new Error("the server is gone");
    for (const call of [
      (store: ByteStore) => json.writeJson(store, 2),
      (store: ByteStore) => json.updateJson(store, () => 2),
    ]) {
      const unknown = await endOf(() => call(failing(theirs)));
      expect(unknown.error).toMatchObject({ code: "UNKNOWN", effect: "unknown", cause: theirs });
      const known = new HoldfastError({ code: "ENOSPC", op: "put", effect: "none" });
      const told = await endOf(() => call(failing(known)));
      expect(told.error).toMatchObject({ code: "ENOSPC", effect: "none" });
    }
  });

  it("is not believed where it gives no bytes, or does not do what it was given", async () => {
    const strange = Object.assign(new Memory(), {
      read: async () => "1" as never,
      readSync: () => "1" as never,
    });
    const read = await endOf(() => json.readJson(strange));
    expect(read.error).toMatchObject({ code: "ERR_CONTENT_SOURCE", effect: "none" });
    const idle = Object.assign(new Memory("1"), {
      exclusively: async () => undefined as never,
      exclusivelySync: () => undefined as never,
    });
    const updated = await endOf(() => json.updateJson(idle, () => 2));
    expect(updated.error).toMatchObject({ code: "ERR_CONTENT_SOURCE", effect: "none" });
    expect(idle.text).toBe("1");
  });

  it("lets through what the store throws instead of letting anybody in", async () => {
    const closed = new Error("closed");
    const store = Object.assign(new Memory("1"), {
      exclusively: () => Promise.reject(closed),
      exclusivelySync: () => {
        throw closed;
      },
    });
    const { error } = await endOf(() => json.updateJson(store, () => 2));
    expect(error).toMatchObject({ cause: closed, effect: "none" });
  });

  it("says that it was written where the store fails only afterwards", async () => {
    const after = new Error("the lock could not be given back");
    const store = new Memory("1");
    const failing: ByteStore = Object.assign(store, {
      exclusively: async (work: () => Promise<unknown>) => {
        await work();
        throw after;
      },
      exclusivelySync: (work: () => unknown) => {
        work();
        throw after;
      },
    });
    const { error } = await endOf(() => json.updateJson(failing, () => 2));
    expect(error).toMatchObject({ cause: after, effect: "complete" });
    expect(store.text).toBe("2\n");
  });
});

describe("an asynchronous store of bytes", () => {
  it("gets the updates one by one, in the order of the calls", async () => {
    const store = new Memory("[]");
    const calls = Array.from({ length: 20 }, (_, i) =>
      updateJson<number[]>(store, async (list = []) => {
        if (i % 3 === 0) await delay(1);
        return [...list, i];
      }),
    );
    await Promise.all(calls);
    expect(JSON.parse(store.text!)).toEqual(Array.from(calls, (_, i) => i));
  });

  it("can tell by the context of fn who is inside", async () => {
    const store = new Memory("1");
    const nested = (): Promise<unknown> => updateJson(store, () => updateJson(store, () => 2));
    const { error } = await endOf(nested);
    expect(error?.message).toContain("UNKNOWN");
    expect(error?.cause).toMatchObject({ message: "you are inside already" });
    expect(store.text).toBe("1");
  });

  it("is not entered by a call whose signal came before its turn", async () => {
    const store = new Memory("1");
    let release!: () => void;
    const holder = store.exclusively(() => new Promise<void>((resolve) => (release = resolve)));
    const controller = new AbortController();
    let ran = false;
    const fn = (): number => {
      ran = true;
      return 2;
    };
    const ended: Promise<Ended> = endOf(() => updateJson(store, fn, { signal: controller.signal }));
    await delay(1);
    controller.abort("enough");
    expect((await ended).error).toMatchObject({ name: "AbortError", effect: "none" });
    release();
    await holder;
    expect(await updateJson<number>(store, (n = 0) => n + 1)).toBe(2);
    expect(ran).toBe(false);
  });

  it("is not asked to write where the signal came before", async () => {
    const store = new Memory("1");
    const signal = AbortSignal.abort("enough");
    const { error } = await endOf(() => writeJson(store, 2, { signal }));
    expect(error).toMatchObject({ name: "AbortError", effect: "none" });
    expect(store.calls).toEqual([]);
  });

  it("need have no more than what is used of it", async () => {
    expect(await readJson({ read: async () => Buffer.from("7") })).toBe(7);
    let written = "";
    const replace = async (content: Uint8Array): Promise<void> => {
      written = Buffer.from(content).toString();
    };
    await writeJson({ replace }, 7);
    expect(written).toBe("7\n");
    const half = new Memory("1");
    expect(updateJsonSync(half, () => 2)).toBe(2);
    expect([asynchronous.half, synchronous.half]).toEqual(["async", "sync"]);
  });
});
