import type { Call } from "../calls/call.ts";
import type { NodeFileSystem } from "../calls/node-file-system.ts";

/** Between which calls of the program an adversary acts. */
export interface Moment {
  /**
   * The call next to it: the one that is about to be made, or the last one of the run. `undefined`
   * only if the run made no call at all.
   */
  readonly call: Call | undefined;
  readonly when: "before" | "after";
}

/**
 * Somebody else who may write where the program works. It must keep no state of its own from one move
 * to the next but in the file system: it plays in many runs.
 */
export interface Adversary {
  /** Unlike that of every other adversary of the exploration: replays name it. */
  readonly name: string;
  /** What has happened when it has acted, for reports: `"symlink swapped in"`. Default: its name. */
  readonly did?: string;
  /**
   * The move. `fs` is the file system that the program uses, seen from outside: these calls are not
   * counted and nobody interferes with them. A program that makes synchronous calls cannot be held
   * while a promise is waited for, so there the move must be synchronous.
   *
   * If it throws a system error (`ENOENT`: there was nothing to move away) it did not land: it should
   * then leave everything as it was.
   */
  act(fs: NodeFileSystem, moment: Moment): void | Promise<void>;
  /** The second move, for `moves: 2`: takes the first one back. Default: `act` a second time. */
  undo?(fs: NodeFileSystem, moment: Moment): void | Promise<void>;
}
