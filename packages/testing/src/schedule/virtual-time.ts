/**
 * Gives the code of the runs, and nobody else, a clock of their own: the timers of the test runner, of
 * `setup` and of `check` go on as they are. Who is running is known from the asynchronous context.
 */

import { AsyncLocalStorage } from "node:async_hooks";
import { createRequire, syncBuiltinESMExports } from "node:module";
import { promisify } from "node:util";
import type { VirtualClock } from "./virtual-clock.ts";
import { VirtualImmediate, VirtualTimer } from "./virtual-timer.ts";

/** By what somebody goes, and whose the timers are that he sets. */
interface Time {
  readonly clock: VirtualClock;
  readonly owner: number | undefined;
}

const times = new AsyncLocalStorage<Time>();

/**
 * Calls `work`, and whatever follows from it asynchronously, with this clock.
 *
 * @param owner of the timers that it sets: the index of a run
 */
export function withClock<Result>(clock: VirtualClock, work: () => Result, owner?: number): Result {
  return times.run({ clock, owner }, work);
}

const currentClock = (): VirtualClock | undefined => times.getStore()?.clock;

type AnyFunction = (...args: never[]) => unknown;
type Names = Record<string, unknown>;

let installed = 0;
let restore: () => void = () => {};

/**
 * Puts functions in the place of those that tell the time or wait for it, until the returned function
 * is called as often as this one was.
 */
export function installVirtualTime(): () => void {
  if (installed++ === 0) restore = replaceAll();
  let done = false;
  return () => {
    if (done) return;
    done = true;
    if (--installed === 0) restore();
  };
}

// These are what `import` of the module sees, once `syncBuiltinESMExports` has been called.
const require = createRequire(import.meta.url);

function replaceAll(): () => void {
  const undo: (() => void)[] = [];
  const replace = (owner: object, name: string, value: unknown): void => {
    const before = Object.getOwnPropertyDescriptor(owner, name);
    Object.defineProperty(owner, name, {
      configurable: true,
      writable: true,
      enumerable: before?.enumerable ?? true,
      value,
    });
    undo.unshift(() => {
      if (before === undefined) delete (owner as Names)[name];
      else Object.defineProperty(owner, name, before);
    });
  };
  const timers = require("node:timers") as Names;
  for (const owner of [globalThis as unknown as Names, timers]) {
    for (const [name, value] of Object.entries(timersLike(owner))) replace(owner, name, value);
  }
  const promises = require("node:timers/promises") as Names;
  for (const [name, value] of Object.entries(promisesLike(promises)))
    replace(promises, name, value);
  const scheduler = promises["scheduler"] as object;
  replace(scheduler, "wait", (delay?: number, options?: SleepOptions) =>
    (promises["setTimeout"] as typeof sleep)(delay, undefined, options),
  );
  const { now: realNow } = Date;
  const realDate = Date;
  replace(Date, "now", () => currentClock()?.nowMs ?? realNow());
  replace(globalThis, "Date", dateLike(realDate));
  const realPerformanceNow = performance.now.bind(performance);
  // Not the real one plus what the clock was moved: that would differ from run to run.
  replace(performance, "now", () => currentClock()?.elapsedMs ?? realPerformanceNow());
  syncBuiltinESMExports();
  return () => {
    for (const one of undo) one();
    syncBuiltinESMExports();
  };
}

/** `new Date()` in a run is the time of its clock. */
function dateLike(real: DateConstructor): DateConstructor {
  return new Proxy(real, {
    construct(target, args: unknown[], newTarget) {
      const clock = args.length === 0 ? currentClock() : undefined;
      return Reflect.construct(
        target,
        clock === undefined ? args : [clock.nowMs],
        newTarget,
      ) as Date;
    },
    apply: () => {
      const clock = currentClock();
      return (clock === undefined ? new real() : new real(clock.nowMs)).toString();
    },
  });
}

function timersLike(real: Names): Names {
  const start =
    (name: string, repeats: boolean): AnyFunction =>
    (call: AnyFunction, delay?: unknown, ...args: never[]) => {
      const time = times.getStore();
      if (time === undefined)
        return (real0[name] as AnyFunction)(call as never, delay as never, ...args);
      mustBeFunction(call);
      const { clock, owner } = time;
      const settings = { delayMs: toDelayMs(delay), repeats, owner };
      return new VirtualTimer(clock, () => void call(...args), settings);
    };
  const stop =
    (name: string): AnyFunction =>
    (timer: unknown) => {
      if (isVirtual(timer)) timer.close();
      else (real0[name] as AnyFunction)(timer as never);
    };
  const immediate = (call: AnyFunction, ...args: never[]): unknown => {
    const clock = currentClock();
    if (clock === undefined) return (real0["setImmediate"] as AnyFunction)(call as never, ...args);
    mustBeFunction(call);
    return clock.setImmediate(() => void call(...args));
  };
  const real0: Names = { ...pick(real) };
  return {
    setTimeout: promisified(start("setTimeout", false), sleep),
    setInterval: start("setInterval", true),
    setImmediate: promisified(immediate, (value: unknown) => sleepImmediate(value)),
    clearTimeout: stop("clearTimeout"),
    clearInterval: stop("clearInterval"),
    clearImmediate: stop("clearImmediate"),
  };
}

const timerNames = [
  "setTimeout",
  "setInterval",
  "setImmediate",
  "clearTimeout",
  "clearInterval",
  "clearImmediate",
] as const;

function pick(owner: Names): Names {
  return Object.fromEntries(timerNames.map((name) => [name, owner[name]]));
}

interface SleepOptions {
  readonly signal?: AbortSignal;
  readonly ref?: boolean;
}

function promisesLike(real: Names): Names {
  const before = { ...real };
  const orReal =
    (name: string, own: AnyFunction): AnyFunction =>
    (...args) =>
      (currentClock() === undefined ? (before[name] as AnyFunction) : own)(...args);
  return {
    setTimeout: orReal("setTimeout", sleep),
    setImmediate: orReal("setImmediate", sleepImmediate),
    setInterval: orReal("setInterval", repeat),
  };
}

/** `setTimeout` of `node:timers/promises`, in a run. */
function sleep(delay?: number, value?: unknown, { signal }: SleepOptions = {}): Promise<unknown> {
  return waiting((done) => setTimeout(done, delay), value, signal);
}

function sleepImmediate(value?: unknown, { signal }: SleepOptions = {}): Promise<unknown> {
  return waiting((done) => setImmediate(done), value, signal);
}

async function* repeat(
  delay?: number,
  value?: unknown,
  options?: SleepOptions,
): AsyncGenerator<unknown, void> {
  for (;;) yield await sleep(delay, value, options);
}

function waiting(
  start: (done: () => void) => unknown,
  value: unknown,
  signal: AbortSignal | undefined,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      if (isVirtual(timer)) timer.close();
      const reason = signal?.reason as unknown;
      reject(Object.assign(new Error("The operation was aborted", { cause: reason }), abortError));
    };
    let timer: unknown;
    if (signal?.aborted === true) return abort();
    signal?.addEventListener("abort", abort, { once: true });
    timer = start(() => {
      signal?.removeEventListener("abort", abort);
      resolve(value);
    });
  });
}

const abortError = { name: "AbortError", code: "ABORT_ERR" };

const isVirtual = (timer: unknown): timer is VirtualTimer | VirtualImmediate =>
  timer instanceof VirtualTimer || timer instanceof VirtualImmediate;

function promisified(own: AnyFunction, promise: AnyFunction): AnyFunction {
  return Object.assign(own, { [promisify.custom]: promise });
}

/** As Node takes them: what is no number from 1 to 2^31 - 1 is 1. */
function toDelayMs(delay: unknown): number {
  const ms = Number(delay);
  return ms >= 1 && ms <= 2 ** 31 - 1 ? Math.trunc(ms) : 1;
}

function mustBeFunction(call: unknown): void {
  if (typeof call === "function") return;
  throw Object.assign(new TypeError('The "callback" argument must be of type function.'), {
    code: "ERR_INVALID_ARG_TYPE",
  });
}
