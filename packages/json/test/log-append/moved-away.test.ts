import * as nodeFs from "node:fs";
import { existsSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openRoot } from "@holdfast/root";
import { faultyFileSystem } from "../../../atomic/test/support/faulty-file-system.ts";
import { needs } from "../../../atomic/test/support/needs.ts";
import { onTmpfs, tempDir } from "../../../atomic/test/support/temp-dir.ts";
import { openJsonLog } from "../../src/log/open-json-log.ts";
import type { AppendReceipt, JsonLog } from "../../src/log/options.ts";
import { contentOf } from "./log-lines.ts";

const parent = (): string => (needs("tmpfs") ? onTmpfs() : tempDir());

const forms: readonly [string, (log: JsonLog, value: unknown) => Promise<AppendReceipt>][] = [
  ["append", (log, value) => log.append(value)],
  ["appendSync", async (log, value) => log.appendSync(value)],
];

describe.each(forms)("%s to a log", (_, append) => {
  it("that was rotated: the next record is in a new one", async () => {
    const path = join(parent(), "log");
    const log = await openJsonLog(path, { mode: 0o640 });
    await append(log, 1);
    renameSync(path, `${path}.1`);
    await append(log, 2);
    await append(log, 3);
    await log.close();
    expect(contentOf(`${path}.1`)).toBe("1\n");
    expect(contentOf(path)).toBe("2\n3\n");
    expect(nodeFs.statSync(path).mode & 0o777).toBe(0o640);
  });

  it("that was rotated, and another one is there already: it goes on in that", async () => {
    const path = join(parent(), "log");
    const log = await openJsonLog(path);
    await append(log, 1);
    renameSync(path, `${path}.1`);
    writeFileSync(path, '"other"\n"torn');
    await append(log, 2);
    await log.close();
    expect(contentOf(path)).toBe('"other"\n"torn\n2\n');
  });

  it("that was truncated: it goes on at its beginning", async () => {
    const path = join(parent(), "log");
    const log = await openJsonLog(path);
    await append(log, 1);
    nodeFs.truncateSync(path);
    await append(log, 2);
    await log.close();
    expect(contentOf(path)).toBe("2\n");
  });

  it("whose directory was removed, lock and all, between two records", async () => {
    const dir = parent();
    const path = join(dir, "a", "b", "log");
    const log = await openJsonLog(path);
    await append(log, 1);
    for (const [n, victim] of ["a", "a/b", "a/b/log"].entries()) {
      rmSync(join(dir, victim), { recursive: true });
      await append(log, 10 + n);
      expect(contentOf(path)).toBe(`${10 + n}\n`);
      // It is locked again, for those who ask.
      expect(existsSync(`${path}.lock.shared`)).toBe(true);
    }
    await log.close();
    expect(readdirSync(join(dir, "a/b"))).toEqual(["log"]);
  });

  it("whose directory was moved: the record is in a new one, and the lock is where the name is", async () => {
    const dir = parent();
    const path = join(dir, "a", "log");
    const log = await openJsonLog(path);
    await append(log, 1);
    renameSync(join(dir, "a"), join(dir, "b"));
    await append(log, 2);
    expect(contentOf(join(dir, "b/log"))).toBe("1\n");
    expect(contentOf(path)).toBe("2\n");
    expect(existsSync(`${path}.lock.shared`)).toBe(true);
    await log.close();
    expect(readdirSync(join(dir, "a"))).toEqual(["log"]);
  });
});

describe("a file that loses its name while it is written to", () => {
  it("is written again, under its name", async () => {
    const path = join(parent(), "log");
    let armed = false;
    const faulty = faultyFileSystem({
      plan: (call) =>
        armed && call.name === "write" && call.path === path
          ? {
              act: () => {
                armed = false;
                rmSync(path);
              },
            }
          : undefined,
    });
    const log = await openJsonLog(path, { fileSystem: faulty.fileSystem });
    await log.append(1);
    armed = true;
    expect(await Promise.all([log.append(2), log.append(3)])).toEqual(
      [2, 2].map((length) => ({ length, durable: true })),
    );
    expect(armed).toBe(false);
    expect(contentOf(path)).toBe("2\n3\n");
    armed = true;
    log.appendSync(4);
    expect(contentOf(path)).toBe("4\n");
    await log.close();
    expect(faulty.openHandles()).toEqual([]);
    await faulty.release();
  });

  it("again and again is an error: the record is nowhere", async () => {
    const path = join(parent(), "log");
    let armed = true;
    const faulty = faultyFileSystem({
      plan: (call) =>
        armed && call.name === "write" && call.path === path
          ? { act: () => rmSync(path) }
          : undefined,
    });
    const log = await openJsonLog(path, { fileSystem: faulty.fileSystem });
    await expect(log.append(1)).rejects.toMatchObject({ code: "ERR_CHANGED", effect: "none" });
    armed = false;
    await log.append(2);
    await log.close();
    expect(contentOf(path)).toBe("2\n");
    expect(faulty.openHandles()).toEqual([]);
    await faulty.release();
  });

  it("and what was written before is flushed before it is let go", async () => {
    const path = join(parent(), "log");
    const faulty = faultyFileSystem();
    const log = await openJsonLog(path, { durability: "none", fileSystem: faulty.fileSystem });
    await log.append(1);
    renameSync(path, `${path}.1`);
    const before = faulty.calls.length;
    await log.append(2);
    const calls = faulty.calls.slice(before);
    const flush = calls.findIndex((call) => call.startsWith("fdatasync"));
    expect(flush).toBeGreaterThan(-1);
    expect(
      calls.findIndex((call) => call.startsWith("write") && call.endsWith("/log")),
    ).toBeGreaterThan(flush);
    await log.close();
    expect(faulty.openHandles()).toEqual([]);
    await faulty.release();
  });
});

it("is noticed in a root too", async () => {
  const dir = parent();
  await using root = await openRoot(dir);
  const log = await openJsonLog({ root, path: "a/log" });
  await log.append(1);
  rmSync(join(dir, "a"), { recursive: true });
  await log.append(2);
  renameSync(join(dir, "a/log"), join(dir, "a/old"));
  await log.append(3);
  await log.close();
  expect(contentOf(join(dir, "a/old"))).toBe("2\n");
  expect(contentOf(join(dir, "a/log"))).toBe("3\n");
});

it("a lock that somebody removed is taken again", async () => {
  const path = join(parent(), "log");
  const log = await openJsonLog(path);
  rmSync(`${path}.lock.shared`, { recursive: true });
  rmSync(path);
  await log.append(1);
  expect(existsSync(`${path}.lock.shared`)).toBe(true);
  await log.close();
  expect(contentOf(path)).toBe("1\n");
});

it("a name that cannot be looked at says nothing: it goes on", async () => {
  const path = join(parent(), "log");
  let denied = false;
  const faulty = faultyFileSystem({
    plan: (call) =>
      denied && call.name === "stat" ? { fail: "EACCES", when: "before" } : undefined,
  });
  const log = await openJsonLog(path, { fileSystem: faulty.fileSystem });
  denied = true;
  await log.append(1);
  denied = false;
  await log.close();
  expect(contentOf(path)).toBe("1\n");
});
