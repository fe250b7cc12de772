import type { CallName } from "../calls/call.ts";
import type { NodeFileSystem } from "../calls/node-file-system.ts";

/** One call in a trace. */
export interface TracedCall {
  readonly kind: "call";
  /** The method of `node:fs` that the program called: `"writeFile"` for the `open` in it. */
  readonly via: string;
  readonly name: CallName;
  readonly args: readonly unknown[];
  /** Absolute. Of a call on a descriptor, the path that it was opened with. */
  readonly paths: readonly string[];
  /** Of a call on a descriptor, and of an `open` that succeeded. */
  readonly fd: number | undefined;
  /**
   * `"file:line:column"` of the program; `undefined` if there is no telling, as where it was bundled
   * together with this package.
   */
  readonly caller: string | undefined;
  /**
   * Of an `open` that is not exclusive, and of `truncate`: whether what the path leads to was there;
   * `undefined` if that is not known.
   */
  readonly existed: boolean | undefined;
  /** Of the same: the size of the file before, in bytes; `undefined` if there was none. */
  readonly size: number | undefined;
  /** Of the same: where the path leads, absolute, if it is a symbolic link. */
  readonly target: string | undefined;
  /** What it returned; `undefined` while it is under way, and if it failed. */
  readonly result: unknown;
  /** `error.code` if it failed, or the name of the error if it has no code. */
  readonly error: string | undefined;
}

/** The program told somebody that something is done. */
export interface TracedAck {
  readonly kind: "ack";
  readonly label: string;
  readonly caller: string | undefined;
}

export type TracedEntry = TracedCall | TracedAck;

/** A call began, or ended: calls of the asynchronous faces overlap. */
export interface TraceEvent {
  readonly at: "begin" | "end";
  readonly entry: TracedEntry;
}

export interface LinesOptions {
  /**
   * `"changes"`: what can change the disk, `fsync` included. `"all"`: also what looks, reads and
   * closes. Default: `"changes"`.
   */
  readonly show?: "changes" | "all";
  /** Whether each line says where the program made the call. Default: false. */
  readonly callers?: boolean;
}

export interface Trace {
  /** The file system to hand to the program. */
  readonly fs: NodeFileSystem;
  /** What was called, in order; a call that is still under way is there too. */
  readonly entries: readonly TracedEntry[];
  /** The same as it began and ended, for a linter. */
  readonly events: readonly TraceEvent[];
  /** One readable line for each call, without what differs from run to run. */
  readonly lines: (options?: LinesOptions) => string[];
  /** Call it where the program tells somebody that `label` is done. */
  readonly ack: (label: string) => void;
  /** Forgets all calls and all names given to random ones. */
  readonly clear: () => void;
}
