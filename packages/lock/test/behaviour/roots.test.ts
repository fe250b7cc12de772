/** Locks of paths in a root. */

import { linkSync, mkdirSync, writeFileSync } from "node:fs";
import { isHoldfastError } from "@holdfast/fs";
import { openRoot, type Root, type RootOptions } from "@holdfast/root";
import { expect, it, onTestFinished } from "vitest";
import {
  acquireLock,
  acquireLockSync,
  inspectLock,
  inspectLockSync,
  tryAcquireLock,
  tryAcquireLockSync,
  withLock,
  withLockSync,
} from "../../src/index.ts";
import { lockDir, namesIn, recordText } from "./lock-dir.ts";

async function rootOf(dir: string, options: RootOptions = {}): Promise<Root> {
  const root = await openRoot(dir, options);
  onTestFinished(() => root.close());
  return root;
}

it("one lock for a path in a root and for its absolute path", async () => {
  const { dir, target } = lockDir("sub");
  mkdirSync(`${dir}/sub`);
  const root = await rootOf(dir);
  for (const [path, outside] of [
    ["file", target],
    ["sub/file", `${dir}/sub/file`],
  ] as const) {
    for (const shared of [false, true]) {
      const lock = await acquireLock({ root, path }, { purpose: "in a root", shared });
      expect(lock.path).toBe(path);
      lock.assertHeld();
      expect(await tryAcquireLock(outside)).toBeUndefined();
      expect(await inspectLock({ root, path })).toMatchObject({
        held: true,
        owners: [{ purpose: "in a root", state: expect.any(String), shared }],
      });
      await lock.release();
    }
    const outer = await acquireLock(outside);
    expect(await tryAcquireLock({ root, path })).toBeUndefined();
    await outer.release();
    expect(await withLock({ root, path }, (lock) => lock.path)).toBe(path);
  }
});

it.each([false, true])(
  "who was killed while its entry had two names keeps nobody out (shared: %s)",
  async (shared) => {
    const { dir, target } = lockDir();
    const nonce = "0123456789abcdef".repeat(2);
    const nobody = 4_194_305; // above the largest pid that Linux gives out (PID_MAX_LIMIT)
    const ownName = `${target}.lock.${nonce}.tmp`;
    writeFileSync(ownName, recordText({ nonce, pid: nobody, threadId: nobody }));
    linkSync(ownName, `${target}.lock`);
    const root = await rootOf(dir);
    const lock = await acquireLock({ root, path: "file" }, { timeoutMs: 2000, shared });
    expect(() => lock.assertHeld()).not.toThrow();
    await lock.release();
  },
);

it("is not re-entrant, and in the order of the calls", async () => {
  const { dir } = lockDir();
  const root = await rootOf(dir);
  const order: number[] = [];
  await withLock({ root, path: "file" }, async () => {
    await expect(acquireLock({ root, path: "file" })).rejects.toMatchObject({
      code: "ERR_LOCK_HELD",
    });
  });
  await Promise.all(
    Array.from({ length: 10 }, (_, i) =>
      withLock({ root, path: i % 2 === 0 ? "file" : "./file" }, () => order.push(i)),
    ),
  );
  expect(order).toEqual(Array.from({ length: 10 }, (_, i) => i));
});

it("has no synchronous form", async () => {
  const { dir } = lockDir();
  const root = await rootOf(dir);
  const place = { root, path: "file" };
  for (const call of [
    () => acquireLockSync(place),
    () => tryAcquireLockSync(place),
    () => withLockSync(place, () => {}),
    () => inspectLockSync(place),
  ]) {
    expect(call).toThrow(/a lock in a root has no synchronous form \(ERR_INVALID_ARG\)/);
  }
  const lock = await acquireLock(place);
  expect(() => lock.releaseSync()).toThrow(/a lock in a root has no synchronous form/);
  await lock.release();
});

it("what cannot be meant, before anything is done", async () => {
  const { dir } = lockDir();
  const root = await rootOf(dir);
  const bad: readonly [unknown, object, RegExp][] = [
    [{ root: {}, path: "file" }, {}, /"path.root" must be a Root of @holdfast\/root/],
    [{ root: null, path: "file" }, {}, /"path.root" must be a Root/],
    [{ root }, {}, /"path.path" must be a string/],
    [{ root, path: new URL("file:///file") }, {}, /"path.path" must be a string/],
    [{ root, path: "" }, {}, /"path.path" must be a path that is not empty/],
    [{ root, path: "." }, {}, /ends in a name/],
    [{ root, path: "file", mode: 5 }, {}, /there is no "mode" in \{ root, path \}/],
    [{ path: "file" }, {}, /a path, a file: URL, or \{ root, path \}/],
    [{ root, path: "file" }, { fileSystem: {} }, /"fileSystem" is the root itself/],
  ];
  for (const [place, options, message] of bad) {
    for (const call of [acquireLock, tryAcquireLock, inspectLock]) {
      const asked = call(place as string, options) as Promise<unknown>;
      const error: unknown = await asked.catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: "ERR_INVALID_ARG" });
      expect((error as Error).message).toMatch(message);
    }
  }
  expect(namesIn(dir)).toEqual([]);
});

it.each([
  ["the private file", /\.tmp$/, /^file\.lock\.[0-9a-f]{32}\.tmp$/, false],
  ["the lock", /file\.lock$/, /^file\.lock$/, false],
  ["the shares", /\.shared/, /^file\.lock\.shared$/, true],
])("rules that refuse %s: the error names it", async (_name, refused, named, shared) => {
  const { dir } = lockDir();
  const root = await rootOf(dir, { authorize: ({ path }) => !refused.test(path) });
  const asked = acquireLock({ root, path: "file" }, { shared });
  const error: unknown = await asked.catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({
    code: "ERR_DENIED",
    path: "file",
    effect: "none",
    leftovers: [],
    hint: expect.stringMatching(/"file\.lock", and the names .* begin with "file\.lock\."/),
  });
  const { message, cause } = error as Error;
  const name = /the lock's "(?:\.\/)?([^"]*)" cannot be made/.exec(message)?.[1];
  expect(name).toMatch(named);
  expect(isHoldfastError(cause)).toBe(true);
});

it("rules that refuse to remove it: the error names it, and it stays", async () => {
  const { dir } = lockDir("file.lock");
  let refuses = false;
  const root = await rootOf(dir, { authorize: ({ path }) => !(refuses && path.endsWith("lock")) });
  const lock = await acquireLock({ root, path: "file" });
  refuses = true;
  const error: unknown = await lock.release().catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: "ERR_DENIED" });
  expect((error as Error).message).toMatch(/the lock's "(\.\/)?file\.lock" cannot be removed/);
});
