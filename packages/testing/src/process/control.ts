/**
 * How a test and the program that it runs talk: through files in a folder beside the program's
 * directory. Descriptors would not do: a wrapper (`npx`, a shell script) closes those it does not know,
 * their numbers can collide with the program's own, and Node has no synchronous way to wait on one.
 */

import { join } from "node:path";
import type { ProcessIdentity } from "@holdfast/fs/steps";
import type { CallName } from "../calls/call.ts";
import type { ProcessCall } from "./outcome.ts";

/** The environment variable that carries a `Control`, as JSON. */
export const controlVariable = "HOLDFAST_CONTROL";

/** Where in a sweep the program is disturbed, and how. */
export type Point = {
  /** Which changing call, from 1. */
  readonly index: number;
} & (
  | { readonly verb: "kill"; readonly when: "before" | "within" | "after" }
  | { readonly verb: "race"; readonly when: "before" | "after" }
  /** `name`: the errno was chosen for this call, and another one at the same place is left alone. */
  | { readonly verb: "fail"; readonly errno: string; readonly name: CallName }
);

export type Control =
  | {
      readonly mode: "sweep";
      readonly folder: string;
      /** Calls below it count. */
      readonly dir: string;
      readonly parent: ProcessIdentity;
      readonly point?: Point;
    }
  | { readonly mode: "storm"; readonly folder: string; readonly parent: ProcessIdentity }
  | {
      readonly mode: "attack";
      readonly folder: string;
      readonly dir: string;
      readonly parent: ProcessIdentity;
      readonly source: AttackSource;
    };

export type AttackSource =
  /** A module that exports a function `attack`. */
  | { readonly kind: "module"; readonly url: string }
  | { readonly kind: "exchange"; readonly names: readonly [string, string] };

/** One line of the journal that the program writes. */
export type JournalEntry =
  | { readonly kind: "call"; readonly call: ProcessCall }
  /** The call failed by itself. */
  | { readonly kind: "error"; readonly index: number; readonly code: string }
  /** The point has come: what it asks for happens now. */
  | { readonly kind: "reached" }
  /** Node is up in a process, and the program's own modules are loaded next. */
  | { readonly kind: "started"; readonly pid: number; readonly ppid: number }
  /** A process `by` has started another one; `execSync` does not say which. */
  | { readonly kind: "child"; readonly by: number; readonly pid?: number; readonly name: string }
  /** A process has started a worker thread. */
  | { readonly kind: "thread"; readonly pid: number }
  /** A process that is not the one that is swept has made a call that would count. */
  | { readonly kind: "elsewhere"; readonly pid: number };

export const journalOf = (folder: string): string => join(folder, "journal");
/** Holds the id of the one process that is swept. */
export const claimOf = (folder: string): string => join(folder, "claim");
/** Is there as soon as the program stands still, for an adversary to act. */
export const stoppedOf = (folder: string): string => join(folder, "stopped");
/** Lets it go on. */
export const goOf = (folder: string): string => join(folder, "go");
/** Tells an attacker to end after the attack that it is in. */
export const stopOf = (folder: string): string => join(folder, "stop");
/** What an attacker counts, see `readTally`. */
export const tallyOf = (folder: string): string => join(folder, "tally");

const pageBytes = 4096;

/**
 * How much of a `write` is on disk if a signal kills the program within it: Linux looks for one
 * between two pages (`generic_perform_write`), so that up to a page is written whole or not at all: 0.
 */
export const tornLength = (bytes: number): number =>
  bytes <= pageBytes ? 0 : Math.max(1, Math.floor(bytes / 2 / pageBytes)) * pageBytes;

/** The whole lines of a journal; the last one may still be in the making. */
export function parseJournal(text: string): JournalEntry[] {
  const lines = text.slice(0, text.lastIndexOf("\n") + 1).split("\n");
  return lines.filter((line) => line !== "").map((line) => JSON.parse(line) as JournalEntry);
}
