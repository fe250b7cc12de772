/** Holding a lock while a function runs. */

// oxlint-disable vitest/expect-expect, vitest/no-conditional-expect -- `lockDir` expects that nothing is left; what is expected differs between platforms
import { unlinkSync } from "node:fs";
import { expect, it } from "vitest";
import { faultyFileSystem } from "../../../atomic/test/support/faulty-file-system.ts";
import { acquireLock, type Lock, withLock, withLockSync } from "../../src/index.ts";
import { lockDir, namesIn } from "./lock-dir.ts";

it("gives the function the lock, and returns what it returns", async () => {
  const { dir, target } = lockDir();
  const seen: Lock[] = [];
  const work = (lock: Lock): string => {
    seen.push(lock);
    lock.assertHeld();
    expect(namesIn(dir)).toEqual(["file.lock"]);
    return "result";
  };
  expect(await withLock(target, work)).toBe("result");
  expect(await withLock(target, async (lock) => work(lock))).toBe("result");
  expect(withLockSync(target, work)).toBe("result");
  expect(namesIn(dir)).toEqual([]);
  for (const lock of seen) expect(() => lock.assertHeld()).toThrow(/ERR_CLOSED/);
});

it("what the function throws comes through as it is, and the lock is given back", async () => {
  const { dir, target } = lockDir();
  for (const thrown of [new Error("mine"), undefined, "text"]) {
    await expect(withLock(target, () => Promise.reject(thrown))).rejects.toBe(thrown);
    const throwing = (): never => {
      throw thrown;
    };
    await expect(withLock(target, throwing)).rejects.toBe(thrown);
    let caught: unknown = "nothing";
    try {
      withLockSync(target, throwing);
    } catch (error) {
      caught = error;
    }
    expect(caught).toBe(thrown);
    expect(namesIn(dir)).toEqual([]);
  }
});

it("a function that gave it back itself", async () => {
  const { target } = lockDir();
  await withLock(target, (lock) => lock.release());
  withLockSync(target, (lock) => lock.releaseSync());
});

it("a counter", async () => {
  const { target } = lockDir();
  let counter = 0;
  await Promise.all(
    Array.from({ length: 30 }, () =>
      withLock(target, async () => {
        const before = counter;
        await new Promise((resolve) => setImmediate(resolve));
        counter = before + 1;
      }),
    ),
  );
  expect(counter).toBe(30);
});

it("a lock that cannot be given back: told, and others in this process get it", async () => {
  const { target } = lockDir();
  let failing = false;
  const faulty = faultyFileSystem({
    plan: ({ name, path }) =>
      failing && name === "unlink" && path.endsWith(".lock")
        ? { fail: "EIO", when: "before" }
        : undefined,
  });
  const { fileSystem } = faulty;
  const lock = await acquireLock(target, { fileSystem });
  failing = true;
  await expect(lock.release()).rejects.toMatchObject({
    code: "EIO",
    op: "lock.release",
    effect: "none",
    leftovers: [`${target}.lock`],
  });
  expect(faulty.openHandles()).toEqual([]);
  await expect(lock.release()).rejects.toMatchObject({ code: "EIO" });
  failing = false;
  // The same thread knows that nobody holds it.
  const next = await acquireLock(target);
  await lock.release();
  next.assertHeld();
  await next.release();

  const again = await acquireLock(target, { fileSystem });
  failing = true;
  expect(() => again.releaseSync()).toThrow(expect.objectContaining({ code: "EIO" }));
  failing = false;
  await again.release();
  await again.release();

  failing = true;
  await expect(withLock(target, () => "done", { fileSystem })).rejects.toMatchObject({
    code: "EIO",
  });
  await expect(
    withLock(target, () => Promise.reject(new Error("mine")), { fileSystem, timeoutMs: 0 }),
  ).rejects.toMatchObject({ code: "EIO" }); // taking over needs the same call
  failing = false;
  await expect(
    withLock(target, () => Promise.reject(new Error("mine")), { fileSystem }),
  ).rejects.toThrow(/^mine$/);
  expect(() => unlinkSync(`${target}.lock`)).toThrow(/ENOENT/);
});

it("a synchronous one whose function returns a promise does not compile, and is refused after it ran", () => {
  const { dir, target } = lockDir();
  const fine = [
    withLockSync(target, (lock) => lock.path),
    withLockSync(target, (): unknown => 1),
    // oxlint-disable-next-line typescript/no-unsafe-return -- what is tested
    withLockSync(target, () => JSON.parse("2")),
  ] as const;
  expect(fine).toEqual([target, 1, 2]);
  const typed: string = fine[0];
  expect(typed).toBe(target);
  withLockSync(target, () => {});
  let ran = false;
  const wrong = async (): Promise<void> => {
    ran = true;
  };
  // @ts-expect-error -- the lock would be given back before the promise settles
  expect(() => withLockSync(target, wrong)).toThrow(
    expect.objectContaining({ code: "ERR_INVALID_ARG" }),
  );
  expect(ran).toBe(true);
  expect(namesIn(dir)).toEqual([]);
  const late = /returned a promise/;
  // @ts-expect-error -- the same
  expect(() => withLockSync(target, (lock) => Promise.resolve(lock.path))).toThrow(late);
  const perhaps = (): number | Promise<number> => Promise.resolve(1);
  // @ts-expect-error -- it may be one
  expect(() => withLockSync(target, perhaps)).toThrow(late);
});
