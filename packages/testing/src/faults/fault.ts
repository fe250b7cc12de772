/** What a fault does to a call. */

import { invalidRange } from "@holdfast/fs/steps";
import { isErrno } from "../calls/node-error.ts";

/** The call fails: having done nothing, or having done all that it was asked to. */
export interface Failing {
  readonly kind: "fail";
  readonly errno: string;
  readonly when: "before" | "after";
  /** Whether only calls that can give the errno are meant. */
  readonly checked: boolean;
  toString(): string;
}

/** A `read` or `write` moves at most that many bytes. */
export interface Shortened {
  readonly kind: "short";
  readonly bytes: number;
  toString(): string;
}

/** The call takes longer, or for ever. */
export type Paused =
  | { readonly kind: "delay"; readonly ms: number; toString(): string }
  | { readonly kind: "hang"; toString(): string };

export type Fault = Failing | Shortened | Paused;

function failing(
  how: string,
  errno: string,
  facts: { readonly when: Failing["when"]; readonly checked: boolean },
): Failing {
  if (!isErrno(errno)) {
    throw invalidRange(how, "errno", 'the name of an errno of this system, such as "EIO"', errno);
  }
  return { kind: "fail", errno, ...facts, toString: () => `${how}(${JSON.stringify(errno)})` };
}

/**
 * The call fails and has done nothing. Only calls that can really give that errno are meant: with
 * `writes()`, `fail("ENOSPC")` is a full disk, on which files can still be removed.
 *
 * A `close` that fails gives its descriptor back all the same, as Linux does.
 */
export function fail(errno: string): Failing {
  return failing("fail", errno, { when: "before", checked: true });
}

/**
 * The call does what it was asked to, and then says that it failed: what a network does when the
 * answer is lost. Of an `open` nobody learns the descriptor; it is closed.
 */
export function failAfter(errno: string): Failing {
  return failing("failAfter", errno, { when: "after", checked: true });
}

/** As `fail`, also with an errno that no kernel gives for that call: for whoever knows better. */
export function failUnchecked(errno: string): Failing {
  return failing("failUnchecked", errno, { when: "before", checked: false });
}

/**
 * A `read` or `write` moves at most that many bytes, which every program has to expect. With 0 a
 * `write` makes no progress; no `read` is meant then, since that would be the end of the file.
 */
export function short(bytes: number): Shortened {
  if (!Number.isInteger(bytes) || bytes < 0) {
    throw invalidRange("short", "bytes", "an integer of at least 0", bytes);
  }
  return { kind: "short", bytes, toString: () => `short(${bytes})` };
}

/** The call begins that much later. A synchronous one blocks its thread. */
export function delay(ms: number): Paused {
  if (!(ms >= 0 && ms < 2 ** 31)) {
    throw invalidRange("delay", "ms", "milliseconds, at least 0 and below 2 ** 31", ms);
  }
  return { kind: "delay", ms, toString: () => `delay(${ms})` };
}

/** The call waits until `rule.release()`. A synchronous one is refused: nobody could release it. */
export function hang(): Paused {
  return { kind: "hang", toString: () => "hang()" };
}
