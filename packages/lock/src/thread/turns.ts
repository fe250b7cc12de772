/**
 * Asynchronous calls of this thread that ask for one lock get it in the order in which they were
 * made: one of them at a time asks the file system, the others wait behind it.
 */

import { sep } from "node:path";
import { type Operation, type Steps, wait } from "@holdfast/fs/steps";

/** A place in a queue. */
export interface Turn {
  readonly queue: Turn[];
  readonly queues: Map<string, Turn[]>;
  readonly key: string;
  /** Tells who waits for it that it is the first now. */
  begin: (() => void) | undefined;
}

const perFileSystem = new WeakMap<object, Map<string, Turn[]>>();
const builtIn = {};

function queuesOf(operation: Operation): Map<string, Turn[]> {
  const key = operation.fileSystem ?? builtIn;
  let queues = perFileSystem.get(key);
  if (queues === undefined) perFileSystem.set(key, (queues = new Map()));
  return queues;
}

/** The key of the queue for a lock. */
export function queueKey(entry: string): string {
  return `lock ${spellingKey(entry)}`;
}

/** Of those that do not know yet which lock it is. */
export function arrivalKey(target: string): string {
  return `arrival ${spellingKey(target)}`;
}

/**
 * Spellings that are surely one path get one key. `a/..` stays: it is where the kernel says it is.
 */
function spellingKey(path: string): string {
  return path
    .split(sep)
    .filter((part, index) => index === 0 || (part !== "" && part !== "."))
    .join(sep);
}

/** Takes a place at the end of a queue. */
export function takePlace(operation: Operation, key: string): Turn {
  const queues = queuesOf(operation);
  let queue = queues.get(key);
  if (queue === undefined) queues.set(key, (queue = []));
  const turn: Turn = { queue, queues, key, begin: undefined };
  queue.push(turn);
  return turn;
}

/** Waits until a place is the first, at most `ms` milliseconds; whether it is. */
export function* waitForTurn(turn: Turn, ms: number): Steps<boolean> {
  if (turn.queue[0] === turn) return true;
  if (ms <= 0) return false;
  let timer: NodeJS.Timeout | undefined;
  const begun = new Promise<void>((resolve) => {
    turn.begin = resolve;
    if (Number.isFinite(ms)) timer = setTimeout(resolve, ms);
  });
  try {
    yield* wait(begun);
  } finally {
    clearTimeout(timer);
  }
  return turn.queue[0] === turn;
}

/** Gives a place up; again: nothing. */
export function leaveQueue(turn: Turn): void {
  const { queue, queues, key } = turn;
  const index = queue.indexOf(turn);
  if (index < 0) return;
  queue.splice(index, 1);
  if (queue.length === 0) queues.delete(key);
  else if (index === 0) queue[0]!.begin?.();
}
