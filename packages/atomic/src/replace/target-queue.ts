import { resolve } from "node:path";
import { wait, type Operation, type Steps } from "@holdfast/fs/steps";

/**
 * Calls for one file inside a process run in the order in which they were made, also when they name
 * it in different ways; calls for different files run at once.
 *
 * Two names that are one string (once normalised) are known to be one file, and wait for each other
 * before they begin. Whether two other names are one file is known when both have been resolved: a
 * call that has been waits until all that began before it are too, and then for those of them, and
 * those queued behind them, that lead to the same file.
 */
interface Line {
  /** Where the calls of this line lead, once one of them has found out. */
  place: Place | undefined;
  readonly turns: Turn[];
}

/** A name in a directory. Without an identity of the directory it may be any of that name. */
export interface Place {
  readonly directory: string | undefined;
  readonly name: string;
}

/** One call's place in the queue. */
export interface Turn {
  readonly ticket: number;
  readonly line: Line;
  readonly lines: Map<string, Line>;
  readonly key: string;
  readonly ended: Promise<void>;
  readonly end: () => void;
  readonly resolved: Promise<void>;
  readonly markResolved: () => void;
}

interface Queue {
  readonly lines: Map<string, Line>;
  /** Calls that have begun and are not resolved yet. */
  readonly unresolved: Set<Turn>;
}

const queues = new WeakMap<object, Queue>();
const builtIn = {};
let nextTicket = 0;

function queueOf(operation: Operation): Queue {
  const key = operation.fileSystem ?? builtIn;
  let queue = queues.get(key);
  if (queue === undefined) queues.set(key, (queue = { lines: new Map(), unresolved: new Set() }));
  return queue;
}

/** Takes a place, at once, and returns when the calls before it under the same name have ended. */
export function* takeTurn(operation: Operation, target: string): Steps<Turn> {
  const queue = queueOf(operation);
  const key = foldCase(operation, resolve(target));
  let line = queue.lines.get(key);
  if (line === undefined) queue.lines.set(key, (line = { place: undefined, turns: [] }));
  const [ended, end] = signal();
  const [resolved, markResolved] = signal();
  const turn: Turn = {
    ticket: nextTicket++,
    line,
    lines: queue.lines,
    key,
    ended,
    end,
    resolved,
    markResolved,
  };
  const before = line.turns.at(-1);
  line.turns.push(turn);
  try {
    if (before !== undefined) yield* wait(before.ended);
  } catch (error) {
    endTurn(operation, turn);
    throw error;
  }
  queue.unresolved.add(turn);
  return turn;
}

/**
 * Tells where a call leads, and waits for earlier calls that lead there too. Returns whether it had
 * to wait: then what it has seen of the file is out of date.
 */
export function* settleTurn(operation: Operation, turn: Turn, place: Place): Steps<boolean> {
  const { lines, unresolved } = queueOf(operation);
  const own = { ...place, name: foldCase(operation, place.name) };
  turn.line.place = own;
  unresolved.delete(turn);
  turn.markResolved();
  if (lines.size === 1) return false;
  for (const other of unresolved) {
    if (other.ticket < turn.ticket) yield* wait(other.resolved);
  }
  let waited = false;
  for (const line of lines.values()) {
    if (line === turn.line || !mayBeSame(line.place, own)) continue;
    const last = line.turns.findLast((other) => other.ticket < turn.ticket);
    if (last === undefined) continue;
    waited = true;
    yield* wait(last.ended);
  }
  return waited;
}

/** Gives the place up. */
export function endTurn(operation: Operation, turn: Turn): void {
  queueOf(operation).unresolved.delete(turn);
  turn.line.turns.splice(turn.line.turns.indexOf(turn), 1);
  if (turn.line.turns.length === 0) turn.lines.delete(turn.key);
  turn.markResolved();
  turn.end();
}

function mayBeSame(a: Place | undefined, b: Place): boolean {
  if (a?.name !== b.name) return false;
  return a.directory === undefined || b.directory === undefined || a.directory === b.directory;
}

function foldCase(operation: Operation, path: string): string {
  return operation.platform.foldsCase ? path.toLowerCase() : path;
}

function signal(): [promise: Promise<void>, resolve: () => void] {
  let settle!: () => void;
  const promise = new Promise<void>((onResolve) => {
    settle = onResolve;
  });
  return [promise, settle];
}
