import { readdirSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { processIdentity } from "@holdfast/fs/steps";
import { afterEach, expect, vi } from "vitest";
import { tempDir } from "../../../atomic/test/support/temp-dir.ts";
import {
  acquireLock,
  acquireLockSync,
  inspectLock,
  inspectLockSync,
  type Lock,
  type LockOptions,
  type LockSyncOptions,
  tryAcquireLock,
  tryAcquireLockSync,
} from "../../src/index.ts";

vi.setConfig({ testTimeout: 60_000 });

const watched = new Map<string, readonly string[]>();

/** A directory that must be as it was made when the test is over: a lock leaves nothing behind. */
export function lockDir(...expected: readonly string[]): { dir: string; target: string } {
  const dir = tempDir();
  watched.set(dir, expected);
  return { dir, target: join(dir, "file") };
}

/** Everything below a directory, sorted; links are not followed. */
export const namesIn = (dir: string): string[] =>
  readdirSync(dir, { withFileTypes: true })
    .flatMap((entry) => {
      const below = entry.isDirectory() ? namesIn(join(dir, entry.name)) : [];
      return [entry.name, ...below.map((name) => `${entry.name}/${name}`)];
    })
    .sort();

afterEach(() => {
  const dirs = [...watched];
  watched.clear();
  // oxlint-disable-next-line vitest/no-standalone-expect -- it is part of every test that asked for a directory
  for (const [dir, expected] of dirs) expect(namesIn(dir)).toEqual([...expected].sort());
});

/** A record as this thread would write it, with something else in it. */
export function recordText(other: object = {}): string {
  const { pid, threadId, startTicks, host } = processIdentity();
  const record = {
    version: 1,
    nonce: "0123456789abcdef".repeat(2),
    pid,
    threadId: threadId ?? null,
    startTicks: startTicks ?? null,
    host: host ?? null,
    hostName: hostname(),
    purpose: null,
    since: "2020-01-01T00:00:00.000Z",
    shared: false,
  };
  return `${JSON.stringify({ ...record, ...other })}\n`;
}

/** Both halves behind one shape. */
export interface Form {
  readonly form: "async" | "sync";
  readonly acquire: (path: string | URL, options?: LockOptions) => Promise<Lock>;
  readonly tryAcquire: (path: string | URL, options?: LockOptions) => Promise<Lock | undefined>;
  readonly inspect: typeof inspectLock;
  readonly release: (lock: Lock) => Promise<void>;
}

export const forms: readonly Form[] = [
  {
    form: "async",
    acquire: acquireLock,
    tryAcquire: tryAcquireLock,
    inspect: inspectLock,
    release: (lock) => lock.release(),
  },
  {
    form: "sync",
    acquire: async (path, options) => acquireLockSync(path, options as LockSyncOptions),
    tryAcquire: async (path, options) => tryAcquireLockSync(path, options as LockSyncOptions),
    inspect: async (...args) => inspectLockSync(...args),
    release: async (lock) => lock.releaseSync(),
  },
];

/** Waits for something that another part of the program does; the test's time limit ends it. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}
