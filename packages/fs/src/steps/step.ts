import type { FileStats } from "../file-stats.ts";
import type { PathArgument } from "../port.ts";

/**
 * A protocol, or a piece of one: a generator that yields one step at a time and returns `T`.
 * `yield*` reads like `await`. The same generator is driven asynchronously and synchronously, so
 * the two forms of an operation cannot drift apart.
 */
// oxlint-disable-next-line typescript/no-explicit-any -- what `yield` returns depends on the step
export type Steps<T> = Generator<Step, T, any>;

declare const handleBrand: unique symbol;
/** An open file: a number for the built-in file system, a `FileHandle` for an injected one. */
export type Handle = { readonly [handleBrand]: true };

/** The vocabulary: every call that a protocol can make of the file system. */
export interface Calls {
  open(path: PathArgument, flags: number, mode: number): Handle;
  /** Closes a file that may have unwritten data: may block, and may report their loss. */
  close(handle: Handle): void;
  /** Closes a file that has nothing left to write: opened for reading, or flushed before. */
  closeFlushed(handle: Handle): void;
  read(
    handle: Handle,
    buffer: Uint8Array,
    offset: number,
    length: number,
    position: number | null,
  ): number;
  write(
    handle: Handle,
    buffer: Uint8Array,
    offset: number,
    length: number,
    position: number | null,
  ): number;
  /** Writes a whole content from the start of a fresh handle. Only injected file systems get it. */
  writeFile(handle: Handle, data: Uint8Array): void;
  fstat(handle: Handle): FileStats;
  fchmod(handle: Handle, mode: number): void;
  fchown(handle: Handle, uid: number, gid: number): void;
  futimes(handle: Handle, atime: number, mtime: number): void;
  ftruncate(handle: Handle, length: number): void;
  fsync(handle: Handle): void;
  fdatasync(handle: Handle): void;
  rename(from: PathArgument, to: PathArgument): void;
  link(existing: PathArgument, path: PathArgument): void;
  unlink(path: PathArgument): void;
  symlink(target: PathArgument, path: PathArgument): void;
  readlink(path: PathArgument): PathArgument;
  mkdir(path: PathArgument, mode: number): void;
  rmdir(path: PathArgument): void;
  readdir(path: PathArgument): PathArgument[];
  lstat(path: PathArgument): FileStats;
  stat(path: PathArgument): FileStats;
  access(path: PathArgument, mode: number): void;
  copyFile(from: PathArgument, to: PathArgument, mode: number): void;
  lutimes(path: PathArgument, atime: number, mtime: number): void;
  chmod(path: PathArgument, mode: number): void;
  utimes(path: PathArgument, atime: number, mtime: number): void;
  /** `lstat` of a directory above one that is held open: the kernel has it in memory. */
  lstatHeld(path: PathArgument): FileStats;
  /** `open` of what a descriptor stands for, on a file system that does so without asking a device. */
  openHeld(path: PathArgument, flags: number): Handle;
  /** The type of a file system, as a number of the platform (statfs(2)). */
  fileSystemType(path: PathArgument): bigint;
  /** `readlink` of what /proc says of a descriptor: made up by the kernel, on no device. */
  readlinkHeld(path: PathArgument): PathArgument;

  // For methods that have the shape of `node:fs`: what Node itself returns.
  nodeLstat(path: PathArgument, bigint: boolean): unknown;
  nodeFstat(handle: Handle, bigint: boolean): unknown;
  nodeReaddir(path: PathArgument, options: object): unknown[];
  nodeOpendir(path: PathArgument, options: object): unknown;
  /** A `FileHandle`; a descriptor in a synchronous run. */
  nodeOpen(path: PathArgument, flags: number, mode: number): unknown;
}

/** The name of a call. */
export type CallName = keyof Calls;

/** One call of the file system. */
export class Call {
  readonly kind = "call";
  readonly name: CallName;
  readonly args: readonly unknown[];
  constructor(name: CallName, args: readonly unknown[]) {
    this.name = name;
    this.args = args;
  }
}

/** Several independent protocols at once; sequentially where there is only one thread. */
class All {
  readonly kind = "all";
  readonly branches: readonly Steps<unknown>[];
  constructor(branches: readonly Steps<unknown>[]) {
    this.branches = branches;
  }
}

/** Waiting for something that is not the file system. */
class Wait {
  readonly kind = "wait";
  readonly what: PromiseLike<unknown>;
  constructor(what: PromiseLike<unknown>) {
    this.what = what;
  }
}

/** Waiting for time to pass, in milliseconds. */
class Sleep {
  readonly kind = "sleep";
  readonly ms: number;
  constructor(ms: number) {
    this.ms = ms;
  }
}

/** Steps to be made here and now, on this thread, whatever drives the rest. */
class Inline {
  readonly kind = "inline";
  readonly steps: Steps<unknown>;
  constructor(steps: Steps<unknown>) {
    this.steps = steps;
  }
}

/** Tells the driver when the signal counts. */
class Mark {
  readonly kind = "mark";
  readonly what: "commit" | "shield" | "unshield";
  constructor(what: "commit" | "shield" | "unshield") {
    this.what = what;
  }
}

/** What a protocol can yield. */
export type Step = Call | All | Wait | Sleep | Inline | Mark;

const commitMark = new Mark("commit");
const shieldMark = new Mark("shield");
const unshieldMark = new Mark("unshield");

/**
 * Runs independent protocols at once and returns their results in order. All of them end before
 * this does, also when one fails; then the failure that came first is thrown, and the others are
 * `suppressed`. A branch therefore stores what must be closed where the caller can see it.
 */
export function* all<const B extends readonly Steps<unknown>[]>(
  branches: B,
): Steps<{ -readonly [K in keyof B]: B[K] extends Steps<infer T> ? T : never }> {
  return yield new All(branches);
}

/** Pauses for `ms` milliseconds; ended early by the signal. */
export function* sleep(ms: number): Steps<void> {
  yield new Sleep(ms);
}

/** Awaits a promise; ended early by the signal. The synchronous driver refuses it. */
export function* wait<T>(what: PromiseLike<T>): Steps<Awaited<T>> {
  return yield new Wait(what);
}

/**
 * Makes steps synchronously also in an asynchronous run: between the code before this and its end no
 * other code of this thread runs. Needs the synchronous half of an injected file system.
 */
export function* inline<T>(steps: Steps<T>): Steps<T> {
  return yield new Inline(steps);
}

/** From here on the signal is not looked at any more: what follows must be finished. */
export function* commitPoint(): Steps<void> {
  yield commitMark;
}

/** Runs steps that the signal must not interrupt: cleaning up. */
export function* shielded<T>(steps: Steps<T>): Steps<T> {
  yield shieldMark;
  try {
    return yield* steps;
  } finally {
    yield unshieldMark;
  }
}
