import {
  attempt,
  errorCode,
  lstat,
  Refusal,
  shielded,
  wait,
  type FileSystem,
  type Offload,
  type Operation,
  type Steps,
} from "@holdfast/fs/steps";
import { readJsonLog } from "@holdfast/json";
import { parseLine } from "./line.ts";
import { journalFormat, type JournalEntry } from "./records.ts";
import { isObject } from "./shapes.ts";

/** What a journal is opened with. */
export interface JournalSettings {
  readonly fileSystem: FileSystem | undefined;
  readonly offload: Offload | undefined;
}

/** What is in a journal. */
export interface JournalContent {
  readonly entries: readonly JournalEntry[];
  /** The number of the last record; 0 if there is none. */
  readonly seq: number;
  /** In bytes. */
  readonly size: number;
}

/**
 * Reads the journal of a session that somebody else may have open: nothing is healed, and none is empty.
 * Throws a `Refusal` (`ERR_JSON_VERSION`) if a newer program has written it.
 *
 * @param file absolute
 */
export function* readJournal(
  operation: Operation,
  file: string,
  settings: JournalSettings,
): Steps<readonly JournalEntry[]> {
  return (yield* readContent(operation, file, settings)).entries;
}

/** As {@link readJournal}, with what whoever goes on with it must know. */
export function* readContent(
  operation: Operation,
  file: string,
  settings: JournalSettings,
): Steps<JournalContent> {
  const size = yield* sizeOf(file);
  if (size === undefined) return { entries: [], seq: 0, size: 0 };
  const { fileSystem, offload } = settings;
  const { signal } = operation;
  // It looks at the signal itself, and closes the file then.
  const read = yield* attempt(shielded(wait(collect(file, { fileSystem, offload, signal }))));
  if (read.ok) return { ...read.value, size };
  // Removed since: with its session, by somebody who prunes.
  if (errorCode(read.error) === "ENOENT") return { entries: [], seq: 0, size: 0 };
  throw read.error;
}

/** How long it is; `undefined` if it is missing. A link that somebody planted is never followed. */
function* sizeOf(file: string): Steps<number | undefined> {
  const found = yield* attempt(lstat(file));
  if (!found.ok) {
    if (errorCode(found.error) === "ENOENT") return undefined;
    throw found.error;
  }
  if (found.value.isSymbolicLink()) {
    throw new Refusal("ERR_SYMLINK", { problem: "the journal is a symbolic link" });
  }
  if (!found.value.isFile()) {
    throw new Refusal("ERR_NOT_FILE", { problem: "the journal is not a regular file" });
  }
  return Number(found.value.size);
}

/**
 * A line that is no JSON is a gap only if the record behind it says that one is missing: a piece of a record
 * that could not be written, and was never acknowledged, is none. What is JSON and no record is one always.
 */
async function collect(
  file: string,
  options: JournalSettings & { readonly signal: AbortSignal | undefined },
): Promise<{ entries: JournalEntry[]; seq: number }> {
  const entries: JournalEntry[] = [];
  let seq = 0;
  let isFirst = true;
  let isBroken = false;
  let isTorn = false;
  const onDropped = (): void => {
    isTorn = true;
  };
  for await (const { value } of readJsonLog(file, { ...options, policy: "skip", onDropped })) {
    if (isFirst) refuseNewer(value);
    isFirst = false;
    const line = parseLine(value);
    if (line === undefined) {
      isBroken = true;
      continue;
    }
    if (isBroken || line.prev !== seq) entries.push({ type: "gap" });
    entries.push(line.record);
    seq = line.seq;
    isBroken = isTorn = false;
  }
  if (isBroken || isTorn) {
    entries.push({ type: "gap" });
    // The record that is lost had that number: what is appended now must not seem to be the next one.
    seq++;
  }
  return { entries, seq };
}

/** Before anything else is looked at: what a newer program writes may look like anything. */
function refuseNewer(value: unknown): void {
  const record = isObject(value) ? value["record"] : undefined;
  if (!isObject(record) || record["type"] !== "session") return;
  const { format } = record;
  if (typeof format !== "number" || format <= journalFormat) return;
  throw new Refusal("ERR_JSON_VERSION", {
    problem: `the journal has format ${format}, and this program knows ${journalFormat}`,
    hint: "A newer version of this package has written it: open it with that.",
  });
}
