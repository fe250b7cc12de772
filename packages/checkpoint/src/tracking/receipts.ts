import type { RecordReceipt, TrackReceipt } from "../results.ts";

/**
 * What `trackBeforeEdit` has answered, by the path as it was given: asked again, it answers without any I/O. Forgotten
 * with each snapshot and restore, and when what a path leads to may have changed.
 */
export class Receipts {
  /** Grows with each time that all is forgotten: an answer that was on its way then is not kept. */
  epoch = 0;
  private readonly taken = new Map<string, TrackReceipt>();

  get(path: string, turn: string): TrackReceipt | undefined {
    return this.taken.get(keyOf(path, turn));
  }

  keep(path: string, turn: string, receipt: TrackReceipt, epoch: number): void {
    if (epoch === this.epoch) this.taken.set(keyOf(path, turn), { ...receipt, first: false });
  }

  /** An edit that left a link or a directory, or removed one, may have changed where other paths lead. */
  afterEdit({ state }: RecordReceipt): void {
    if (state.kind !== "file") this.forget();
  }

  forget(): void {
    this.epoch++;
    this.taken.clear();
  }
}

// A path holds no NUL.
const keyOf = (path: string, turn: string): string => `${path}\0${turn}`;
