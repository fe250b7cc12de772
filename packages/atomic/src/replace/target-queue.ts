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

/** Something that others can wait for; a promise is made only if somebody does. */
class Event {
  private happened = false;
  private promise: Promise<void> | undefined;
  private resolve: (() => void) | undefined;

  /** `undefined` if it has happened. */
  get pending(): Promise<void> | undefined {
    if (this.happened) return undefined;
    this.promise ??= new Promise((resolve) => {
      this.resolve = resolve;
    });
    return this.promise;
  }

  happen(): void {
    this.happened = true;
    this.resolve?.();
  }
}

/** One call's place in the queue. */
export interface Turn {
  readonly ticket: number;
  readonly key: string;
  readonly line: Line;
  readonly resolved: Event;
  readonly ended: Event;
}

interface Queue {
  readonly lines: Map<string, Line>;
  /** Calls that have begun and are not resolved yet. */
  readonly unresolved: Set<Turn>;
}

/**
 * Looking at a file takes microseconds. One that takes longer than this is stuck, on a network file
 * system that does not answer say, and must not hold up the calls for all others; only their order
 * with that one, should it lead to the same file after all, is then left to chance.
 */
const longestLookMs = 1000;

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
  const turn = { ticket: nextTicket++, key, line, resolved: new Event(), ended: new Event() };
  const before = line.turns.at(-1)?.ended.pending;
  line.turns.push(turn);
  if (before !== undefined) {
    try {
      yield* wait(before);
    } catch (error) {
      // Aborted. Whoever is behind in line waits for this turn alone: it must not end before the
      // one in front of it has.
      void before.then(() => endTurn(operation, turn));
      throw error;
    }
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
  turn.resolved.happen();
  if (lines.size === 1) return false;
  for (const other of unresolved) {
    const pending = other.ticket < turn.ticket ? other.resolved.pending : undefined;
    if (pending !== undefined) yield* wait(orAfter(pending, longestLookMs));
  }
  let waited = false;
  for (const line of lines.values()) {
    if (line === turn.line || !mayBeSame(line.place, own)) continue;
    const last = line.turns.findLast((other) => other.ticket < turn.ticket);
    if (last?.ended.pending === undefined) continue;
    waited = true;
    yield* wait(last.ended.pending);
  }
  return waited;
}

/** Gives the place up. */
export function endTurn(operation: Operation, turn: Turn): void {
  const { lines, unresolved } = queueOf(operation);
  const { turns } = turn.line;
  unresolved.delete(turn);
  turns.splice(turns.indexOf(turn), 1);
  const [next] = turns;
  // At once, not when it notices: a later call that was waiting for this one must see that the next
  // in line has begun, and may lead to the same file.
  if (next === undefined) lines.delete(turn.key);
  else unresolved.add(next);
  turn.resolved.happen();
  turn.ended.happen();
}

function orAfter(event: Promise<void>, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    void event.then(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}

function mayBeSame(a: Place | undefined, b: Place): boolean {
  if (a?.name !== b.name) return false;
  return a.directory === undefined || b.directory === undefined || a.directory === b.directory;
}

function foldCase(operation: Operation, path: string): string {
  return operation.platform.foldsCase ? path.toLowerCase() : path;
}
