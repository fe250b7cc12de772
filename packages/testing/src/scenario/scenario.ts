import type { NodeFileSystem } from "../calls/node-file-system.ts";

/** How a run ended: it returned, it was cut off, or it threw. */
export type End = "done" | "crash" | Error;

/** What a check is told of the run. */
export interface Seen<Ack> {
  /** What `run` had acknowledged when it ended, in order. */
  readonly acks: readonly Ack[];
  readonly end: End;
  /** The paths of files that were opened and not closed. Empty after a crash: it closes everything. */
  readonly leaks: readonly string[];
}

/**
 * A program, said once, for every explorer: how it starts, what it does, how it starts again, and what
 * must be true. Every file access goes through the `fs` that is handed in, an object of the shape of
 * `node:fs` with paths from `/`.
 *
 * The functions run many times, each time on a file system of its own, so they must not keep state
 * outside of it.
 */
export interface Scenario<Ack = unknown> {
  /** Shown in reports. */
  readonly name?: string;
  /** What is there before: durable when it returns. */
  setup?(fs: NodeFileSystem): unknown;
  /**
   * The program. It calls `ack(x)` when it would tell somebody that `x` is done ("saved"): from then
   * on the check may insist on it.
   */
  run(fs: NodeFileSystem, ack: (promise: Ack) => void): unknown;
  /** What the program does when it starts again after a crash. */
  recover?(fs: NodeFileSystem): unknown;
  /** Throws if what is there is wrong; `false` is wrong too. */
  check(fs: NodeFileSystem, seen: Seen<Ack>): unknown;
}
