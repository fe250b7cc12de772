import { statSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { permissionBits, sameIdentity, toFileStats, type FileStats } from "../src/file-stats.ts";
import type { PortStats } from "../src/port.ts";

const is = { isFile: () => true, isDirectory: () => false, isSymbolicLink: () => false };
const numbers = { dev: 1, ino: 2, mode: 0o100644, nlink: 3, uid: 4, gid: 5, size: 6, ...is };
const stats = (fields: Partial<FileStats>): FileStats => ({ ...toFileStats(numbers), ...fields });

describe("toFileStats", () => {
  it("leaves Node's BigIntStats as they are", () => {
    const real = statSync(".", { bigint: true });
    expect(toFileStats(real)).toBe(real);
  });

  it("gives of Node's Stats in numbers the same, to the precision that they have", () => {
    const real = statSync(".", { bigint: true });
    const converted = toFileStats(statSync("."));
    for (const name of ["dev", "ino", "mode", "nlink", "uid", "gid", "size"] as const) {
      expect([name, converted[name]]).toEqual([name, real[name]]);
    }
    expect(converted.isDirectory()).toBe(true);
    expect(converted.isFile()).toBe(false);
    expect(converted.isSymbolicLink()).toBe(false);
    // A number of milliseconds holds less than nanoseconds.
    expect(converted.mtimeNs / 1_000_000n).toBe(real.mtimeNs / 1_000_000n);
  });

  it("calls `this`-bound predicates on the object that they belong to", () => {
    class Stub {
      kind = "link";
      isFile(): boolean {
        return this.kind === "file";
      }
      isDirectory(): boolean {
        return this.kind === "directory";
      }
      isSymbolicLink(): boolean {
        return this.kind === "link";
      }
    }
    const converted = toFileStats(Object.assign(new Stub(), numbers, Stub.prototype) as PortStats);
    expect(typeof converted.isSymbolicLink()).toBe("boolean");
    const stub = new Stub() as unknown as PortStats;
    expect([toFileStats(stub).isFile(), toFileStats(stub).isSymbolicLink()]).toEqual([false, true]);
  });

  it("takes missing times and numbers as 0", () => {
    expect(toFileStats(numbers)).toMatchObject({ atimeNs: 0n, mtimeNs: 0n, ctimeNs: 0n });
    expect(toFileStats(is as unknown as PortStats)).toMatchObject({ dev: 0n, ino: 0n, size: 0n });
  });

  it("converts what is fractional", () => {
    const times = { atimeMs: 1.5, mtimeMs: 1_000_000.25, ctimeMs: 0 };
    expect(toFileStats({ ...numbers, size: 2.9, ...times } as PortStats)).toMatchObject({
      size: 2n,
      atimeNs: 1_500_000n,
      mtimeNs: 1_000_000_250_000n,
      ctimeNs: 0n,
    });
  });

  it("keeps every bit of a bigint, also where the times are missing", () => {
    // A rounded inode number would be equal to another file's.
    const [a, b] = [2n ** 60n + 1n, 2n ** 60n + 2n].map((ino) => toFileStats({ ...numbers, ino }));
    expect(a!.ino).toBe(2n ** 60n + 1n);
    expect(sameIdentity(a!, b!)).toBe(false);
  });
});

describe("permissionBits", () => {
  it("are the low twelve, set-id and sticky included", () => {
    expect(permissionBits(stats({ mode: 0o107755n }))).toBe(0o7755);
    expect(permissionBits(stats({ mode: 0o040000n }))).toBe(0);
  });
});

describe("sameIdentity", () => {
  it.each<[bigint, bigint, bigint, bigint, boolean | undefined]>([
    [1n, 2n, 1n, 2n, true],
    [1n, 2n, 1n, 3n, false],
    [1n, 2n, 9n, 2n, false],
    // 0 means that there is no such number, never "equal".
    [1n, 0n, 1n, 0n, undefined],
    [1n, 0n, 1n, 2n, undefined],
    [1n, 2n, 1n, 0n, undefined],
    [0n, 2n, 0n, 2n, undefined],
    [0n, 2n, 1n, 2n, undefined],
    [1n, 2n, 0n, 2n, undefined],
    [0n, 0n, 0n, 0n, undefined],
    // Different inodes are different files, on whichever device.
    [0n, 2n, 0n, 3n, false],
    [0n, 2n, 5n, 3n, false],
    [1n, 2n ** 63n, 1n, 2n ** 63n + 1n, false],
  ])("dev %s ino %s, dev %s ino %s: %s", (devA, inoA, devB, inoB, expected) => {
    const a = stats({ dev: devA, ino: inoA });
    const b = stats({ dev: devB, ino: inoB });
    expect(sameIdentity(a, b)).toBe(expected);
    expect(sameIdentity(b, a)).toBe(expected);
  });
});
