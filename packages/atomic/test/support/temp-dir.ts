/** Real directories for one test each, removed when it is over. */

import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  statfsSync,
  statSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

const tmpfsMagic = 0x01021994; // TMPFS_MAGIC of statfs(2)
const sharedMemory = "/dev/shm";

/** A new directory under `parent`; removed when the test that asks for it is over. */
export function tempDir(parent: string = tmpdir()): string {
  const { path, remove } = unownedTempDir(parent);
  onTestFinished(remove);
  return path;
}

/** The same where no test is running (a `beforeAll`, a sweep): the caller removes it. */
export function unownedTempDir(parent: string = tmpdir()): { path: string; remove: () => void } {
  // The real path: /tmp is a link on macOS, and paths are compared.
  const path = realpathSync(mkdtempSync(join(realpathSync(parent), "holdfast-")));
  return { path, remove: () => removeTree(path) };
}

/** A new directory in memory, where a flush costs nothing; `needs("tmpfs")` says if there is one. */
export function onTmpfs(): string {
  const parent = tmpfsParent();
  if (parent === undefined)
    throw new Error(`no tmpfs at ${sharedMemory}: ask needs("tmpfs") first`);
  return tempDir(parent);
}

/** A new directory on another device than `tempDir()`; see `needs("second-device")`. */
export function onSecondDevice(): string {
  const parent = secondDeviceParent();
  if (parent === undefined) throw new Error(`no second device: ask needs("second-device") first`);
  return tempDir(parent);
}

/** Where there is a tmpfs that everybody may use. */
export function tmpfsParent(): string | undefined {
  try {
    return statfsSync(sharedMemory).type === tmpfsMagic ? sharedMemory : undefined;
  } catch {
    return undefined; // not Linux, or a container without it
  }
}

/** A place on another device than the temporary directory. */
export function secondDeviceParent(): string | undefined {
  const parent = tmpfsParent();
  if (parent === undefined) return undefined;
  return statSync(parent).dev === statSync(tmpdir()).dev ? undefined : parent;
}

/** Removes a tree also where a test took the permission to do so away. */
export function removeTree(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true, maxRetries: 3 });
  } catch {
    makeRemovable(path);
    rmSync(path, { recursive: true, force: true, maxRetries: 3 });
  }
}

function makeRemovable(directory: string): void {
  chmodSync(directory, 0o700);
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    if (entry.isDirectory()) makeRemovable(join(directory, entry.name));
  }
}
