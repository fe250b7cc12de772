/** Where there can be no lock, and what cannot be asked for. */

import {
  mkdirSync,
  readFileSync,
  rmdirSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { describe, expect, it } from "vitest";
import { asUser, nobody } from "../../../atomic/test/support/as-user.ts";
import { faultyFileSystem } from "../../../atomic/test/support/faulty-file-system.ts";
import { needs } from "../../../atomic/test/support/needs.ts";
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
import { forms, lockDir, recordText } from "./lock-dir.ts";

describe.each(forms)("$form", ({ acquire, tryAcquire, inspect }) => {
  it("no directory", async () => {
    const { dir } = lockDir();
    for (const call of [acquire, tryAcquire]) {
      await expect(call(`${dir}/no/file`)).rejects.toMatchObject({
        code: "ENOENT",
        effect: "none",
        leftovers: [],
      });
    }
    expect(await inspect(`${dir}/no/file`)).toMatchObject({ held: false, owners: [] });
  });

  it.each(["EROFS", "EACCES", "ENOSPC", "EDQUOT"])(
    "nothing can be made there: %s",
    async (errno) => {
      const { target } = lockDir();
      const { fileSystem } = faultyFileSystem({
        plan: ({ name }) => (name === "open" ? { fail: errno, when: "before" } : undefined),
      });
      await expect(acquire(target, { fileSystem })).rejects.toMatchObject({
        effect: "none",
        leftovers: [],
        syscall: "open",
      });
    },
  );

  it.each(["EPERM", "ENOTSUP", "ENOSYS", "EMLINK"])("no hard links: %s", async (errno) => {
    const { target } = lockDir();
    const faulty = faultyFileSystem({
      plan: ({ name }) => (name === "link" ? { fail: errno, when: "before" } : undefined),
    });
    await expect(acquire(target, { fileSystem: faulty.fileSystem })).rejects.toMatchObject({
      code: "ERR_UNSUPPORTED",
      effect: "none",
      leftovers: [],
      hint: expect.stringMatching(/local file system/),
      cause: expect.objectContaining({ syscall: "link" }),
    });
    expect(faulty.openHandles()).toEqual([]);
  });

  it.each(["EEXIST", "EIO", "ETIMEDOUT"])("a link whose answer was lost: %s", async (errno) => {
    const { target } = lockDir();
    let links = 0;
    const { fileSystem } = faultyFileSystem({
      plan: ({ name }) =>
        name === "link" && ++links === 1 ? { fail: errno, when: "after" } : undefined,
    });
    const lock = await acquire(target, { fileSystem });
    expect(links).toBe(1);
    lock.assertHeld();
    lock.releaseSync();
  });

  it("something else has the name of the lock", async () => {
    const { target } = lockDir();
    const entry = `${target}.lock`;
    const others: readonly [() => void, () => void][] = [
      [() => mkdirSync(entry), () => rmdirSync(entry)],
      [() => symlinkSync("nowhere", entry), () => unlinkSync(entry)],
    ];
    for (const [make, remove] of others) {
      make();
      await expect(acquire(target)).rejects.toMatchObject({
        code: "ERR_NOT_FILE",
        effect: "none",
        leftovers: [],
      });
      await expect(inspect(target)).rejects.toMatchObject({ code: "ERR_NOT_FILE" });
      remove();
    }
  });

  it.each([false, true])("a file has the name of the shares; shared: %j", async (shared) => {
    const { target } = lockDir();
    const shares = `${target}.lock.shared`;
    writeFileSync(shares, "mine");
    for (const call of [acquire, tryAcquire]) {
      const error: unknown = await call(target, { shared }).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({
        code: "ERR_NOT_FILE",
        effect: "none",
        leftovers: [],
        hint: expect.stringMatching(/remove it/),
      });
      expect((error as Error).message).toContain(`"${shares}", where those are who share the lock`);
    }
    await expect(inspect(target)).rejects.toMatchObject({ code: "ERR_NOT_FILE" });
    expect(readFileSync(shares, "utf8")).toBe("mine");
    unlinkSync(shares);
  });

  it("the private file of one who waits is taken for litter: it is made again", async () => {
    const { target } = lockDir();
    writeFileSync(`${target}.lock`, recordText());
    const { fileSystem } = faultyFileSystem({
      plan: ({ name, paths }) =>
        name === "link"
          ? {
              act: () => {
                if (paths[1] !== `${target}.lock` || removed) return;
                removed = true;
                unlinkSync(paths[0]!);
                unlinkSync(`${target}.lock`);
              },
            }
          : undefined,
    });
    let removed = false;
    const lock = await acquire(target, { fileSystem });
    expect(removed).toBe(true);
    lock.assertHeld();
    lock.releaseSync();
  });
});

it.runIf(needs("other-user"))("a directory that one may not write to", () => {
  const { dir } = lockDir();
  const from = new URL("../../dist/index.js", import.meta.url).href;
  const script = `
    const { acquireLock, acquireLockSync } = await import(input.from);
    const codes = [];
    for (const acquire of [acquireLock, async (path) => acquireLockSync(path)]) {
      await acquire(input.target).catch(({ code, effect, leftovers }) => codes.push({ code, effect, leftovers }));
    }
    report(codes);
  `;
  const expected = { code: "EACCES", effect: "none", leftovers: [] };
  expect(asUser(nobody, { script, input: { from, target: `${dir}/file` } })).toEqual([
    expected,
    expected,
  ]);
});

describe("bad arguments", () => {
  const { fileSystem, calls } = faultyFileSystem();
  const signal = new AbortController().signal;
  const options: readonly [string, object | null, RegExp][] = [
    ["no options", null, /"options" must be an object/],
    ["timeoutMs", { timeoutMs: -1 }, /"timeoutMs"/],
    ["timeoutMs of another type", { timeoutMs: "1" }, /"timeoutMs" must be a number/],
    ["timeoutMs that is not a number", { timeoutMs: Number.NaN }, /"timeoutMs"/],
    ["shared", { shared: 1 }, /"shared" must be a boolean/],
    ["purpose", { purpose: 1 }, /"purpose" must be a string/],
    ["a long purpose", { purpose: "x".repeat(201) }, /at most 200 characters/],
    ["heartbeatMs", { heartbeatMs: 0 }, /"heartbeatMs" must be at least 1/],
    ["staleAfterMs", { staleAfterMs: 9999 }, /at least twice "heartbeatMs"/],
    ["heartbeatMs alone", { heartbeatMs: 20_000 }, /at least twice "heartbeatMs"/],
    ["retry", { retry: 5 }, /"retry" must be an object/],
    ["retry.minMs", { retry: { minMs: 0 } }, /"retry.minMs"/],
    ["retry.maxMs", { retry: { minMs: 5, maxMs: 4 } }, /"retry.maxMs"/],
    ["onCompromised", { onCompromised: true }, /"onCompromised" must be a function/],
    ["offload", { offload: "all" }, /"offload"/],
    ["signal", { signal: {} }, /"signal"/],
    ["fileSystem", { fileSystem: { promises: {} } }, /is needed and is not a function/],
    ["a name that is none", { timeOutMs: 5 }, /there is no option "timeOutMs" \(/],
    ["stale", { stale: 1 }, /there is no option "stale"; "staleAfterMs" is/],
    ["timeout", { timeout: 5 }, /there is no option "timeout"; "timeoutMs" is/],
    ["retries", { retries: 3 }, /there is no option "retries"; "timeoutMs" is/],
    ["fs", { fs: {} }, /there is no option "fs"; "fileSystem" is/],
    ["a name in retry", { retry: { minTimeout: 5 } }, /"retry.minTimeout"; "retry.minMs" is/],
  ];
  const paths: readonly [unknown, RegExp][] = [
    ["", /not empty/],
    ["a\0b", /NUL/],
    [5, /a path or a file: URL/],
    ["/", /ends in a name/],
    ["/tmp/..", /ends in a name/],
    [".", /ends in a name/],
  ];
  const bad = expect.objectContaining({ code: "ERR_INVALID_ARG" });
  const all = [
    acquireLock,
    tryAcquireLock,
    (path: string, other: object) => withLock(path, () => {}, other),
  ];
  const allSync = [
    acquireLockSync,
    tryAcquireLockSync,
    (path: string, other: object) => withLockSync(path, () => {}, other),
  ];

  it.each(options)("%s", async (_name, option, message) => {
    const { target } = lockDir();
    const given = (option === null ? null : { fileSystem, ...option }) as never;
    for (const call of all) {
      if (call === tryAcquireLock && /timeoutMs|retry/.test(_name)) continue;
      const asked = call(target, given) as Promise<unknown>;
      await expect(asked).rejects.toEqual(bad);
      await expect(call(target, given) as Promise<unknown>).rejects.toThrow(message);
    }
    for (const call of allSync) {
      if (call === tryAcquireLockSync && /timeoutMs|retry/.test(_name)) continue;
      expect(() => call(target, given)).toThrow(bad);
    }
    expect(calls).toEqual([]);
  });

  it.each(paths)("path %j", async (path, message) => {
    for (const call of [...all, inspectLock]) {
      await expect(call(path as string, { fileSystem }) as Promise<unknown>).rejects.toThrow(
        message,
      );
    }
    for (const call of [...allSync, inspectLockSync]) {
      expect(() => call(path as string, { fileSystem })).toThrow(message);
    }
    expect(calls).toEqual([]);
  });

  it("what only one half takes, and what a try does not", async () => {
    const { target } = lockDir();
    expect(() => acquireLockSync(target, { signal } as object)).toThrow(/cannot interrupt/);
    for (const option of [{ timeoutMs: 5 }, { retry: {} }]) {
      await expect(tryAcquireLock(target, option as object)).rejects.toThrow(/means nothing here/);
      expect(() => tryAcquireLockSync(target, option as object)).toThrow(/means nothing here/);
    }
    await expect(withLock(target, 5 as never)).rejects.toThrow(/"fn" must be a function/);
    expect(() => withLockSync(target, 5 as never)).toThrow(/"fn" must be a function/);
    for (const option of [{ stale: 1 }, { timeoutMs: 5 }, { shared: true }]) {
      const message = /there is no option "(stale"; "staleAfterMs" is|timeoutMs"|shared")/;
      await expect(inspectLock(target, option as object)).rejects.toThrow(message);
      expect(() => inspectLockSync(target, option as object)).toThrow(message);
    }
    await expect(inspectLock(target, { staleAfterMs: 0 })).rejects.toThrow(/"staleAfterMs"/);
    await expect(inspectLock(target, null as never)).rejects.toThrow(/"options"/);
  });
});
