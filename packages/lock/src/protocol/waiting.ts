import { sleep, type Steps } from "@holdfast/fs/steps";
import type { LockRequest } from "../request.ts";

/** How long each further delay is, compared with the one before. */
const growth = 1.7;

/** Until when to wait, and how long between two looks. */
export class Waiting {
  private readonly end: number;
  private readonly minMs: number;
  private readonly maxMs: number;
  private delay: number;
  private holder: string | undefined;

  constructor({ timeoutMs, minMs, maxMs }: LockRequest) {
    this.end = performance.now() + timeoutMs;
    this.minMs = minMs;
    this.maxMs = maxMs;
    this.delay = minMs;
  }

  get remainingMs(): number {
    return this.end - performance.now();
  }

  /** Sleeps; `false`, at once, if there is no time left. */
  *pause(holder: string): Steps<boolean> {
    const { remainingMs } = this;
    if (remainingMs <= 0) return false;
    // It goes from hand to hand: then soon again, though not so soon that many who wait are all that
    // the machine is busy with.
    if (this.holder !== holder) this.delay = Math.max(this.minMs, this.delay / growth ** 2);
    this.holder = holder;
    // Spread, so that those who came at once do not come at once again.
    yield* sleep(Math.min(remainingMs, this.delay * (0.5 + Math.random() / 2)));
    this.delay = Math.min(this.maxMs, this.delay * growth);
    return true;
  }
}
