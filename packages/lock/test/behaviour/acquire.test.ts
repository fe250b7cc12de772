/** Taking a lock that is free, and giving it back. */

// oxlint-disable vitest/expect-expect, vitest/no-conditional-expect -- `lockDir` expects that nothing is left; what is expected differs between platforms
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { createMemoryFileSystem } from "@holdfast/testing";
import { describe, expect, it } from "vitest";
import { faultyFileSystem } from "../../../atomic/test/support/faulty-file-system.ts";
import { acquireLock, acquireLockSync, tryAcquireLock } from "../../src/index.ts";
import { forms, lockDir, namesIn } from "./lock-dir.ts";

describe.each(forms)("$form", ({ acquire, tryAcquire, release }) => {
  it("is an entry beside the path, that says who holds it, and nothing else", async () => {
    const { dir, target } = lockDir();
    const lock = await acquire(target, { purpose: "a test" });
    expect(namesIn(dir)).toEqual(["file.lock"]);
    const text = readFileSync(`${target}.lock`, "utf8");
    expect(text.endsWith("}\n")).toBe(true);
    expect(JSON.parse(text)).toMatchObject({ pid: process.pid, purpose: "a test", shared: false });
    expect(lock).toMatchObject({ path: target, shared: false });
    expect(lock.signal.aborted).toBe(false);
    lock.assertHeld();
    await release(lock);
    expect(existsSync(target)).toBe(false);
  });

  it("does not touch what the path is, be it a file or a directory", async () => {
    const { dir, target } = lockDir("file");
    writeFileSync(target, "content");
    await release(await acquire(target));
    expect(readFileSync(target, "utf8")).toBe("content");
    const ofDirectory = await acquire(`${dir}/`);
    expect(existsSync(`${dir}.lock`)).toBe(true);
    await release(ofDirectory);
    expect(existsSync(`${dir}.lock`)).toBe(false);
  });

  it("is given back once; again is nothing, and does not touch the next one's", async () => {
    const { dir, target } = lockDir();
    const first = await acquire(target);
    await release(first);
    const second = await acquire(target);
    await release(first);
    first.releaseSync();
    await first.release();
    expect(namesIn(dir)).toEqual(["file.lock"]);
    second.assertHeld();
    expect(() => first.assertHeld()).toThrow(
      expect.objectContaining({ code: "ERR_CLOSED", op: "lock.assertHeld" }),
    );
    await release(second);
  });

  it("is given back in the other half, too", async () => {
    const { target } = lockDir();
    (await acquire(target)).releaseSync();
    await (await acquire(target)).release();
  });

  it("is given back at the end of a block", async () => {
    const { dir, target } = lockDir();
    {
      await using _lock = await acquire(target);
      expect(namesIn(dir)).toEqual(["file.lock"]);
    }
    expect(namesIn(dir)).toEqual([]);
    {
      using _lock = await acquire(target);
      expect(namesIn(dir)).toEqual(["file.lock"]);
    }
  });

  it("is tried without waiting", async () => {
    const { target } = lockDir();
    const lock = await tryAcquire(target);
    expect(lock).toBeDefined();
    expect(await tryAcquire(target)).toBeUndefined();
    await release(lock!);
    const again = await tryAcquire(target);
    expect(again).toBeDefined();
    await release(again!);
  });

  it.each(["linux", "win32"] as const)("works in memory, by the rules of %s", async (platform) => {
    // On Windows what is open cannot be renamed or removed.
    const { fs: fileSystem, tree } = createMemoryFileSystem({ tree: ["d/"], platform });
    const before = tree();
    for (const shared of [false, true]) {
      const lock = await acquire("/d/file", { fileSystem, shared });
      expect(lock.shared).toBe(shared);
      lock.assertHeld();
      expect(await tryAcquire("/d/file", { fileSystem })).toBeUndefined();
      await release(lock);
      expect(tree()).toEqual(before);
    }
    const lost = await acquire("/d/file", { fileSystem });
    fileSystem.unlinkSync("/d/file.lock");
    const next = acquireLockSync("/d/file", { fileSystem });
    expect(() => lost.assertHeld()).toThrow(/ERR_LOCK_LOST/);
    await release(lost);
    next.assertHeld();
    next.releaseSync();
    expect(tree()).toEqual(before);
  });
});

it("releases at once are one", async () => {
  const { target } = lockDir();
  const lock = await acquireLock(target);
  await Promise.all([lock.release(), lock.release(), lock.release()]);
  expect(lock.signal.aborted).toBe(false);
});

it("a synchronous release while an asynchronous one is under way has it removed when it returns", async () => {
  const { dir, target } = lockDir();
  for (let i = 0; i < 50; i++) {
    const lock = await acquireLock(target);
    const releasing = lock.release();
    for (let turns = 0; turns < i % 5; turns++) await Promise.resolve();
    lock.releaseSync();
    expect(namesIn(dir)).toEqual([]);
    const next = acquireLockSync(target);
    await releasing;
    next.assertHeld();
    next.releaseSync();
    expect(lock.signal.aborted).toBe(false);
  }
});

it("a file system with promises alone: assertHeld tells what the last look found", async () => {
  const { target } = lockDir();
  const { promises } = faultyFileSystem().fileSystem;
  const lock = await acquireLock(target, { fileSystem: { promises } });
  lock.assertHeld();
  expect(() => lock.releaseSync()).toThrow(/"fileSystem.lstatSync" is needed/);
  await lock.release();
  expect(() => lock.assertHeld()).toThrow(expect.objectContaining({ code: "ERR_CLOSED" }));
});

describe("the calls that it costs when it is free", () => {
  const short = (calls: readonly string[], dir: string): string[] =>
    calls.map((call) => call.replaceAll(`${dir}/`, "").replaceAll(/[0-9a-f]{32}/g, "NONCE"));
  /** Not made on the thread pool: see `callbackFace` of @holdfast/fs. */
  const tripsOf = (calls: readonly string[]): number =>
    calls.filter((call) => !call.startsWith("fstat")).length;

  const exclusive = [
    "lstat file",
    "open file.lock.NONCE.tmp",
    "fstat file.lock.NONCE.tmp",
    "write file.lock.NONCE.tmp",
    "link file.lock.NONCE.tmp -> file.lock",
    "unlink file.lock.NONCE.tmp",
    "readdir file.lock.shared",
    "lstat file.lock",
    "unlink file.lock",
    "close file.lock.NONCE.tmp",
  ];

  it.each(forms)("$form: nine trips to the thread pool", async ({ acquire, release }) => {
    const { dir, target } = lockDir();
    const faulty = faultyFileSystem();
    await release(await acquire(target, { fileSystem: faulty.fileSystem }));
    expect(short(faulty.calls, dir)).toEqual(exclusive);
    expect(tripsOf(exclusive)).toBe(9);
    expect(faulty.openHandles()).toEqual([]);
  });

  const asAbove = ["stat .", "lstat file.lock.shared"];
  const opened = [
    ...asAbove,
    "open file.lock.shared",
    "fstat file.lock.shared",
    "fstat file.lock.NONCE.tmp",
    "fchmod file.lock.shared",
    "close file.lock.shared",
  ];

  it.each([
    ["where the umask leaves what the directory has", 0, asAbove],
    ["where it does not", 0o020, opened],
  ] as const)("shared, %s", async (_name, more, permissions) => {
    for (const { acquire, release } of forms) {
      const { dir, target } = lockDir();
      chmodSync(dir, (0o777 & ~process.umask()) ^ more);
      const { fileSystem, calls } = faultyFileSystem();
      await release(await acquire(target, { fileSystem, shared: true }));
      expect(short(calls, dir).map((call) => (call === `stat ${dir}` ? "stat ." : call))).toEqual([
        ...exclusive.slice(0, 6),
        "mkdir file.lock.shared",
        ...permissions,
        "lstat file.lock",
        "rename file.lock -> file.lock.shared/NONCE",
        "lstat file.lock.shared/NONCE",
        "unlink file.lock.shared/NONCE",
        "rmdir file.lock.shared",
        "close file.lock.NONCE.tmp",
      ]);
    }
  });

  it("assertHeld: three", async () => {
    const { dir, target } = lockDir();
    const { fileSystem, calls } = faultyFileSystem();
    const lock = acquireLockSync(target, { fileSystem });
    calls.length = 0;
    lock.assertHeld();
    expect(short(calls, dir)).toEqual([
      "write file.lock.NONCE.tmp",
      "lstat file.lock",
      "lstat file.lock.NONCE.claim",
    ]);
    lock.releaseSync();
  });
});

it("tries of one lock at once: one gets it", async () => {
  const { target } = lockDir();
  const got = await Promise.all(Array.from({ length: 8 }, () => tryAcquireLock(target)));
  const locks = got.filter((lock) => lock !== undefined);
  expect(locks).toHaveLength(1);
  await locks[0]!.release();
});
