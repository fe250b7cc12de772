/**
 * The file-system port: the subset of `node:fs` that Holdfast calls, in Node's own shapes.
 *
 * `node:fs`, `memfs`, and an object that spreads either and replaces a few methods all satisfy it
 * without a cast. Both halves are optional, and so is each method: an operation that needs one that
 * is missing fails with `ERR_INVALID_ARG` before it touches anything, and names the method.
 *
 * Methods, not function-valued properties: TypeScript compares method parameters bivariantly, which
 * is what lets Node's many overloads satisfy one plain signature.
 */

import type { PlatformName } from "./platform/platform.ts";

/** A path as Node takes it. Bytes are for names that are not valid UTF-8. */
export type PathArgument = string | Buffer;

/**
 * What `stat`, `lstat` and `fstat` are asked for: always with `{ bigint: true }`. A file system that
 * ignores that option and answers with numbers is accepted; the numbers are converted.
 */
export interface PortStats {
  readonly dev: bigint | number;
  readonly ino: bigint | number;
  readonly mode: bigint | number;
  readonly nlink: bigint | number;
  readonly uid: bigint | number;
  readonly gid: bigint | number;
  readonly size: bigint | number;
  isFile(): boolean;
  isDirectory(): boolean;
  isSymbolicLink(): boolean;
}

/** The subset of Node's `FileHandle` that is used, for the asynchronous half. */
export interface PortFileHandle {
  close(): Promise<void>;
  stat(options: { bigint: true }): Promise<PortStats>;
  chmod(mode: number): Promise<void>;
  chown(uid: number, gid: number): Promise<void>;
  utimes(atime: number, mtime: number): Promise<void>;
  truncate(length: number): Promise<void>;
  /** Needed; optional because the types of memfs lack it, while its handles have it. */
  sync?(): Promise<void>;
  datasync(): Promise<void>;
  read(
    buffer: Uint8Array,
    offset: number,
    length: number,
    position: number | null,
  ): Promise<{ bytesRead: number }>;
  write(
    buffer: Uint8Array,
    offset: number,
    length: number,
    position: number | null,
  ): Promise<{ bytesWritten: number }>;
}

/** The asynchronous half: a subset of `node:fs/promises`. */
export interface PromiseFileSystem {
  open?(path: PathArgument, flags: number, mode?: number): Promise<PortFileHandle>;
  /** Called with an open `FileHandle`: the step that writes a whole content. */
  // oxlint-disable-next-line typescript/no-explicit-any -- stubs type the handle as they like
  writeFile?(file: any, data: Uint8Array): Promise<void>;
  rename?(from: PathArgument, to: PathArgument): Promise<void>;
  link?(existing: PathArgument, path: PathArgument): Promise<void>;
  unlink?(path: PathArgument): Promise<void>;
  symlink?(target: PathArgument, path: PathArgument): Promise<void>;
  readlink?(path: PathArgument, options: { encoding: "buffer" }): Promise<unknown>;
  mkdir?(path: PathArgument, options: { mode: number }): Promise<unknown>;
  rmdir?(path: PathArgument): Promise<void>;
  readdir?(path: PathArgument, options: { encoding: "buffer" }): Promise<unknown>;
  lstat?(path: PathArgument, options: { bigint: true }): Promise<PortStats>;
  stat?(path: PathArgument, options: { bigint: true }): Promise<PortStats>;
  access?(path: PathArgument, mode?: number): Promise<void>;
  copyFile?(from: PathArgument, to: PathArgument, mode?: number): Promise<void>;
  lutimes?(path: PathArgument, atime: number, mtime: number): Promise<void>;
  chmod?(path: PathArgument, mode: number): Promise<void>;
  utimes?(path: PathArgument, atime: number, mtime: number): Promise<void>;
  opendir?(path: PathArgument, options?: object): Promise<unknown>;
  statfs?(path: PathArgument, options: { bigint: true }): Promise<{ type: bigint | number }>;
}

/** The synchronous half: a subset of `node:fs`. Descriptors are numbers. */
export interface SyncFileSystem {
  openSync?(path: PathArgument, flags: number, mode?: number): number;
  closeSync?(fd: number): void;
  readSync?(
    fd: number,
    buffer: Uint8Array,
    offset: number,
    length: number,
    position: number | null,
  ): number;
  writeSync?(
    fd: number,
    buffer: Uint8Array,
    offset: number,
    length: number,
    position: number | null,
  ): number;
  writeFileSync?(fd: number, data: Uint8Array): void;
  fstatSync?(fd: number, options: { bigint: true }): PortStats;
  fchmodSync?(fd: number, mode: number): void;
  fchownSync?(fd: number, uid: number, gid: number): void;
  futimesSync?(fd: number, atime: number, mtime: number): void;
  ftruncateSync?(fd: number, length: number): void;
  fsyncSync?(fd: number): void;
  fdatasyncSync?(fd: number): void;
  renameSync?(from: PathArgument, to: PathArgument): void;
  linkSync?(existing: PathArgument, path: PathArgument): void;
  unlinkSync?(path: PathArgument): void;
  symlinkSync?(target: PathArgument, path: PathArgument): void;
  readlinkSync?(path: PathArgument, options: { encoding: "buffer" }): unknown;
  mkdirSync?(path: PathArgument, options: { mode: number }): unknown;
  rmdirSync?(path: PathArgument): void;
  readdirSync?(path: PathArgument, options: { encoding: "buffer" }): unknown;
  lstatSync?(path: PathArgument, options: { bigint: true }): PortStats | undefined;
  statSync?(path: PathArgument, options: { bigint: true }): PortStats | undefined;
  accessSync?(path: PathArgument, mode?: number): void;
  copyFileSync?(from: PathArgument, to: PathArgument, mode?: number): void;
  lutimesSync?(path: PathArgument, atime: number, mtime: number): void;
  chmodSync?(path: PathArgument, mode: number): void;
  utimesSync?(path: PathArgument, atime: number, mtime: number): void;
  opendirSync?(path: PathArgument, options?: object): unknown;
  statfsSync?(path: PathArgument, options: { bigint: true }): { type: bigint | number };
}

/**
 * An injectable file system: `node:fs`, `memfs`'s `fs`, `{ promises }`, or any object that spreads
 * one of them and replaces some methods.
 */
export interface FileSystem extends SyncFileSystem {
  readonly promises?: PromiseFileSystem;
  /**
   * The platform whose rules this file system follows (retries of `rename`, whether a directory can
   * be flushed, …). Default: the platform that the program runs on.
   */
  readonly platform?: PlatformName;
}
