import { VirtualImmediate, type VirtualTimer } from "./virtual-timer.ts";

/** A clock that stands still until somebody moves it to the moment for which a timer is set. */
export class VirtualClock {
  readonly #startMs: number;
  readonly #onRead: () => void;
  #nowMs: number;
  /** The next one first; of equal ones the one that was set first. */
  readonly #timers: VirtualTimer[] = [];
  readonly #gone = new Set<number>();
  #immediates: VirtualImmediate[] = [];

  /**
   * @param startMs milliseconds since the epoch
   * @param onRead called when anybody looks at the clock: to set a timer is to look, too
   */
  constructor(startMs: number, onRead: () => void = () => {}) {
    this.#startMs = startMs;
    this.#nowMs = startMs;
    this.#onRead = onRead;
  }

  get nowMs(): number {
    this.#onRead();
    return this.#nowMs;
  }

  get elapsedMs(): number {
    return this.nowMs - this.#startMs;
  }

  /** Whether a timer is set. */
  get hasTimers(): boolean {
    return this.#timers.length > 0 || this.#immediates.length > 0;
  }

  /** The timer of each owner that is due first, in the order in which they are due. */
  nextOfEach(): VirtualTimer[] {
    const seen = new Set<number | undefined>();
    return this.#timers.filter(({ owner }) => !seen.has(owner) && seen.add(owner));
  }

  insert(timer: VirtualTimer): void {
    if (timer.owner !== undefined && this.#gone.has(timer.owner)) return;
    const at = this.#timers.findIndex(({ dueMs }) => dueMs > timer.dueMs);
    this.#timers.splice(at === -1 ? this.#timers.length : at, 0, timer);
  }

  remove(timer: VirtualTimer): void {
    const at = this.#timers.indexOf(timer);
    if (at !== -1) this.#timers.splice(at, 1);
  }

  /** Forgets the timers of an owner, and those that it is still going to set. */
  forsake(owner: number): void {
    this.#gone.add(owner);
    for (const timer of this.#timers.filter((one) => one.owner === owner)) timer.close();
  }

  setImmediate(call: () => void): VirtualImmediate {
    const immediate = new VirtualImmediate(call);
    this.#immediates.push(immediate);
    return immediate;
  }

  /** Runs what `setImmediate` was told: that takes no time. Returns whether there was anything. */
  runImmediates(): boolean {
    const due = this.#immediates;
    this.#immediates = [];
    for (const immediate of due) immediate.run();
    return due.length > 0;
  }

  /** How far it is until a timer is due, in milliseconds; negative if it is late. */
  until({ dueMs }: VirtualTimer): number {
    return dueMs - this.#nowMs;
  }

  /** Runs a timer: at the moment for which it is set, or now if that is over. The clock never goes back. */
  runOut(timer: VirtualTimer): void {
    this.remove(timer);
    this.#nowMs = Math.max(this.#nowMs, timer.dueMs);
    timer.run();
  }

  /** Moves to the next moment for which a timer is set, and runs it. Returns how far, in milliseconds. */
  advance(): number {
    const next = this.#timers[0];
    if (next === undefined) return 0;
    const before = this.#nowMs;
    this.runOut(next);
    // All that run out at the same moment, but not what they set for the moment that it is.
    const due = this.#timers.filter(({ dueMs }) => dueMs <= this.#nowMs);
    for (const timer of due) {
      if (!this.#timers.includes(timer)) continue; // one before has cleared it
      this.runOut(timer);
    }
    return this.#nowMs - before;
  }
}
