import { AsyncResource } from "node:async_hooks";
import type { VirtualClock } from "./virtual-clock.ts";

interface TimerSettings {
  readonly delayMs: number;
  readonly repeats: boolean;
  /** The index of the run that has set it, if it was one. */
  readonly owner: number | undefined;
}

/** What `setTimeout` returns: of the shape of `NodeJS.Timeout`. */
export class VirtualTimer {
  readonly #clock: VirtualClock;
  readonly #call: () => void;
  readonly delayMs: number;
  readonly repeats: boolean;
  readonly owner: number | undefined;
  /** When it runs out, in milliseconds of the clock. */
  dueMs = 0;

  constructor(clock: VirtualClock, call: () => void, { delayMs, repeats, owner }: TimerSettings) {
    this.#clock = clock;
    // It runs for whoever has set it, not for whoever moves the clock.
    this.#call = AsyncResource.bind(call);
    this.delayMs = delayMs;
    this.repeats = repeats;
    this.owner = owner;
    this.refresh();
  }

  run(): void {
    if (this.repeats) this.refresh();
    this.#call();
  }

  refresh(): this {
    this.#clock.remove(this);
    this.dueMs = this.#clock.nowMs + this.delayMs;
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

/** What `setImmediate` returns. */
export class VirtualImmediate {
  readonly #call: () => void;
  #cleared = false;

  constructor(call: () => void) {
    this.#call = AsyncResource.bind(call);
  }

  run(): void {
    if (!this.#cleared) this.#call();
  }

  close(): void {
    this.#cleared = true;
  }

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
