import { type Steps, wait } from "@holdfast/fs/steps";

type Mode = "shared" | "alone";

/** A call that waits to be let in. */
interface Waiting {
  readonly mode: Mode;
  letIn(): void;
}

/**
 * Who may be at work in a session: many who share it (edits), or one alone (a snapshot, a restore). In the order of
 * the calls: who waits to be alone keeps those out who come later.
 */
export class Gate {
  private inside = 0;
  private alone = false;
  private readonly queue: Waiting[] = [];

  *shared<T>(steps: () => Steps<T>): Steps<T> {
    return yield* this.enter("shared", steps);
  }

  *exclusive<T>(steps: () => Steps<T>): Steps<T> {
    return yield* this.enter("alone", steps);
  }

  private *enter<T>(mode: Mode, steps: () => Steps<T>): Steps<T> {
    if (this.queue.length > 0 || !this.isOpenTo(mode)) yield* this.waitFor(mode);
    else this.count(mode);
    try {
      return yield* steps();
    } finally {
      this.inside--;
      this.alone = false;
      this.letIn();
    }
  }

  private *waitFor(mode: Mode): Steps<void> {
    let waiting!: Waiting;
    const turn = new Promise<void>((resolve) => {
      waiting = { mode, letIn: resolve };
    });
    this.queue.push(waiting);
    let come = false;
    try {
      yield* wait(turn);
      come = true;
    } finally {
      if (!come) this.giveUp(waiting);
    }
  }

  /** The signal ended the waiting, perhaps just when the turn had come. */
  private giveUp(waiting: Waiting): void {
    const place = this.queue.indexOf(waiting);
    if (place >= 0) {
      this.queue.splice(place, 1);
    } else {
      this.inside--;
      this.alone = false;
    }
    this.letIn();
  }

  private isOpenTo(mode: Mode): boolean {
    return mode === "alone" ? this.inside === 0 : !this.alone;
  }

  private count(mode: Mode): void {
    this.inside++;
    this.alone = mode === "alone";
  }

  private letIn(): void {
    for (let first = this.queue[0]; first !== undefined; first = this.queue[0]) {
      if (!this.isOpenTo(first.mode)) return;
      this.queue.shift();
      this.count(first.mode);
      first.letIn();
    }
  }
}
