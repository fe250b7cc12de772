import { isPathState, isPathWithKey } from "./parse-state.ts";
import { journalFormat, type JournalEntry } from "./records.ts";
import { isAbsolutePath, isId, isMoment, isObject, isOptional, isText } from "./shapes.ts";

type Shape = { readonly [name: string]: unknown };

/**
 * Whether each kind of record is what its type says. A sum shows that nobody damaged a record by accident; a
 * journal that somebody has edited may have right sums, and must still be no way out of the roots or the store.
 */
const tests: { readonly [T in JournalEntry["type"]]: (record: Shape) => boolean } = {
  session: ({ format, session, at }) =>
    Number.isInteger(format) &&
    (format as number) >= 1 &&
    (format as number) <= journalFormat &&
    typeof session === "string" &&
    isMoment(at),
  look: (record) =>
    isPathWithKey(record) &&
    (record["cause"] === "touch" || record["cause"] === "snapshot") &&
    isOptional(record["turn"], isString) &&
    isOptional(record["after"], isId) &&
    isPathState(record["state"]) &&
    isOptional(record["signature"], isString) &&
    isOptional(record["missing"], isAbsolutePath),
  wrote: (record) => isPathWithKey(record) && isPathState(record["state"]),
  snapshot: ({ id, turn, label, kind, at }) =>
    isId(id) &&
    isString(turn) &&
    isOptional(label, isString) &&
    (kind === "turn" || kind === "restore") &&
    isMoment(at),
  begin: ({ restore, snapshot, before, entries, skipped, at }) =>
    isId(restore) &&
    isId(snapshot) &&
    isId(before) &&
    isListOf(entries, isRestoreEntry) &&
    isListOf(skipped, ({ path, reason }) => isAbsolutePath(path) && isText(reason)) &&
    isMoment(at),
  end: ({ restore, outcome, written }) =>
    isId(restore) &&
    (outcome === "finished" || outcome === "rolled-back") &&
    isListOf(written, (each) => isPathWithKey(each) && isPathState(each["state"])),
  pin: ({ id, pinned }) => isId(id) && typeof pinned === "boolean",
  gap: () => true,
};

function isRestoreEntry(entry: Shape): boolean {
  return (
    isPathWithKey(entry) &&
    isPathState(entry["from"]) &&
    isPathState(entry["to"]) &&
    isOptional(entry["created"], isAbsolutePath)
  );
}

const isString = (value: unknown): boolean => typeof value === "string";

function isListOf(value: unknown, test: (each: Shape) => boolean): boolean {
  return Array.isArray(value) && value.every((each) => isObject(each) && test(each));
}

/**
 * A record as it was read, checked; `undefined` if it is none. One of an unknown type is none either: whatever
 * it says, it is not known here, and that is what a gap means. A type that older programs may ignore cannot be
 * added without a new format.
 */
export function parseRecord(value: unknown): JournalEntry | undefined {
  if (!isObject(value) || typeof value["type"] !== "string") return undefined;
  const { type } = value;
  if (!Object.hasOwn(tests, type)) return undefined;
  return tests[type as JournalEntry["type"]](value)
    ? (value as unknown as JournalEntry)
    : undefined;
}
