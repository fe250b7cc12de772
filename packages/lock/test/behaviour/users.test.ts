/** Two users who may write to one directory. */

// oxlint-disable vitest/expect-expect, vitest/no-conditional-expect -- `lockDir` expects that nothing is left; what is expected differs between platforms
import {
  chmodSync,
  chownSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { describe, expect, it } from "vitest";
import { asUser, nobody } from "../../../atomic/test/support/as-user.ts";
import { faultyFileSystem } from "../../../atomic/test/support/faulty-file-system.ts";
import { needs } from "../../../atomic/test/support/needs.ts";
import { acquireLock, type LockOptions } from "../../src/index.ts";
import { forms, lockDir, recordText } from "./lock-dir.ts";

const withUsers = needs("other-user", "linux");
/** Above the largest pid that Linux gives out (PID_MAX_LIMIT). */
const gone = 4_194_305;
const nonce = "fedcba9876543210".repeat(2);
const dead = recordText({ nonce, pid: gone, threadId: gone });

interface Told {
  readonly code?: string;
  readonly message?: string;
  readonly hint?: string;
  readonly leftovers?: string[];
  readonly owners?: unknown[];
}

/** Takes the lock and gives it back, as another user; the failure if there is one. */
function takenByAnother(target: string, form: string, options: LockOptions): Told {
  const script = `
    const { acquireLock, acquireLockSync } = await import(input.from);
    const acquire = input.form === "sync" ? acquireLockSync : acquireLock;
    try {
      const lock = await acquire(input.target, input.options);
      lock.assertHeld();
      if (input.form === "sync") lock.releaseSync();
      else await lock.release();
      report({});
    } catch ({ code, message, hint, leftovers, owners }) {
      report({ code, message, hint, leftovers, owners });
    }
  `;
  const from = new URL("../../dist/index.js", import.meta.url).href;
  return asUser(nobody, { script, input: { from, target, form, options } });
}

const bits = (path: string): number => statSync(path).mode & 0o7777;

describe.runIf(withUsers).each(forms)("$form", ({ form, acquire, release }) => {
  it.each([0o777, 0o1777, 0o757, 0o707])(
    "who may make the lock may also share it: %o",
    async (mode) => {
      const { dir, target } = lockDir();
      chmodSync(dir, mode);
      const lock = await acquire(target, { shared: true });
      expect(bits(`${target}.lock.shared`)).toBe(mode);
      expect(takenByAnother(target, form, { shared: true, timeoutMs: 0 })).toEqual({});
      expect(readdirSync(`${target}.lock.shared`)).toHaveLength(1);
      lock.assertHeld();
      await release(lock);
    },
  );

  it.each([0o770, 0o775, 0o2770, 0o2775])("members of the directory's group: %o", async (mode) => {
    const { dir, target } = lockDir();
    chownSync(dir, 0, nobody.gid);
    chmodSync(dir, mode);
    const lock = await acquire(target, { shared: true });
    expect(bits(`${target}.lock.shared`)).toBe(mode);
    expect(takenByAnother(target, form, { shared: true, timeoutMs: 0 })).toEqual({});
    await release(lock);
  });

  it("the group of somebody who is in another one gets what all get", () => {
    const { dir } = lockDir();
    chmodSync(dir, 0o777);
    mkdirSync(`${dir}/other`);
    chmodSync(`${dir}/other`, 0o773);
    const script = `
      const { statSync } = await import("node:fs");
      const { acquireLock } = await import(input.from);
      const lock = await acquireLock(input.target, { shared: true });
      report({ mode: statSync(input.target + ".lock.shared").mode & 0o7777 });
      await lock.release();
    `;
    const from = new URL("../../dist/index.js", import.meta.url).href;
    const input = { from, target: `${dir}/other/file` };
    expect(asUser(nobody, { script, input })).toEqual({ mode: 0o733 });
    rmSync(`${dir}/other`, { recursive: true });
  });

  it("nobody gets more than in the directory itself", async () => {
    const { dir, target } = lockDir();
    chmodSync(dir, 0o700);
    const lock = await acquire(target, { shared: true });
    expect(bits(`${target}.lock.shared`)).toBe(0o700);
    await release(lock);
  });

  it("the dead shares of another user are removed", () => {
    const { dir, target } = lockDir();
    chmodSync(dir, 0o777);
    mkdirSync(`${target}.lock.shared`);
    chmodSync(`${target}.lock.shared`, 0o777);
    writeFileSync(`${target}.lock.shared/${nonce}`, dead);
    expect(takenByAnother(target, form, { timeoutMs: 0 })).toEqual({});
  });

  it("an empty directory of shares that another user left", () => {
    const { dir, target } = lockDir();
    chmodSync(dir, 0o777);
    mkdirSync(`${target}.lock.shared`, 0o755);
    expect(takenByAnother(target, form, { shared: true, timeoutMs: 0 })).toEqual({});
  });

  it("a directory of shares that is in use and closed to others", () => {
    const { dir, target } = lockDir();
    chmodSync(dir, 0o777);
    const shares = `${target}.lock.shared`;
    for (const mode of [0o755, 0o700]) {
      mkdirSync(shares);
      chmodSync(shares, mode);
      writeFileSync(`${shares}/${nonce}`, recordText({ nonce }));
      const told = takenByAnother(target, form, { shared: true, timeoutMs: 0 });
      expect(told).toMatchObject({ code: "EACCES", leftovers: [] });
      expect(told.message).toContain(shares);
      rmSync(shares, { recursive: true });
    }
  });

  it("what a dead user left in a sticky directory: says which file, and why", () => {
    const { dir, target } = lockDir();
    chmodSync(dir, 0o1777);
    const share = `${target}.lock.shared/${nonce}`;
    mkdirSync(`${target}.lock.shared`);
    chmodSync(`${target}.lock.shared`, 0o1777);
    for (const path of [`${target}.lock`, share]) {
      writeFileSync(path, dead);
      const told = takenByAnother(target, form, { timeoutMs: 0 });
      expect(told).toMatchObject({
        code: expect.stringMatching(/^(EPERM|EACCES)$/),
        leftovers: [],
      });
      expect(told.message).toContain(`"${path}"`);
      expect(told.hint).toMatch(/sticky bit/);
      unlinkSync(path);
    }
    rmSync(`${target}.lock.shared`, { recursive: true });
  });

  it("a record that one may not read is somebody's", () => {
    const { dir, target } = lockDir();
    chmodSync(dir, 0o777);
    writeFileSync(`${target}.lock`, recordText(), { mode: 0o600 });
    const told = takenByAnother(target, form, { timeoutMs: 20 });
    expect(told).toMatchObject({ code: "ERR_LOCK_TIMEOUT", owners: [] });
    expect(told.message).toContain(`somebody holds it whose record, "${target}.lock", may not be`);
    expect(told.hint).toMatch(/umask/);
    unlinkSync(`${target}.lock`);
  });
});

it("a directory of shares is opened to others only if it is the one that was made", async () => {
  const { dir, target } = lockDir("private");
  chmodSync(dir, 0o777);
  mkdirSync(`${dir}/private`, 0o700);
  const shares = `${target}.lock.shared`;
  const { fileSystem } = faultyFileSystem({
    plan: ({ name, path }) =>
      name === "mkdir" && path === shares
        ? {
            when: "after",
            act: () => {
              rmSync(shares, { recursive: true });
              mkdirSync(shares, 0o700);
            },
          }
        : undefined,
  });
  const lock = await acquireLock(target, { shared: true, fileSystem });
  if (process.platform !== "win32") expect(bits(shares)).toBe(0o700);
  await lock.release();
});
