import type { FileStats, Handle, PathArgument, Steps } from "@holdfast/fs/steps";
import type { RootCall } from "../call/root-call.ts";

/**
 * What a root can promise where it was opened.
 *
 * - `"descriptor"`: every call starts at a directory that is held open. A swap of any component, at any
 *   time, cannot redirect it.
 * - `"identity"`: calls go by path, and what was on the way is compared afterwards. A swap is detected,
 *   after the fact.
 */
export type Containment = "descriptor" | "identity";

/** A directory inside the root: calls are made in it. */
export interface Directory {
  /** A path that leads to it; those of the names in it begin so. */
  readonly path: string;
  /** Where it is, from the root, with all links resolved: what rules are checked against. */
  readonly names: readonly PathArgument[];
  /** What keeps `path` from leading elsewhere. `undefined`: the root's own, or nothing can. */
  readonly handle: Handle | undefined;
}

/** A name in a directory. What it stands for, if anything, has not been looked at. */
export interface Place {
  readonly directory: Directory;
  /** `"."` for the directory itself. */
  readonly name: PathArgument;
  /** Whether the caller put a slash after it. */
  readonly slash?: boolean;
}

/** A symbolic link that was met on the way. */
export interface Link {
  readonly target: PathArgument;
}

/** One file, directory or link: found, looked at, and held where that is possible. */
export interface Pin {
  readonly place: Place;
  readonly stats: FileStats;
  /** A path that leads to it: with `"descriptor"`, to it and nothing else. */
  readonly path: PathArgument;
  readonly handle: Handle | undefined;
}

/** How a root finds its way: what differs from platform to platform, behind the one walker. */
export interface Strategy {
  readonly containment: Containment;

  /**
   * Opens the directory that these names lead to, one after the other from the root, if each of them
   * is a directory. `undefined` where that is not so, or was not to be found out at once: then the
   * walker goes name by name.
   */
  openDirectory(call: RootCall, names: readonly PathArgument[]): Steps<Directory | undefined>;

  /**
   * Opens what one name in a directory stands for, or reads where it leads if it is a link.
   *
   * @throws `ENOENT`, `ENOTDIR`, `EACCES`, … as plain fs does for a directory on the way
   */
  enter(call: RootCall, directory: Directory, name: PathArgument): Steps<Directory | Link>;

  /**
   * Finds and holds what these names lead to, as {@link openDirectory} and {@link pin} would, in fewer
   * trips. `undefined` where that was not to be had; then nothing is held.
   */
  pinAtOnce(call: RootCall, names: readonly PathArgument[]): Steps<Pin | undefined>;

  /** Finds and holds what a name stands for, without opening it for I/O. A link is not followed. */
  pin(call: RootCall, place: Place): Steps<Pin>;

  /**
   * Opens what is pinned, and nothing else, for I/O: a regular file or a directory (the caller has
   * looked). `flags` hold no O_CREAT or O_EXCL.
   */
  openPinned(call: RootCall, pin: Pin, flags: number): Steps<Handle>;
  /** The same, as Node's `FileHandle` (a descriptor in a synchronous run). */
  nodeOpenPinned(call: RootCall, pin: Pin, flags: number): Steps<unknown>;
  chmodPinned(call: RootCall, pin: Pin, mode: number): Steps<void>;
  /** Times in seconds. */
  utimesPinned(call: RootCall, pin: Pin, atime: number, mtime: number): Steps<void>;
  accessPinned(call: RootCall, pin: Pin, mode: number): Steps<void>;

  /**
   * Waits until a change of what has these names, from the root, can be made whose place can be proved
   * afterwards.
   */
  settle(call: RootCall, names: readonly PathArgument[]): Steps<void>;

  /**
   * Runs the whole of a call so that what it did is known to have happened inside when this returns;
   * otherwise throws `ERR_CHANGED`, with the effect. May run a body that changes nothing again.
   */
  contain<T>(call: RootCall, body: () => Steps<T>): Steps<T>;
}
