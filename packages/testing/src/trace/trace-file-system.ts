import { invalidType } from "@holdfast/fs/steps";
import { changesDisk, type Call, type CallName, type Path } from "../calls/call.ts";
import { callerOf } from "../calls/caller.ts";
import { O_CREAT, O_EXCL } from "../calls/constants.ts";
import { facesOf } from "../calls/faces.ts";
import { Interception, type Interceptor } from "../calls/intercept.ts";
import type { FileSystemLike, NodeFileSystem } from "../calls/node-file-system.ts";
import { backendOf } from "../calls/real-backend.ts";
import type { Backend } from "../calls/backend.ts";
import { lookUp, lookUpSync } from "./look-up.ts";
import { resolvePaths } from "./paths.ts";
import { formatEntry } from "./format-entry.ts";
import { StableNames } from "./stable-names.ts";
import { requireKnown } from "../scenario/known-options.ts";
import type { LinesOptions, Trace, TracedAck, TracedCall, TraceEvent } from "./trace.ts";

export interface TraceOptions {
  /**
   * The directory that paths are shown from. Default: the one that all traced paths have in common.
   */
  readonly root?: string;
}

/**
 * A file system that does what `fs` does and notes each call: one readable line each, fit for a
 * snapshot, and enough for `lintTrace` to judge.
 *
 * Nothing in a line differs from run to run. Descriptors have no numbers. `staged` (`staged 2`, …) is
 * what is made in the trace and later renamed or linked to another name, whatever it was called; what
 * is made and removed again, unless it has a name that a person would choose (`x.lock`, `report.txt`);
 * what `mkdtemp` makes; and of what stays, a name that clearly differs from run to run: with a UUID,
 * with a number in a name like `x.4711.tmp`, or with random characters after another name of the
 * trace (`state.json.3f2a9c`). What was there before has its own name, and so has what only looks a
 * little random (`2024-01-01.log`, `index-3f2a9c1b.js`).
 *
 * Works in every face: synchronous, promises, callbacks, streams. Before an `open` that is not
 * exclusive, and before `truncate`, it looks with `lstat` (and `readlink`) what is at the path.
 *
 * @throws `TypeError` (`ERR_INVALID_ARG`) if `fs` is no object, or `root` is no text
 * @example
 * const trace = traceFileSystem(fs);
 * await save(trace.fs, "/home/me/state.json");
 * trace.lines(); // ["open staged wx", "write staged 4096", "fsync staged", "rename staged -> state.json", "fsync ."]
 */
export function traceFileSystem(fs: FileSystemLike, options: TraceOptions = {}): Trace {
  requireKnown("traceFileSystem", options, ["root"]);
  const { root } = options;
  if (root !== undefined && typeof root !== "string") {
    throw invalidType("traceFileSystem", "root", "a path", root);
  }
  return new FileSystemTrace(backendOf(fs), root);
}

type Mutable<Value> = { -readonly [Name in keyof Value]: Value[Name] };

class FileSystemTrace implements Trace, Interceptor {
  readonly fs: NodeFileSystem;
  readonly events: TraceEvent[] = [];
  readonly #under: Backend;
  readonly #root: string | undefined;

  constructor(under: Backend, root: string | undefined) {
    this.#under = under;
    this.#root = root;
    this.fs = facesOf(new Interception(under, this), { callers: true });
  }

  get entries(): (TracedCall | TracedAck)[] {
    return this.events.filter(({ at }) => at === "begin").map(({ entry }) => entry);
  }

  readonly lines = (options: LinesOptions = {}): string[] => {
    requireKnown("lines", options, ["show", "callers"]);
    const { show = "changes", callers = false } = options;
    const { entries } = this;
    const names = new StableNames(entries, this.#root);
    return entries
      .filter(
        (entry) => show === "all" || entry.kind === "ack" || changesDisk(entry.name, entry.args),
      )
      .map((entry) => formatEntry(entry, names, callers));
  };

  readonly ack = (label: string): void => {
    if (typeof label !== "string") throw invalidType("ack", "label", "a string", label);
    const entry: TracedAck = { kind: "ack", label, caller: callerOf() };
    this.events.push({ at: "begin", entry });
  };

  readonly clear = (): void => {
    this.events.length = 0;
  };

  sync(call: Call, proceed: () => unknown): unknown {
    const entry = noteOf(call);
    if (followsPath(call)) {
      Object.assign(entry, lookUpSync(this.#under, call.args[0] as Path, entry.paths[0]!));
    }
    this.events.push({ at: "begin", entry });
    try {
      return this.#succeeded(entry, proceed());
    } catch (error) {
      throw this.#failed(entry, error);
    }
  }

  async async(call: Call, proceed: () => Promise<unknown>): Promise<unknown> {
    const entry = noteOf(call);
    this.events.push({ at: "begin", entry });
    if (followsPath(call)) {
      Object.assign(entry, await lookUp(this.#under, call.args[0] as Path, entry.paths[0]!));
    }
    try {
      return this.#succeeded(entry, await proceed());
    } catch (error) {
      throw this.#failed(entry, error);
    }
  }

  #succeeded(entry: Mutable<TracedCall>, result: unknown): unknown {
    entry.result = result;
    if (entry.name === "open") entry.fd = result as number;
    this.events.push({ at: "end", entry });
    return result;
  }

  #failed(entry: Mutable<TracedCall>, error: unknown): unknown {
    const { code, name } = error as NodeJS.ErrnoException;
    entry.error = code ?? name;
    this.events.push({ at: "end", entry });
    return error;
  }
}

function noteOf({ name, args, via, fd, caller, paths }: Call): Mutable<TracedCall> {
  const known = { kind: "call", name, args, via, fd, caller } as const;
  const before = { existed: undefined, size: undefined, target: undefined };
  const after = { result: undefined, error: undefined };
  return { ...known, ...before, ...after, paths: resolvePaths(name, paths) };
}

/** Only what an exclusive `open` makes is known to be new, and itself. Elsewhere it is looked up first. */
const followsPath = ({ name, args }: { name: CallName; args: readonly unknown[] }): boolean =>
  name === "truncate" ||
  (name === "open" && ((args[1] as number) & (O_CREAT | O_EXCL)) !== (O_CREAT | O_EXCL));
