/** Waiting for a lock that somebody has. */

// oxlint-disable vitest/expect-expect, vitest/no-conditional-expect -- `lockDir` expects that nothing is left; what is expected differs between platforms
import { describe, expect, it } from "vitest";
import {
  acquireLock,
  acquireLockSync,
  isHoldfastError,
  tryAcquireLock,
  tryAcquireLockSync,
  withLock,
  withLockSync,
} from "../../src/index.ts";
import { forms, lockDir, namesIn } from "./lock-dir.ts";

const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

it("gets it when it is given back", async () => {
  const { target } = lockDir();
  const first = await acquireLock(target);
  const second = acquireLock(target);
  await first.release();
  await (await second).release();
});

it("in the order of the calls, whatever each of them has to follow first", async () => {
  const { target } = lockDir();
  const order: number[] = [];
  await Promise.all(
    Array.from({ length: 20 }, async (_, i) => {
      const lock = await acquireLock(i % 3 === 0 ? target.replace("/file", "/./file") : target);
      order.push(i);
      await lock.release();
    }),
  );
  expect(order).toEqual(Array.from({ length: 20 }, (_, i) => i));
});

it("says who had it when the time is up, and leaves nothing", async () => {
  const { dir, target } = lockDir();
  const holder = await acquireLock(target, { purpose: "the other thing" });
  const error = await failure(acquireLock(target, { timeoutMs: 30 }));
  expect(isHoldfastError(error)).toBe(true);
  expect(error).toMatchObject({
    code: "ERR_LOCK_TIMEOUT",
    effect: "none",
    op: "acquireLock",
    path: target,
    leftovers: [],
    owners: [{ pid: process.pid, purpose: "the other thing", state: "alive", shared: false }],
  });
  const { message, hint } = error as { message: string; hint: string };
  expect(message).toMatch(
    /within 30 ms: this very process has held it for "the other thing" since 2/,
  );
  expect(hint).toMatch(/pass the lock along/);
  expect(namesIn(dir)).toEqual(["file.lock"]);
  await holder.release();
});

it("asks once if there is no time at all", async () => {
  const { target } = lockDir();
  const holder = await acquireLock(target);
  expect(await failure(acquireLock(target, { timeoutMs: 0 }))).toMatchObject({
    code: "ERR_LOCK_TIMEOUT",
  });
  await holder.release();
  await (await acquireLock(target, { timeoutMs: 0 })).release();
});

describe("an abort", () => {
  it("ends the waiting in the queue of this process", async () => {
    const { dir, target } = lockDir();
    const holder = await acquireLock(target);
    const abort = new AbortController();
    const waiting = failure(acquireLock(target, { signal: abort.signal }));
    const behind = acquireLock(target);
    abort.abort(new Error("enough"));
    const error = await waiting;
    expect(error).toMatchObject({ name: "AbortError", code: "ABORT_ERR", effect: "none" });
    expect((error as Error).cause).toMatchObject({ message: "enough" });
    await holder.release();
    await (await behind).release();
    expect(namesIn(dir)).toEqual([]);
  });

  it("ends the waiting for the file system", async () => {
    const { dir, target } = lockDir();
    const holder = acquireLockSync(target); // is in no queue
    const abort = new AbortController();
    const waiting = failure(acquireLock(target, { signal: abort.signal }));
    while (namesIn(dir).length < 2) await new Promise((resolve) => setTimeout(resolve, 2));
    abort.abort();
    expect(await waiting).toMatchObject({ code: "ABORT_ERR" });
    expect(namesIn(dir)).toEqual(["file.lock"]);
    holder.releaseSync();
  });

  it("before the call: nothing is touched", async () => {
    const { target } = lockDir();
    const signal = AbortSignal.abort();
    expect(await failure(acquireLock(target, { signal }))).toMatchObject({ code: "ABORT_ERR" });
  });

  it("afterwards means nothing", async () => {
    const { target } = lockDir();
    const abort = new AbortController();
    const lock = await acquireLock(target, { signal: abort.signal });
    abort.abort();
    lock.assertHeld();
    expect(lock.signal.aborted).toBe(false);
    await lock.release();
  });

  it("at any moment: it has the lock, or nothing is left", async () => {
    const { dir, target } = lockDir();
    for (let ticks = 0; ticks < 40; ticks++) {
      const abort = new AbortController();
      const shared = ticks % 2 === 1;
      const asked = acquireLock(target, { signal: abort.signal, shared }).catch(() => undefined);
      for (let i = 0; i < ticks; i++) await new Promise((resolve) => setImmediate(resolve));
      abort.abort();
      const lock = await asked;
      lock?.assertHeld();
      await lock?.release();
      expect(namesIn(dir)).toEqual([]);
    }
  });
});

describe("asking for what one has (K7)", () => {
  it("inside withLock: at once", async () => {
    const { target } = lockDir();
    await withLock(target, async () => {
      await Promise.resolve();
      for (const shared of [false, true]) {
        expect(await failure(acquireLock(target, { shared, timeoutMs: Infinity }))).toMatchObject({
          code: "ERR_LOCK_HELD",
          effect: "none",
          hint: expect.stringMatching(/pass the one that is held along/),
        });
        expect(await failure(tryAcquireLock(target, { shared }))).toMatchObject({
          code: "ERR_LOCK_HELD",
        });
      }
      expect(() => acquireLockSync(target)).toThrow(/ERR_LOCK_HELD/);
      expect(() => tryAcquireLockSync(target)).toThrow(/ERR_LOCK_HELD/);
    });
  });

  it("inside lock.run, under another spelling, and of a shared one", async () => {
    const { dir, target } = lockDir();
    const lock = await acquireLock(target);
    const spelling = `${dir}/../${dir.split("/").at(-1)!}/file`;
    expect(await lock.run(() => failure(acquireLock(spelling)))).toMatchObject({
      code: "ERR_LOCK_HELD",
    });
    await lock.release();
    const shared = await acquireLock(target, { shared: true });
    for (const path of [target, spelling]) {
      expect(await shared.run(() => failure(acquireLock(path)))).toMatchObject({
        code: "ERR_LOCK_HELD",
      });
    }
    await shared.release();
  });

  it("inside withLockSync", () => {
    const { target } = lockDir();
    withLockSync(target, () => {
      expect(() => acquireLockSync(target)).toThrow(/ERR_LOCK_HELD/);
    });
  });

  it("another lock, or the same when it has been given back: not that", async () => {
    const { target } = lockDir();
    const lock = await acquireLock(target);
    await lock.run(async () => {
      await (await acquireLock(`${target}2`)).release();
      await lock.release();
      await (await acquireLock(target)).release();
    });
  });

  it("what does not follow from it waits for its turn", async () => {
    const { target } = lockDir();
    let outside: Promise<unknown> | undefined;
    const start = (): void => {
      outside = acquireLock(target).then((lock) => lock.release());
    };
    const began = new Promise<void>((resolve) => {
      setTimeout(() => {
        start();
        resolve();
      }, 1);
    });
    await withLock(target, () => began);
    await outside;
  });

  it("synchronously, while this thread holds it: it could not be given back meanwhile", async () => {
    const { target } = lockDir();
    for (const shared of [false, true]) {
      const lock = await acquireLock(target, { shared });
      expect(() => acquireLockSync(target, { timeoutMs: Infinity })).toThrow(
        expect.objectContaining({ code: "ERR_LOCK_HELD", op: "acquireLockSync" }),
      );
      expect(tryAcquireLockSync(target)).toBeUndefined();
      await lock.release();
    }
  });
});

it.each(forms)("$form: many one after the other", async ({ acquire, release }) => {
  const { target } = lockDir();
  for (let i = 0; i < 50; i++) await release(await acquire(target));
});
