import type { FileSystemLike } from "../calls/node-file-system.ts";

/** Through which half of `node:fs` the calls of a case are made. */
export type Face = "sync" | "callback" | "promises";

/**
 * What a case needs beyond a file system and an empty directory:
 *
 * - `"preparation"`: that somebody who is root calls its `prepare` first
 * - `"second-device"`: a directory on another device
 * - `"small-device"`: a directory on a device that is full after at most 64 MiB
 * - `"descriptor-paths"`: `/proc/self/fd`, whose names lead to what is open, as on Linux 6.6 and later
 */
export type Need = "preparation" | "second-device" | "small-device" | "descriptor-paths";

/** Where a case is run. */
export interface Place {
  /** Of the shape of `node:fs`. */
  readonly fs: FileSystemLike;
  /** An empty directory of the program, absolute. The case fills it and does not clean up. */
  readonly dir: string;
  /** An empty directory on another device than `dir`; for cases that need `"second-device"`. */
  readonly secondDevice?: string;
  /** An empty directory on a device that is soon full; for cases that need `"small-device"`. */
  readonly smallDevice?: string;
}

/** One situation, what is done in it, and what a Linux file system answers. */
export interface ConformanceCase {
  /** Not the same twice. `"rename: a directory onto one that is not empty (sync)"` */
  readonly name: string;
  /** `"rename"` */
  readonly group: string;
  readonly face: Face;
  readonly needs: readonly Need[];
  /** What is done, one step a line, with what has to come of it after `->`. */
  readonly script: readonly string[];
  /** What `run` has to return: a line for each step. */
  readonly expected: readonly string[];
  /**
   * Makes what is owned by root and the case itself could not make. Not all cases have it: those that
   * need `"preparation"`.
   */
  prepare?(place: Pick<Place, "fs" | "dir">): Promise<void>;
  /** Does it, and returns what came of it. Never rejects because of what the file system does. */
  run(place: Place): Promise<readonly string[]>;
  /** `run`, and rejects with an `AssertionError` that names the steps that went another way. */
  check(place: Place): Promise<void>;
}
