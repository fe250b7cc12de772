import { HoldfastError, Operation, readSignal, runAsync, type Steps } from "@holdfast/fs/steps";
import type { Checkpoints } from "./checkpoints.ts";
import { diffSnapshot, noSuchSnapshot } from "./diff/diff-snapshot.ts";
import type { SnapshotRecord } from "./journal/records.ts";
import { nothingToSettle, restoreThatTook, whatItChanged } from "./known-restores.ts";
import type { DiffOptions, RecordOptions, RestoreOptions, SnapshotOptions } from "./options.ts";
import {
  readAgainst,
  readId,
  readLabel,
  readRecordOptions,
  readRestoreOptions,
  readSignalOption,
  readTracked,
  readTurn,
} from "./read-options.ts";
import { restore, type RestoreRequest, settle } from "./restore/restore.ts";
import type {
  HistoryDamage,
  InterruptedRestore,
  PruneReport,
  RecordReceipt,
  RestoreReport,
  Snapshot,
  SnapshotDiff,
  TrackReceipt,
} from "./results.ts";
import { Retention } from "./retention/retention.ts";
import type { OpenSession } from "./session/open-session.ts";
import { Gate } from "./tracking/gate.ts";
import { Receipts } from "./tracking/receipts.ts";
import { record } from "./tracking/record.ts";
import { refuseInsideHook } from "./tracking/inside-hook.ts";
import { refuseIfPending } from "./tracking/refuse-if-pending.ts";
import { snapshot } from "./tracking/snapshot.ts";
import { track, type Tracker } from "./tracking/track.ts";
import { Turns } from "./tracking/turns.ts";

type Signal = { readonly signal?: AbortSignal | undefined };

/** The public face of a session: arguments are checked, and each call is let in when its turn has come. */
export class CheckpointSession implements Checkpoints {
  readonly session: string;
  private readonly open: OpenSession;
  private readonly tracker: Tracker;
  private readonly gate = new Gate();
  private readonly receipts = new Receipts();
  private readonly retention: Retention;
  private closing: Promise<void> | undefined;

  constructor(open: OpenSession) {
    this.open = open;
    this.session = open.request.session;
    this.tracker = { session: open, turns: new Turns(), arriving: new Set(), unkept: new Map() };
    this.retention = new Retention(open, this.gate);
  }

  get interrupted(): InterruptedRestore | undefined {
    const begun = this.open.history.interrupted;
    if (begun === undefined) return undefined;
    const { restore: restoreId, snapshot: id, before, at } = begun;
    return { restoreId, snapshot: id, before, startedAt: new Date(at) };
  }

  get damage(): HistoryDamage {
    return { lostRecords: this.open.history.lostRecords };
  }

  async trackBeforeEdit(
    path: string | URL,
    turnId: string,
    options: Signal = {},
  ): Promise<TrackReceipt> {
    const op = "trackBeforeEdit";
    const { shown, target } = readTracked(op, path);
    const turn = readTurn(op, turnId);
    const signal = readSignalOption(op, options);
    const taken = this.closing === undefined ? this.receipts.get(target, turn) : undefined;
    if (taken !== undefined) return taken;
    const call = { op, path: shown, signal };
    return await this.run(call, (operation) =>
      this.gate.shared(() => this.track(operation, target, turn)),
    );
  }

  private *track(operation: Operation, target: string, turn: string): Steps<TrackReceipt> {
    const { epoch } = this.receipts;
    const receipt = yield* track(operation, this.tracker, target, turn);
    this.receipts.keep(target, turn, receipt, epoch);
    return receipt;
  }

  async recordAfterEdit(path: string | URL, options: RecordOptions = {}): Promise<RecordReceipt> {
    const op = "recordAfterEdit";
    const { shown, target } = readTracked(op, path);
    const content = readRecordOptions(op, options);
    const signal = readSignal(op, options.signal);
    const receipt = await this.run({ op, path: shown, signal }, (operation) =>
      this.gate.shared(() => record(operation, this.tracker, target, content)),
    );
    this.receipts.afterEdit(receipt);
    return receipt;
  }

  async makeSnapshot(turnId: string, options: SnapshotOptions = {}): Promise<Snapshot> {
    const op = "makeSnapshot";
    const turn = readTurn(op, turnId);
    const label = readLabel(op, options);
    const signal = readSignal(op, options.signal);
    const made = await this.run({ op, signal }, (operation) =>
      this.alone(() => snapshot(operation, this.tracker, { turn, label })),
    );
    this.retention.afterSnapshot();
    return this.shown(made);
  }

  async listSnapshots(): Promise<Snapshot[]> {
    this.refuseIfClosed("listSnapshots");
    return this.open.history.snapshots.map((made) => this.shown(made));
  }

  async diffSnapshot(id: string, options: DiffOptions = {}): Promise<SnapshotDiff> {
    const op = "diffSnapshot";
    const from = readId(op, "id", id);
    const against = readAgainst(op, options);
    const signal = readSignal(op, options.signal);
    return await this.run({ op, signal }, (operation) =>
      this.gate.shared(() => diffSnapshot(operation, this.open, from, against)),
    );
  }

  async restoreToSnapshot(id: string, options: RestoreOptions = {}): Promise<RestoreReport> {
    const op = "restoreToSnapshot";
    const wanted = readRestoreOptions(op, options);
    const chosen = readId(op, "id", id);
    const signal = readSignal(op, options.signal);
    return await this.run({ op, signal }, (operation) =>
      this.restore(operation, () => ({ ...wanted, snapshot: chosen, keys: undefined })),
    );
  }

  async undoRestore(restoreId: string, options: RestoreOptions = {}): Promise<RestoreReport> {
    const op = "undoRestore";
    const wanted = readRestoreOptions(op, options);
    const id = readId(op, "restoreId", restoreId);
    const signal = readSignal(op, options.signal);
    return await this.run({ op, signal }, (operation) =>
      this.restore(operation, () => ({ ...wanted, ...whatItChanged(this.open, id) })),
    );
  }

  async resume(): Promise<RestoreReport> {
    return await this.settle("resume");
  }

  async rollback(): Promise<RestoreReport> {
    return await this.settle("rollback");
  }

  async prune(options: Signal = {}): Promise<PruneReport> {
    const op = "prune";
    const signal = readSignalOption(op, options);
    this.refuseIfClosed(op);
    return await this.retention.prune(signal);
  }

  async pin(id: string): Promise<void> {
    await this.setPin("pin", id, true);
  }

  async unpin(id: string): Promise<void> {
    await this.setPin("unpin", id, false);
  }

  close(): Promise<void> {
    this.closing ??= this.end();
    return this.closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  private async end(): Promise<void> {
    await this.retention.end();
    const operation = this.operation({ op: "close" });
    await runAsync(
      this.gate.exclusive(() => this.open.close(operation)),
      operation,
    );
  }

  private restore(operation: Operation, request: () => RestoreRequest): Steps<RestoreReport> {
    return this.alone((open) => {
      refuseIfPending(open.history);
      return restore(operation, open, request());
    });
  }

  private async settle(how: "resume" | "rollback"): Promise<RestoreReport> {
    return await this.run({ op: how }, (operation) =>
      this.alone((open) => {
        if (open.history.interrupted === undefined) throw nothingToSettle();
        return settle(operation, open, how);
      }),
    );
  }

  private async setPin(op: string, id: string, pinned: boolean): Promise<void> {
    const chosen = readId(op, "id", id);
    await this.run({ op }, (operation) =>
      this.gate.shared(() => {
        const { history } = this.open;
        if (history.snapshot(chosen) === undefined) throw noSuchSnapshot(chosen);
        return this.open.note(operation, { type: "pin", id: chosen, pinned });
      }),
    );
  }

  /**
   * While nobody else is at work. Whoever asks from now on whether a path is tracked waits for it: an answer of
   * before would let an edit through that nobody has kept.
   */
  private *alone<T>(steps: (open: OpenSession) => Steps<T>): Steps<T> {
    this.receipts.forget();
    try {
      return yield* this.gate.exclusive(() => steps(this.open));
    } finally {
      this.receipts.forget();
    }
  }

  private async run<T>(call: Call, steps: (operation: Operation) => Steps<T>): Promise<T> {
    this.refuseIfClosed(call.op);
    const operation = this.operation(call);
    const { open } = this;
    const refusing = function* (): Steps<T> {
      refuseInsideHook(open);
      return yield* steps(operation);
    };
    return await runAsync(refusing(), operation);
  }

  private operation(call: Call): Operation {
    const { store, fileSystem, offload } = this.open.request;
    return new Operation({ path: store, ...call, fileSystem, offload });
  }

  private refuseIfClosed(op: string): void {
    if (this.closing === undefined) return;
    throw new HoldfastError({
      op,
      path: this.open.request.store,
      code: "ERR_CLOSED",
      effect: "none",
    });
  }

  private shown({ id, turn, label, kind, at }: SnapshotRecord): Snapshot {
    const { history } = this.open;
    const pinned = history.isPinned(id);
    const touched = history.touchedAfter(id);
    const restoreId = kind === "restore" ? restoreThatTook(this.open, id) : undefined;
    const createdAt = new Date(at);
    return { id, turnId: turn, label, createdAt, kind, restoreId, pinned, touched };
  }
}

/** One call, for errors. */
interface Call {
  readonly op: string;
  readonly path?: string;
  readonly signal?: AbortSignal | undefined;
}
