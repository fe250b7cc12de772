import { AsyncResource } from "node:async_hooks";

/** What `setTimeout` returns: of the shape of `NodeJS.Timeout`. */
export class VirtualTimer {
  readonly #clock: VirtualClock;
  readonly #delayMs: number;
  readonly #repeats: boolean;
  readonly #call: () => void;
  /** When it runs out, in milliseconds of the clock. */
  dueMs = 0;

  constructor(clock: VirtualClock, call: () => void, delayMs: number, repeats: boolean) {
    this.#clock = clock;
    // It runs for whoever has set it, not for whoever moves the clock.
    this.#call = AsyncResource.bind(call);
    this.#delayMs = delayMs;
    this.#repeats = repeats;
    this.refresh();
  }

  run(): void {
    if (this.#repeats) this.refresh();
    this.#call();
  }

  refresh(): this {
    this.#clock.remove(this);
    this.dueMs = this.#clock.nowMs + this.#delayMs;
    this.#clock.insert(this);
    return this;
  }

  close(): this {
    this.#clock.remove(this);
    return this;
  }

  // Nothing keeps a schedule going but its runs.
  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  hasRef(): boolean {
    return true;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** A clock that stands still until somebody moves it to the next moment for which a timer is set. */
export class VirtualClock {
  readonly #startMs: number;
  #nowMs: number;
  /** The next one first; of equal ones the one that was set first. */
  readonly #timers: VirtualTimer[] = [];
  #immediates: VirtualTimer[] = [];

  /** @param startMs milliseconds since the epoch */
  constructor(startMs: number) {
    this.#startMs = startMs;
    this.#nowMs = startMs;
  }

  get nowMs(): number {
    return this.#nowMs;
  }

  get elapsedMs(): number {
    return this.#nowMs - this.#startMs;
  }

  /** Whether a timer is set. */
  get hasTimers(): boolean {
    return this.#timers.length > 0 || this.#immediates.length > 0;
  }

  insert(timer: VirtualTimer): void {
    const at = this.#timers.findIndex(({ dueMs }) => dueMs > timer.dueMs);
    this.#timers.splice(at === -1 ? this.#timers.length : at, 0, timer);
  }

  remove(timer: VirtualTimer): void {
    const at = this.#timers.indexOf(timer);
    if (at !== -1) this.#timers.splice(at, 1);
    this.#immediates = this.#immediates.filter((one) => one !== timer);
  }

  setImmediate(call: () => void): VirtualTimer {
    const timer = new VirtualTimer(this, call, 0, false);
    this.remove(timer);
    this.#immediates.push(timer);
    return timer;
  }

  /** Runs what `setImmediate` was told: that takes no time. Returns whether there was anything. */
  runImmediates(): boolean {
    const due = this.#immediates;
    this.#immediates = [];
    for (const timer of due) timer.run();
    return due.length > 0;
  }

  /** Moves to the next moment for which a timer is set, and runs it. Returns how far, in milliseconds. */
  advance(): number {
    const next = this.#timers.shift();
    if (next === undefined) return 0;
    const before = this.#nowMs;
    this.#nowMs = next.dueMs;
    next.run();
    // All that run out at the same moment, but not what they set for the moment that it is.
    const due = this.#timers.filter(({ dueMs }) => dueMs <= this.#nowMs);
    for (const timer of due) {
      if (!this.#timers.includes(timer)) continue; // one before has cleared it
      this.remove(timer);
      timer.run();
    }
    return this.#nowMs - before;
  }
}
