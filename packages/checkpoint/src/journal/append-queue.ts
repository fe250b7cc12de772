import { isHoldfastError } from "@holdfast/fs/steps";
import type { JsonLog } from "@holdfast/json";
import { lineOf, type Line } from "./line.ts";
import type { JournalRecord } from "./records.ts";

/** Told of each record once it is on the device, in the order of the journal. */
export type OnAppended = (record: JournalRecord) => void;

/** Records that wait to be appended. */
interface Waiting {
  readonly records: readonly JournalRecord[];
  readonly onAppended: OnAppended;
  resolve(failure: AppendFailure | undefined): void;
}

/** Why some records are not in the journal; it is told of those before them that they are. */
export interface AppendFailure {
  readonly error: unknown;
}

/**
 * Who comes while a batch is on its way waits for the next one, which is one write and one flush for all of them.
 * One batch after the other, because the number of a record says which one is before it: that must be known.
 */
export class AppendQueue {
  /** The number of the last record that is in the file. */
  seq: number;
  /** In bytes, about. */
  bytes: number;
  log: JsonLog;
  /** After it is not known what is in the file. */
  poison: { readonly error: unknown } | undefined;
  private waiting: Waiting[] = [];
  private running: Promise<void> | undefined;

  constructor(log: JsonLog, seq: number, bytes: number) {
    this.log = log;
    this.seq = seq;
    this.bytes = bytes;
  }

  append(
    records: readonly JournalRecord[],
    onAppended: OnAppended,
  ): Promise<AppendFailure | undefined> {
    return new Promise((resolve) => {
      this.waiting.push({ records, onAppended, resolve });
      this.running ??= this.run();
    });
  }

  /** When nothing is on its way any more. */
  async settled(): Promise<void> {
    while (this.running !== undefined) await this.running;
  }

  private async run(): Promise<void> {
    // What is appended in one go is one batch.
    await Promise.resolve();
    while (this.waiting.length > 0) await this.commit(this.waiting.splice(0));
    this.running = undefined;
  }

  private async commit(batch: readonly Waiting[]): Promise<void> {
    const { poison } = this;
    if (poison !== undefined) {
      for (const each of batch) each.resolve({ error: poison.error });
      return;
    }
    const lines = this.linesOf(batch.flatMap(({ records }) => records));
    const appended = await Promise.allSettled(lines.map((line) => this.log.append(line)));
    let whole = appended.findIndex(({ status }) => status === "rejected");
    if (whole === -1) whole = appended.length;
    this.seq += whole;
    for (const each of appended) if (each.status === "fulfilled") this.bytes += each.value.length;
    if (!appended.slice(whole).every(isNotInFile)) {
      const first = appended[whole] as PromiseRejectedResult;
      this.poison = { error: first.reason };
    }
    let at = 0;
    for (const each of batch) {
      const { length } = each.records;
      for (const record of each.records.slice(0, Math.max(0, whole - at))) each.onAppended(record);
      const failed = appended.slice(at, at + length).find(isRejected);
      at += length;
      each.resolve(failed === undefined ? undefined : { error: failed.reason });
    }
  }

  private linesOf(records: readonly JournalRecord[]): Line[] {
    let prev = this.seq;
    return records.map((record) => {
      const line = lineOf(prev, record);
      prev = line.seq;
      return line;
    });
  }
}

const isRejected = (each: PromiseSettledResult<unknown>): each is PromiseRejectedResult =>
  each.status === "rejected";

/**
 * A piece of a record that stayed (`"partial"`) is dropped by whoever reads it. Any other effect: a record that may be
 * there now, and may be gone after a power cut.
 */
function isNotInFile(each: PromiseSettledResult<unknown>): boolean {
  if (!isRejected(each) || !isHoldfastError(each.reason)) return false;
  return each.reason.effect === "none" || each.reason.effect === "partial";
}
