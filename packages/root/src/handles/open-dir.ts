import type { Dirent } from "node:fs";
import {
  closeFlushed,
  Operation,
  runAsync,
  runSync,
  wait,
  type FileSystem,
  type Handle,
  type Steps,
} from "@holdfast/fs/steps";
import type { RootPath } from "../options.ts";
import { relocate } from "../walk/list-entries.ts";
import type { RootDir, RootDirSync } from "./root-dir.ts";

/** What is used of Node's `Dir`. */
export interface NodeDir {
  read(): Promise<Dirent | null>;
  readSync(): Dirent | null;
  close(): Promise<void>;
  closeSync(): void;
}

/** A directory that was opened for a caller. */
export interface OpenedDir {
  readonly dir: NodeDir;
  /** What keeps the path of `dir` leading there; goes with it. */
  readonly handle: Handle | undefined;
  readonly path: RootPath;
  /** The same for errors. */
  readonly shown: string | undefined;
  readonly fileSystem: FileSystem | undefined;
}

export function openDir(opened: OpenedDir): RootDir {
  return new OpenDir(opened);
}

export function openDirSync(opened: OpenedDir): RootDirSync {
  return new OpenDirSync(opened);
}

class OpenDir implements RootDir {
  readonly path: string;
  private readonly opened: OpenedDir;
  private closed = false;

  constructor(opened: OpenedDir) {
    this.path = opened.path as string; // bytes where bytes were given, as Node's
    this.opened = opened;
  }

  async read(): Promise<Dirent | null> {
    const { opened } = this;
    const entry = await runAsync(wait(opened.dir.read()), operationOf(opened, "dir.read"));
    return placed(entry, opened);
  }

  async close(): Promise<void> {
    const { opened, closed } = this;
    this.closed = true;
    const operation = operationOf(opened, "dir.close");
    await runAsync(
      closing(opened, closed, () => wait(opened.dir.close())),
      operation,
    );
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Dirent, void> {
    try {
      for (let entry = await this.read(); entry !== null; entry = await this.read()) yield entry;
    } finally {
      await this.close();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.closed) await this.close();
  }
}

class OpenDirSync implements RootDirSync {
  readonly path: string;
  private readonly opened: OpenedDir;
  private closed = false;

  constructor(opened: OpenedDir) {
    this.path = opened.path as string;
    this.opened = opened;
  }

  readSync(): Dirent | null {
    const { opened } = this;
    const reading = now(() => opened.dir.readSync());
    return placed(runSync(reading, operationOf(opened, "dir.readSync")), opened);
  }

  closeSync(): void {
    const { opened, closed } = this;
    this.closed = true;
    const operation = operationOf(opened, "dir.closeSync");
    runSync(
      closing(opened, closed, () => now(() => opened.dir.closeSync())),
      operation,
    );
  }

  *[Symbol.iterator](): Generator<Dirent, void> {
    try {
      for (let entry = this.readSync(); entry !== null; entry = this.readSync()) yield entry;
    } finally {
      this.closeSync();
    }
  }

  [Symbol.dispose](): void {
    if (!this.closed) this.closeSync();
  }
}

/** A call of Node's as steps, so that its failure becomes an error like all others. */
// oxlint-disable-next-line require-yield -- it is done at once
function* now<T>(call: () => T): Steps<T> {
  return call();
}

/** Node's directory says no the second time; what holds it is closed once. */
function* closing({ handle }: OpenedDir, again: boolean, close: () => Steps<unknown>): Steps<void> {
  try {
    yield* close();
  } finally {
    if (handle !== undefined && !again) yield* closeFlushed(handle);
  }
}

function placed(entry: Dirent | null, { path }: OpenedDir): Dirent | null {
  if (entry !== null) relocate([entry], path);
  return entry;
}

function operationOf({ shown, fileSystem }: OpenedDir, op: string): Operation {
  return new Operation({ op, path: shown, fileSystem });
}
