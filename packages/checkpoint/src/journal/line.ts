import { createHash } from "node:crypto";
import { parseRecord } from "./parse-record.ts";
import type { JournalEntry } from "./records.ts";
import { isObject } from "./shapes.ts";

/** One line of a journal. */
export interface Line {
  /** The `seq` of the record before it in this file; 0 of the first. */
  readonly prev: number;
  readonly seq: number;
  readonly sum: string;
  readonly record: JournalEntry;
}

/** The line of a record, as it comes back when it is read: without what is `undefined`. */
export function lineOf(prev: number, given: JournalEntry): Line {
  const seq = prev + 1;
  const record = JSON.parse(JSON.stringify(given)) as JournalEntry;
  return { prev, seq, sum: sumOf(prev, seq, record), record };
}

/** A line as it was read, checked; `undefined` if it is none. */
export function parseLine(value: unknown): Line | undefined {
  if (!isObject(value)) return undefined;
  const { prev, seq, sum } = value;
  if (!Number.isSafeInteger(prev) || !Number.isSafeInteger(seq) || seq !== Number(prev) + 1) {
    return undefined;
  }
  const record = parseRecord(value["record"]);
  if (record === undefined) return undefined;
  // Of what was read, with its names in their order: so it is the text that was written.
  if (sum !== sumOf(prev as number, seq, record)) return undefined;
  return { prev: prev as number, seq, sum, record };
}

/** Against damage, not against an adversary: who can write the journal can write this. */
function sumOf(prev: number, seq: number, record: JournalEntry): string {
  return createHash("sha256")
    .update(JSON.stringify([prev, seq, record]))
    .digest("hex")
    .slice(0, 16);
}
