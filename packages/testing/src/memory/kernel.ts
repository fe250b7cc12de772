import { inspect } from "node:util";
import { platforms } from "@holdfast/fs/steps";
import type { PlatformFacts } from "@holdfast/fs/steps";
import { callFacts } from "../calls/call.ts";
import type { CallName, CallTable, Path } from "../calls/call.ts";
import { nodeError } from "../calls/node-error.ts";
import type { Effect, InodeAttributes } from "./effect.ts";
import { S_IFDIR, S_IFMT } from "./inode.ts";
import type { Inode, Link, Microseconds } from "./inode.ts";
import { bytesOfName, nameFromBytes, nameFromString, nameLength } from "./names.ts";
import type { MemoryFileSystemOptions } from "./options.ts";
import { Store } from "./store.ts";
import { windowsPath } from "./windows.ts";

/** How a call is made here. */
export type Implementation<Name extends CallName> = (
  kernel: Kernel,
  ...args: Parameters<CallTable[Name]>
) => ReturnType<CallTable[Name]>;

/** What `open` returned a number for. */
export interface OpenFile {
  readonly inode: Inode;
  readonly flags: number;
  /** As it was given to `open`. */
  readonly path: string;
  /** The name that it was opened by, for `/proc/self/fd`. */
  readonly link: Link;
  position: number;
  /** Its own name in `/proc/self/fd`, once somebody has asked for it. */
  name?: Link;
}

/** Above what a process has open for real, so that the two are never taken for each other. */
export const firstDescriptor = 1000;

/** Of Linux: Node has no constant for it. What is opened with it stands for a place only. */
export const O_PATH = 0o10000000;

/** `st_dev` of what is in `/proc`: no device of files has it. */
export const procDevice = 0x15;

/** The failures that a file system can give by itself, without a fault in what is below it. */
type Failure =
  | ("EACCES" | "EBADF" | "EBUSY" | "EEXIST" | "EFBIG" | "EINVAL" | "EISDIR" | "ELOOP" | "EMFILE")
  | (
      | "ENAMETOOLONG"
      | "ENOENT"
      | "ENOSPC"
      | "ENOTDIR"
      | "ENOTEMPTY"
      | "ENOTSUP"
      | "EPERM"
      | "EXDEV"
    );

// `st_dev`: never 0, which programs take for "unknown"; the numbers of /dev/sda1, sda2, …
const firstDevice = 0x801;

/** What every call works on: the store, who the program is, and the call that is being made. */
export class Kernel {
  readonly store: Store;
  readonly facts: PlatformFacts;
  readonly uid: number;
  readonly gid: number;
  readonly umask: number;
  readonly capacityBytes: number;
  /** By descriptor minus the first one. */
  readonly files: (OpenFile | undefined)[] = [];
  /** `/proc/self/fd`, once somebody has asked for it. */
  descriptors: Link | undefined;
  onEffect: ((effect: Effect) => void) | undefined;
  /** Whether the platform's rules are those of Windows, where permissions hardly exist. */
  readonly windows: boolean;
  /** How many names `mkdtemp` has tried. */
  temporaryNames = 0;
  #call: CallName = "open";
  #args: readonly unknown[] = [];
  #now: Microseconds = 0;
  #devices = 0;

  constructor(options: MemoryFileSystemOptions) {
    this.facts = platforms[options.platform ?? "linux"];
    this.windows = this.facts.name === "win32";
    this.uid = options.uid ?? 0;
    this.gid = options.gid ?? this.uid;
    this.umask = options.umask ?? 0o022;
    this.capacityBytes = options.capacityBytes ?? Infinity;
    this.store = new Store({
      getuid: () => this.uid,
      getgid: () => this.gid,
      cwd: () => "/",
      platform: "linux",
      env: {},
      emitWarning: (message, type) => process.emitWarning(message, type),
    });
    const root = this.root.node as Inode;
    root.mode = S_IFDIR | 0o755;
    root.dev = this.newDevice();
    root.atimeUs = root.mtimeUs = root.ctimeUs = root.btimeUs = this.now();
  }

  get root(): Link {
    return this.store.root;
  }

  newDevice(): number {
    return firstDevice + this.#devices++;
  }

  /** Remembers which call is being made, for the error that it may throw. */
  begin(call: CallName, args: readonly unknown[]): void {
    this.#call = call;
    this.#args = args;
  }

  /** An error of the call that is being made. */
  error(code: Failure): NodeJS.ErrnoException {
    const paths = (this.#args.slice(0, callFacts[this.#call].paths) as Path[]).map(shown);
    if (this.#call === "mkdtemp") paths[0] += "XXXXXX";
    return nodeError(code, this.#call, paths);
  }

  /**
   * Now, later than ever before: on Linux 6.13 and later, too, two changes that somebody can tell
   * apart have different times.
   */
  now(): Microseconds {
    const now = Date.now() * 1000;
    this.#now = now > this.#now ? now : this.#now + 1;
    return this.#now;
  }

  /** A path as it is looked up. */
  pathOf(path: Path): string {
    const text = typeof path === "string" ? nameFromString(path) : nameFromBytes(path);
    if (text.includes("\0")) throw nullByteError(path);
    return this.windows ? windowsPath(text) : text;
  }

  /** What a symbolic link is to say. */
  targetOf(target: Path): string {
    const text = typeof target === "string" ? nameFromString(target) : nameFromBytes(target);
    if (text.includes("\0")) throw nullByteError(target);
    if (text === "") throw this.error("ENOENT");
    if (isTooLong(text)) throw this.error("ENAMETOOLONG");
    return text;
  }

  /** Whether the program may do all of what 4 (read), 2 (write) and 1 (search, execute) stand for. */
  permits(inode: Inode, wanted: number): boolean {
    if (this.windows) return (wanted & 2) === 0 || (inode.mode & 0o222) !== 0 || isDirectory(inode);
    const { mode } = inode;
    // capabilities(7), CAP_DAC_OVERRIDE: all, but execute only what somebody may execute.
    if (this.uid === 0) return (wanted & 1) === 0 || isDirectory(inode) || (mode & 0o111) !== 0;
    const granted = this.uid === inode.uid ? mode >> 6 : this.gid === inode.gid ? mode >> 3 : mode;
    return (granted & wanted) === wanted;
  }

  /** Whether the program is the owner, or root. */
  owns(inode: Inode): boolean {
    return this.windows || this.uid === 0 || this.uid === inode.uid;
  }

  /** The mode of a file whose owner or content changes: a program must not keep its privileges. */
  withoutSetId(inode: Inode): number {
    const { mode } = inode;
    // Without the group's x bit, set-group-ID once meant mandatory locks, and stays for the group.
    const ownGroup = this.uid === 0 || this.gid === inode.gid;
    return (mode & 0o010) === 0 && ownGroup ? mode & ~0o4000 : mode & ~0o6000;
  }

  /** Says that an inode's attributes have changed, to whoever listens. */
  emitAttributes(inode: Inode): void {
    if (inode.dev === procDevice) return; // on no disk
    this.onEffect?.({ kind: "attributes", inode: inode.id, attributes: attributesOf(inode) });
  }
}

const pathMax = 4096; // PATH_MAX, with the final NUL

/** Whether a path has no room in the system call. */
export function isTooLong(path: string): boolean {
  return path.length * 3 >= pathMax && nameLength(path) >= pathMax;
}

export function isDirectory(inode: Inode): boolean {
  return (inode.mode & S_IFMT) === S_IFDIR;
}

export function attributesOf(inode: Inode): InodeAttributes {
  const { mode, uid, gid, mtimeUs, btimeUs, ino } = inode;
  const times = { mtimeMs: mtimeUs / 1000, birthtimeMs: btimeUs / 1000 };
  return { mode: mode & 0o7777, uid, gid, ...times, ino };
}

/** A path in an error, as Node shows it. */
function shown(path: Path): string {
  return typeof path === "string" ? path : path.toString("utf8");
}

function nullByteError(path: Path): TypeError {
  const shownPath = typeof path === "string" ? path : bytesOfName(nameFromBytes(path));
  return Object.assign(
    new TypeError(
      `The argument 'path' must be a string, Uint8Array, or URL without null bytes. Received ${inspect(shownPath)}`,
    ),
    { code: "ERR_INVALID_ARG_VALUE" },
  );
}
