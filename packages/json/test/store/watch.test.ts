/** Changes by others are seen, each once; what cannot be read is told, once, and the value stays. */

import { renameSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import * as nodeFs from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type HoldfastError, type JsonStore, writeJsonSync } from "../../src/index.ts";
import { forms, name, tempDir } from "./forms.ts";

vi.setConfig({ testTimeout: 60_000 });

interface Count {
  n: number;
}

const rejections: unknown[] = [];
const note = (reason: unknown): void => void rejections.push(reason);
beforeAll(() => void process.on("unhandledRejection", note));
afterAll(() => {
  process.off("unhandledRejection", note);
  if (rejections.length > 0) throw new Error("unhandled rejections", { cause: rejections });
});

const eventually = (check: () => void): Promise<void> =>
  vi.waitFor(check, { timeout: 30_000, interval: 5 });

/** So many looks at the file that whatever is to be seen was seen. */
async function looks(times = 6): Promise<void> {
  for (let look = 0; look < times; look++) await delay(interval * 2);
}

const interval = 10;

describe.each(forms)("watching, $form", ({ open, update, isRoot }) => {
  async function watched(
    dir: string,
    more: object = {},
  ): Promise<{ store: JsonStore<Count>; told: Count[][]; errors: HoldfastError[] }> {
    const told: Count[][] = [];
    const errors: HoldfastError[] = [];
    const store = await open<Count>(dir, {
      defaults: { n: 0 },
      watch: interval,
      onChange: (...values) => void told.push(values),
      onError: (error) => void errors.push(error),
      ...more,
    });
    return { store, told, errors };
  }

  it("J4 sees a change by another process: in place, by a new file, and by a new file of that name", async () => {
    const dir = tempDir();
    const path = join(dir, name);
    const { store, told, errors } = await watched(dir);
    writeFileSync(path, '{"n":1}');
    await eventually(() => expect(store.get()).toEqual({ n: 1 }));
    writeFileSync(path, '{"n":2}');
    await eventually(() => expect(store.get()).toEqual({ n: 2 }));
    writeJsonSync(path, { n: 3 });
    await eventually(() => expect(store.get()).toEqual({ n: 3 }));
    writeFileSync(`${path}.new`, '{"n":4}');
    renameSync(`${path}.new`, path);
    await eventually(() => expect(store.get()).toEqual({ n: 4 }));
    await looks();
    expect(told).toEqual([
      [{ n: 1 }, { n: 0 }],
      [{ n: 2 }, { n: 1 }],
      [{ n: 3 }, { n: 2 }],
      [{ n: 4 }, { n: 3 }],
    ]);
    expect(errors).toEqual([]);
    expect(Object.isFrozen(store.get())).toBe(true);
  });

  it("tells nothing of its own writes, nor of a file that says the same", async () => {
    const dir = tempDir();
    const { store, told, errors } = await watched(dir, { backups: 1 });
    for (let times = 0; times < 5; times++) {
      await update(store, (draft) => void draft.n++);
      await delay(interval);
    }
    writeFileSync(join(dir, name), '\n{"n":   5}');
    await looks();
    expect(told).toEqual([]);
    expect(errors).toEqual([]);
    expect(store.get()).toEqual({ n: 5 });
  });

  it("tells once that the file is gone, keeps the value, and goes on when there is another", async () => {
    const dir = tempDir();
    const path = join(dir, name);
    writeFileSync(path, '{"n":1}');
    const { store, told, errors } = await watched(dir);
    await looks(2);
    unlinkSync(path);
    await eventually(() => expect(errors).toHaveLength(1));
    await looks();
    expect(errors).toMatchObject([{ code: "ENOENT", effect: "none", op: "watch" }]);
    expect(store.get()).toEqual({ n: 1 });
    expect(told).toEqual([]);
    writeFileSync(path, '{"n":2}');
    await eventually(() => expect(told).toEqual([[{ n: 2 }, { n: 1 }]]));
    rmSync(path);
    await eventually(() => expect(errors).toHaveLength(2));
  });

  it("does not call a file gone that never was", async () => {
    const dir = tempDir();
    const { store, told, errors } = await watched(dir);
    await looks();
    expect([told, errors]).toEqual([[], []]);
    writeFileSync(join(dir, name), '{"n":1}');
    await eventually(() => expect(store.get()).toEqual({ n: 1 }));
  });

  it("tells once of what is corrupt, keeps the value, and changes nothing", async () => {
    const dir = tempDir();
    const path = join(dir, name);
    writeFileSync(path, '{"n":1}');
    const { store, told, errors } = await watched(dir, { onCorrupt: "quarantine" });
    writeFileSync(path, "{ torn");
    await eventually(() => expect(errors).toHaveLength(1));
    await looks();
    expect(errors).toMatchObject([{ code: "ERR_JSON_SYNTAX" }]);
    expect(store.get()).toEqual({ n: 1 });
    expect(nodeFs.readdirSync(dir)).toEqual([name]);
    writeFileSync(path, '{"n":3}');
    await eventually(() => expect(told).toEqual([[{ n: 3 }, { n: 1 }]]));
    expect(errors).toHaveLength(1);
  });

  it("takes a file that is torn for a moment for what it becomes", async () => {
    const dir = tempDir();
    const path = join(dir, name);
    writeFileSync(path, '{"n":1}');
    const { store, told, errors } = await watched(dir);
    await looks(2);
    // Each state is another one, as of a writer that goes on: none of them is seen twice.
    const whole = `{"n":2,${" ".repeat(40)}"m":1}`;
    const writer = setInterval(() => {
      const torn = whole.slice(0, 5 + (Date.now() % 35));
      writeFileSync(path, torn + "#".repeat(Math.floor(Math.random() * 1000)));
    }, 1);
    await looks(10);
    clearInterval(writer);
    writeFileSync(path, '{"n":2}');
    await eventually(() => expect(store.get()).toEqual({ n: 2 }));
    expect(told).toEqual([[{ n: 2 }, { n: 1 }]]);
    // A loaded machine may stop the writer for as long as two looks take.
    expect(errors.length).toBeLessThan(5);
  });

  it("ends with close", async () => {
    const dir = tempDir();
    const path = join(dir, name);
    writeFileSync(path, '{"n":1}');
    const { store, told, errors } = await watched(dir);
    await looks(2);
    await store.close();
    writeFileSync(path, '{"n":2}');
    await looks();
    unlinkSync(path);
    await looks();
    expect(store.get()).toEqual({ n: 1 });
    expect([told, errors]).toEqual([[], []]);
  });

  it("shows what an older program wrote, and leaves migrating it to whoever writes", async () => {
    const dir = tempDir();
    const path = join(dir, name);
    const { store } = await watched(dir, {
      version: 2,
      migrations: { 2: (value: unknown) => ({ n: (value as { old: number }).old }) },
    });
    writeFileSync(path, '{"$version":1,"old":7}');
    await eventually(() => expect(store.get()).toEqual({ n: 7 }));
    expect(nodeFs.readFileSync(path, "utf8")).toBe('{"$version":1,"old":7}');
    await update(store, (draft) => void draft.n++);
    expect(JSON.parse(nodeFs.readFileSync(path, "utf8"))).toEqual({ $version: 2, n: 8 });
  });

  it("throws what a listener throws where everybody hears of it, and goes on", async () => {
    const dir = tempDir();
    const path = join(dir, name);
    const thrown: unknown[] = [];
    const before = process.listeners("uncaughtException");
    process.removeAllListeners("uncaughtException");
    process.on("uncaughtException", (error) => void thrown.push(error));
    try {
      const { store } = await watched(dir, {
        onChange: () => {
          throw new Error("mine");
        },
      });
      for (const n of [1, 2]) {
        writeFileSync(path, `{"n":${n}}`);
        await eventually(() => expect(store.get()).toEqual({ n }));
        await eventually(() => expect(thrown).toHaveLength(n));
      }
      expect(thrown[0]).toMatchObject({ message: "mine" });
    } finally {
      process.removeAllListeners("uncaughtException");
      for (const listener of before) process.on("uncaughtException", listener);
    }
  });

  it.runIf(!isRoot)("tells once of an error of the device, and hears when it is over", async () => {
    const dir = tempDir();
    const path = join(dir, name);
    writeFileSync(path, '{"n":1}');
    let isFailing = false;
    const failing = (): void => {
      if (isFailing)
        throw Object.assign(new Error("EIO: i/o error, open"), { code: "EIO", syscall: "open" });
    };
    const fileSystem = {
      ...nodeFs,
      openSync: ((...args: Parameters<typeof nodeFs.openSync>) => {
        failing();
        return nodeFs.openSync(...args);
      }) as typeof nodeFs.openSync,
      promises: {
        ...nodeFs.promises,
        open: (async (...args: Parameters<typeof nodeFs.promises.open>) => {
          failing();
          return await nodeFs.promises.open(...args);
        }) as typeof nodeFs.promises.open,
      },
    };
    const { store, told, errors } = await watched(dir, { fileSystem });
    await looks(2);
    isFailing = true;
    writeFileSync(path, '{"n":2}');
    await eventually(() => expect(errors).toHaveLength(1));
    await looks();
    expect(errors).toMatchObject([{ code: "EIO" }]);
    isFailing = false;
    await eventually(() => expect(told).toEqual([[{ n: 2 }, { n: 1 }]]));
    expect(store.get()).toEqual({ n: 2 });
  });
});
