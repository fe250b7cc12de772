/** Many who share, or one who does not. */

// oxlint-disable vitest/expect-expect, vitest/no-conditional-expect -- `lockDir` expects that nothing is left; what is expected differs between platforms
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { acquireLock, tryAcquireLock } from "../../src/index.ts";
import { forms, lockDir, namesIn, until } from "./lock-dir.ts";

describe.each(forms)("$form", ({ acquire, tryAcquire, inspect, release }) => {
  it("many share it, and keep out who does not", async () => {
    const { target } = lockDir();
    const a = await acquire(target, { shared: true });
    const b = await acquire(target, { shared: true });
    expect(readdirSync(`${target}.lock.shared`)).toHaveLength(2);
    expect(await tryAcquire(target)).toBeUndefined();
    const { held, owners } = await inspect(target);
    expect(held).toBe(true);
    expect(owners.map(({ shared, state }) => [shared, state])).toEqual([
      [true, "alive"],
      [true, "alive"],
    ]);
    await release(a);
    b.assertHeld();
    expect(await tryAcquire(target)).toBeUndefined();
    await release(b);
    const alone = await tryAcquire(target);
    expect(await tryAcquire(target, { shared: true })).toBeUndefined();
    await release(alone!);
  });

  it("a file where the directory of the shares was: it is lost, and nothing is left", async () => {
    const { target } = lockDir();
    const shares = `${target}.lock.shared`;
    const lock = await acquire(target, { shared: true });
    rmSync(shares, { recursive: true });
    writeFileSync(shares, "");
    await release(lock);
    expect(lock.signal.aborted).toBe(true);
    const another = await acquire(target, { shared: true }).catch((error: unknown) => error);
    expect(another).toMatchObject({ code: "ERR_NOT_FILE", leftovers: [] });
    rmSync(shares);
  });

  it("a directory of shares that is empty hinders nobody, and goes", async () => {
    const { target } = lockDir();
    mkdirSync(`${target}.lock.shared`);
    await release(await acquire(target));
  });
});

it("whoever waits for it alone keeps out those who come later", async () => {
  const { target } = lockDir();
  const reader = await acquireLock(target, { shared: true });
  const order: string[] = [];
  const writer = acquireLock(target).then((lock) => {
    order.push("writer");
    return lock.release();
  });
  await until(() => namesIn(target.replace(/file$/, "")).includes("file.lock"));
  expect(await tryAcquireLock(target, { shared: true })).toBeUndefined();
  const late = acquireLock(target, { shared: true }).then((lock) => {
    order.push("late reader");
    return lock.release();
  });
  await reader.release();
  await Promise.all([writer, late]);
  expect(order).toEqual(["writer", "late reader"]);
});

it("a writer that gives up lets them in again", async () => {
  const { dir, target } = lockDir();
  const reader = await acquireLock(target, { shared: true });
  await expect(acquireLock(target, { timeoutMs: 20 })).rejects.toMatchObject({
    code: "ERR_LOCK_TIMEOUT",
    owners: [{ shared: true, pid: process.pid }],
  });
  const another = await acquireLock(target, { shared: true });
  await another.release();
  await reader.release();
  expect(namesIn(dir)).toEqual([]);
});

it("many readers and writers: never a writer and anybody else", async () => {
  const { target } = lockDir();
  let readers = 0;
  let writers = 0;
  await Promise.all(
    Array.from({ length: 40 }, async (_, i) => {
      const shared = i % 4 !== 0;
      const lock = await acquireLock(target, { shared, retry: { minMs: 1, maxMs: 5 } });
      if (shared) readers++;
      else writers++;
      expect(writers).toBeLessThanOrEqual(1);
      if (writers === 1) expect(readers).toBe(0);
      await new Promise((resolve) => setImmediate(resolve));
      if (shared) readers--;
      else writers--;
      await lock.release();
    }),
  );
});
