import {
  attempt,
  isHoldfastError,
  Refusal,
  shielded,
  wait,
  type Operation,
  type Steps,
} from "@holdfast/fs/steps";
import { replaceFileAtomic } from "@holdfast/atomic";
import { openJsonLog, type JsonLog } from "@holdfast/json";
import { AppendQueue, type OnAppended } from "./append-queue.ts";
import { lineOf } from "./line.ts";
import { readContent, type JournalSettings } from "./read-journal.ts";
import type { JournalEntry, JournalRecord } from "./records.ts";

export { readJournal } from "./read-journal.ts";
export type { JournalSettings } from "./read-journal.ts";
export type { JournalEntry } from "./records.ts";

/**
 * The journal of one session, `journal.jsonl`: a log of `@holdfast/json`. Each line is
 * `{"prev":…,"seq":…,"sum":…,"record":{…}}`: `sum` is of the rest, `prev` is the `seq` of the record before it in this
 * file, so that a record that was lost is noticed, and one that was removed by `rewrite` is not.
 *
 * Once it is not known what is in the file, it is poisoned: nothing is appended any more (`ERR_POISONED`) until it is
 * opened again, and read.
 */
export interface Journal {
  /** What was read when it was opened, in order. */
  readonly entries: readonly JournalEntry[];
  /** In bytes, about. */
  readonly bytes: number;
  /**
   * Appends records, in order; they are on the device when it returns. Any number of calls at once share a flush.
   * When it throws, the first ones may be there all the same.
   *
   * @param onAppended told of each record that is there, in the order of the journal
   */
  append(records: readonly JournalRecord[], onAppended: OnAppended): Steps<void>;
  /** Replaces the whole journal, atomically. Nobody may append meanwhile. */
  rewrite(operation: Operation, entries: readonly JournalEntry[]): Steps<void>;
  close(): Steps<void>;
}

/**
 * Opens a journal for appending, and creates it, 0600. The caller holds the lock of the session. An end that a
 * crash has torn is no gap. What a newer program has written is refused (`ERR_JSON_VERSION`) before anything is touched.
 *
 * @param file absolute
 */
export function* openJournal(
  operation: Operation,
  file: string,
  settings: JournalSettings,
): Steps<Journal> {
  const { entries, seq, size } = yield* readContent(operation, file, settings);
  const log = yield* openLog(operation, file, settings);
  return new FileJournal(file, settings, entries, new AppendQueue(log, seq, size));
}

/** The log itself, which puts its end in order. */
function* openLog(
  operation: Operation,
  file: string,
  { fileSystem, offload }: JournalSettings,
): Steps<JsonLog> {
  const { signal } = operation;
  // It looks at the signal itself: given up here, it would stay open.
  return yield* shielded(
    wait(openJsonLog(file, { fileSystem, offload, signal, durability: "each", mode: 0o600 })),
  );
}

class FileJournal implements Journal {
  readonly entries: readonly JournalEntry[];
  private readonly file: string;
  private readonly settings: JournalSettings;
  private readonly queue: AppendQueue;

  constructor(
    file: string,
    settings: JournalSettings,
    entries: readonly JournalEntry[],
    queue: AppendQueue,
  ) {
    this.file = file;
    this.settings = settings;
    this.entries = entries;
    this.queue = queue;
  }

  get bytes(): number {
    return this.queue.bytes;
  }

  *append(records: readonly JournalRecord[], onAppended: OnAppended): Steps<void> {
    this.refusePoisoned();
    const failure = yield* shielded(wait(this.queue.append(records, onAppended)));
    if (failure !== undefined) throw failure.error;
  }

  *rewrite(operation: Operation, entries: readonly JournalEntry[]): Steps<void> {
    this.refusePoisoned();
    const { queue, file } = this;
    const { text, seq } = textOf(entries);
    const replaced = yield* attempt(shielded(wait(this.replaceBy(text))));
    if (!replaced.ok) {
      const { error } = replaced;
      if (!isHoldfastError(error) || error.effect !== "none") queue.poison = { error };
      throw error;
    }
    Object.assign(queue, { seq, bytes: replaced.value.bytes });
    yield* operation.cleanUp(wait(queue.log.close()));
    const opened = yield* attempt(openLog(operation, file, this.settings));
    if (!opened.ok) {
      queue.poison = { error: opened.error };
      throw opened.error;
    }
    queue.log = opened.value;
  }

  private replaceBy(content: string): ReturnType<typeof replaceFileAtomic> {
    const { fileSystem, offload } = this.settings;
    return replaceFileAtomic({
      filePath: this.file,
      content,
      mode: 0o600,
      symlinks: "refuse",
      ownership: "ignore",
      readonly: "override",
      // Over the bytes of the old one, a crash would leave neither.
      inPlaceFallback: false,
      fileSystem,
      offload,
    });
  }

  *close(): Steps<void> {
    yield* shielded(wait(this.queue.settled()));
    yield* shielded(wait(this.queue.log.close()));
  }

  private refusePoisoned(): void {
    const { poison } = this.queue;
    if (poison === undefined) return;
    throw new Refusal("ERR_POISONED", {
      problem: "an earlier write to the journal failed, and what is in it is not known",
      hint: "Close it and open it again: what is in the journal is read then.",
      cause: poison.error instanceof Refusal ? undefined : poison.error,
    });
  }
}

function textOf(entries: readonly JournalEntry[]): { text: string; seq: number } {
  const lines: string[] = [];
  let seq = 0;
  for (const entry of entries) {
    const line = lineOf(seq, entry);
    lines.push(`${JSON.stringify(line)}\n`);
    seq = line.seq;
  }
  return { text: lines.join(""), seq };
}
