/** What the functions of a call do with the store that is waiting for them, and what exit handlers do. */

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { openJsonStore, type JsonStore } from "../../src/index.ts";
import { failureOf, name, tempDir } from "./forms.ts";

interface Count {
  n: number;
}

const defaults: Count = { n: 0 };
const open = (path = join(tempDir(), name)): Promise<JsonStore<Count>> =>
  openJsonStore({ path, defaults });

function deferred(): { promise: Promise<void>; resolve: (value?: Promise<void>) => void } {
  let resolve!: (value?: Promise<void>) => void;
  const promise = new Promise<void>((resolved) => {
    resolve = resolved as typeof resolve;
  });
  return { promise, resolve };
}

/** The store is free and open: nothing waits for itself. */
async function isUsable(store: JsonStore<Count>): Promise<void> {
  await store.update((draft) => void draft.n++);
  await store.close();
  expect(await failureOf(store.update(() => {}))).toMatchObject({ code: "ERR_CLOSED" });
}

describe("close, inside of a function that a call of the store waits for", () => {
  it.each(["close", "dispose"] as const)("of an update, %s", async (way) => {
    const store = await open();
    const inside: unknown[] = [];
    await store.update(async (draft) => {
      draft.n = 1;
      await delay(1);
      const closing =
        way === "close" ? store.close() : Promise.resolve(store[Symbol.asyncDispose]());
      inside.push(await failureOf(closing));
    });
    expect(inside).toMatchObject([{ code: "ERR_LOCK_HELD", effect: "none", op: "close" }]);
    expect((inside[0] as Error).message).toMatch(/after that call has ended/);
    expect(store.get()).toEqual({ n: 1 });
    await isUsable(store);
  });

  it("of an update that does not catch it: it fails with that", async () => {
    const store = await open();
    const error = await failureOf(store.update(() => store.close()));
    expect(error).toMatchObject({ code: "ERR_LOCK_HELD", op: "close" });
    await isUsable(store);
  });

  it("of a migration, when it is reloaded", async () => {
    const path = join(tempDir(), name);
    const inside: unknown[] = [];
    let opened: JsonStore<Count> | undefined;
    const store = await openJsonStore<Count>({
      path,
      defaults,
      version: 2,
      migrations: {
        2: async (value) => {
          inside.push(await failureOf(opened!.close()));
          return value;
        },
      },
    });
    opened = store;
    writeFileSync(path, '{"$version":1,"n":4}');
    await store.reload();
    expect(inside).toMatchObject([{ code: "ERR_LOCK_HELD" }]);
    expect(store.get()).toEqual({ n: 4 });
    await isUsable(store);
  });

  it("of a schema, in a reset", async () => {
    const inside: unknown[] = [];
    let opened: JsonStore<Count> | undefined;
    const store = await openJsonStore({
      path: join(tempDir(), name),
      defaults,
      schema: async (value: unknown): Promise<Count> => {
        if (opened !== undefined) inside.push(await failureOf(opened.close()));
        return value as Count;
      },
    });
    opened = store;
    await store.reset();
    opened = undefined;
    expect(inside).toMatchObject([{ code: "ERR_LOCK_HELD" }]);
    await isUsable(store);
  });

  it("of an update inside of an update of another store", async () => {
    const [outer, inner] = [await open(), await open()];
    const inside: unknown[] = [];
    await outer.update(async () => {
      await inner.update(async () => {
        inside.push(await failureOf(outer.close()), await failureOf(inner.close()));
      });
      // Nobody waits for this one any more.
      await inner.close();
    });
    expect(inside).toMatchObject([{ code: "ERR_LOCK_HELD" }, { code: "ERR_LOCK_HELD" }]);
    await isUsable(outer);
  });

  it("is no longer inside what an ended call has left behind", async () => {
    const store = await open();
    let later: Promise<void> | undefined;
    await store.update((draft) => {
      draft.n = 3;
      later = delay(5).then(() => store.close());
    });
    await later;
    expect(await failureOf(store.reload())).toMatchObject({ code: "ERR_CLOSED" });
  });

  it("from elsewhere waits for an update, whatever that does", async () => {
    const store = await open();
    const go = deferred();
    const updating = store.update(async (draft) => {
      await go.promise;
      draft.n = 7;
    });
    const closing = store.close();
    go.resolve();
    await closing;
    expect(await updating).toEqual({ n: 7 });
  });

  it("is done by a listener, after the lock was given back", async () => {
    const path = join(tempDir(), name);
    const closed = deferred();
    const store: JsonStore<Count> = await openJsonStore({
      path,
      defaults,
      onChange: () => closed.resolve(store.close()),
    });
    writeFileSync(path, '{"n":5}');
    await store.update((draft) => void draft.n++);
    await closed.promise;
    expect(JSON.parse(readFileSync(path, "utf8"))).toEqual({ n: 6 });
  });
});

describe("an update inside of an update", () => {
  it("says in words of a store what is wrong", async () => {
    const store = await open();
    const inside: unknown[] = [];
    await store.update(async () => {
      inside.push(await failureOf(store.update(() => {})));
      inside.push(await failureOf((async () => store.updateSync(() => {}))()));
    });
    store.updateSync(() => {
      try {
        store.updateSync(() => {});
      } catch (error) {
        inside.push(error);
      }
    });
    expect(inside).toHaveLength(3);
    for (const error of inside) {
      expect(error).toMatchObject({ code: "ERR_LOCK_HELD", effect: "none" });
      expect((error as Error).message).toMatch(/Make the change on the draft/);
    }
    await isUsable(store);
  });
});

describe("a synchronous call", () => {
  it("while an asynchronous one is under way says so", async () => {
    const store = await open();
    const begun = deferred();
    const go = deferred();
    const updating = store.update(async (draft) => {
      begun.resolve();
      await go.promise;
      draft.n = 7;
    });
    await begun.promise;
    const error = await failureOf((async () => store.updateSync((draft) => void draft.n++))());
    expect(error).toMatchObject({ code: "ERR_LOCK_HELD", effect: "none", op: "updateSync" });
    expect((error as Error).message).toMatch(
      /another call of this store is under way.*exit handler/,
    );
    go.resolve();
    await updating;
    expect(store.updateSync((draft) => void draft.n++)).toEqual({ n: 8 });
  });
});
