import { constants } from "node:fs";
import { describe, expect, it } from "vitest";
import { openFlags } from "../../src/node/node-fs.ts";
import { currentPlatform, platforms } from "../../src/platform/platform.ts";

const { linux, darwin, win32, other } = platforms;
const posix = [linux, darwin, other];

describe("the platform table", () => {
  it("has each platform under its own name", () => {
    expect(Object.keys(platforms).toSorted()).toEqual(["darwin", "linux", "other", "win32"]);
    for (const [name, facts] of Object.entries(platforms)) expect(facts.name).toBe(name);
  });

  it("knows this one", () => {
    const { platform } = process;
    expect(currentPlatform.name).toBe(platform in platforms ? platform : "other");
  });

  it("retries a rename on Windows for about two seconds, elsewhere not at all", () => {
    const { rename } = win32;
    let total = 0;
    for (let tried = 0; tried < rename.maxRetries; tried++) {
      total += Math.min(rename.baseDelayMs * 2 ** tried, rename.maxDelayMs);
    }
    expect(total).toBeGreaterThanOrEqual(2000);
    expect(total).toBeLessThanOrEqual(2500);
    for (const facts of posix) expect(facts.rename.maxRetries).toBe(0);
    expect([...win32.rename.retryOn]).toEqual(["EPERM", "EACCES", "EBUSY"]);
    // A mount point says EBUSY, and stays one.
    for (const facts of posix) expect([...facts.rename.retryOn]).toEqual(["EPERM", "EACCES"]);
  });

  it("renames an open file everywhere but on Windows", () => {
    expect(win32.rename.sourceMayBeOpen).toBe(false);
    for (const facts of posix) expect(facts.rename.sourceMayBeOpen).toBe(true);
  });

  it('flushes directories everywhere but on Windows, and knows what "unsupported" looks like', () => {
    const everywhere = ["EINVAL", "ENOTSUP", "EOPNOTSUPP", "EISDIR", "EBADF"];
    for (const { directorySync } of posix) {
      expect(directorySync.possible).toBe(true);
      expect([...directorySync.unsupported]).toEqual(everywhere);
    }
    expect(win32.directorySync.possible).toBe(false);
    expect([...win32.directorySync.unsupported]).toEqual([...everywhere, "EPERM", "EACCES"]);
    // Lost data is never taken for "unsupported".
    for (const { directorySync } of Object.values(platforms)) {
      for (const code of ["EIO", "ENOSPC", "EDQUOT", "EROFS", "ENOENT"]) {
        expect(directorySync.unsupported.has(code)).toBe(false);
      }
    }
  });

  it("has modes and owners everywhere but on Windows", () => {
    for (const facts of posix) expect([facts.modes, facts.owners]).toEqual([true, true]);
    expect([win32.modes, win32.owners]).toEqual([false, false]);
  });

  it("folds case where people meet that", () => {
    expect([linux, darwin, win32, other].map((facts) => facts.foldsCase)).toEqual([
      false,
      true,
      true,
      false,
    ]);
  });

  it("pins directories as the platform can", () => {
    expect([linux, darwin, win32, other].map((facts) => facts.pinning)).toEqual([
      "proc-self-fd",
      "volume-id",
      "none",
      "none",
    ]);
  });

  it("reserves the device names of Windows, and none elsewhere", () => {
    for (const facts of posix) expect(facts.reservedNames.size).toBe(0);
    for (const name of [
      "CON",
      "PRN",
      "AUX",
      "NUL",
      "CONIN$",
      "CONOUT$",
      "COM1",
      "COM9",
      "LPT1",
      "COM¹",
      "LPT³",
    ]) {
      expect(win32.reservedNames.has(name)).toBe(true);
    }
    for (const name of win32.reservedNames) expect(name).toBe(name.toUpperCase());
    for (const name of ["CO", "COM", "LPT", "COM10", "NULL", "README"]) {
      expect(win32.reservedNames.has(name)).toBe(false);
    }
  });
});

it("flags that a platform lacks are 0, the others what Node says", () => {
  for (const value of Object.values(openFlags)) expect(Number.isInteger(value)).toBe(true);
  expect(openFlags.noFollow).toBe(constants.O_NOFOLLOW ?? 0);
  expect(openFlags.exclusive).toBe(constants.O_EXCL);
});
