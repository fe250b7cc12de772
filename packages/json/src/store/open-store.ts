import {
  type Attempt,
  HoldfastError,
  invalidCombination,
  invalidType,
  runAsync,
  runSync,
  type Steps,
} from "@holdfast/fs/steps";
import { operationAt } from "../target/place.ts";
import { beginCall, isCalledBy, isWaitedForBy } from "./calls-under-way.ts";
import { reset, update, type Change } from "./change.ts";
import type { DeepReadonly } from "./deep-readonly.ts";
import { explainHeld, type Holder } from "./held-already.ts";
import type { StoreCall } from "./held-document.ts";
import { load } from "./load.ts";
import type { Changed, JsonStore, StoreRecovery } from "./options.ts";
import type { StoreSettings, Watching } from "./settings.ts";
import { StoreState } from "./state.ts";
import type { StorePlaces } from "./store-place.ts";
import { Watcher } from "./watcher.ts";

/** A store: its value in memory, and the edges of the protocols that change it. */
export class OpenStore<Value> implements JsonStore<Value> {
  readonly path: string;
  private readonly settings: StoreSettings<Value>;
  private readonly watching: Watching<Value>;
  private readonly places: StorePlaces;
  private readonly half: "async" | "sync";
  private readonly state = new StoreState<Value>();
  private readonly watcher: Watcher<Value>;
  private timer: NodeJS.Timeout | undefined;
  private closed = false;
  private readonly underWay = new Set<Promise<unknown>>();

  constructor(
    settings: StoreSettings<Value>,
    watching: Watching<Value>,
    places: StorePlaces,
    half: "async" | "sync",
  ) {
    this.path = settings.path;
    this.settings = settings;
    this.watching = watching;
    this.places = places;
    this.half = half;
    this.watcher = new Watcher(this.state);
  }

  get recovery(): StoreRecovery | undefined {
    return this.state.recovery;
  }

  get migratedFrom(): number | undefined {
    return this.state.migratedFrom;
  }

  async open(op: string): Promise<this> {
    await this.runAsync(op, (call) => load(call, this.state));
    this.watch();
    return this;
  }

  openSync(op: string): this {
    this.runSync(op, (call) => load(call, this.state));
    this.watch();
    return this;
  }

  get(): DeepReadonly<Value> {
    return this.state.content!.value;
  }

  async update(fn: Change<Value>): Promise<DeepReadonly<Value>> {
    requireFunction("update", fn);
    return outcomeOf(await this.runAsync("update", (call) => update(call, this.state, fn)));
  }

  updateSync(fn: (value: Value) => Changed<Value>): DeepReadonly<Value> {
    requireFunction("updateSync", fn);
    return outcomeOf(this.runSync("updateSync", (call) => update(call, this.state, fn)));
  }

  async reset(): Promise<DeepReadonly<Value>> {
    this.requireDefaults("reset");
    return await this.runAsync("reset", (call) => reset(call, this.state));
  }

  resetSync(): DeepReadonly<Value> {
    this.requireDefaults("resetSync");
    return this.runSync("resetSync", (call) => reset(call, this.state));
  }

  async reload(): Promise<DeepReadonly<Value>> {
    await this.runAsync("reload", (call) => load(call, this.state));
    return this.get();
  }

  reloadSync(): DeepReadonly<Value> {
    this.runSync("reloadSync", (call) => load(call, this.state));
    return this.get();
  }

  async close(): Promise<void> {
    if (isWaitedForBy(this)) throw closedInside(this.path);
    this[Symbol.dispose]();
    // Whoever made those calls hears of what becomes of them.
    await Promise.allSettled(this.underWay);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  [Symbol.dispose](): void {
    this.closed = true;
    clearTimeout(this.timer);
  }

  private watch(): void {
    const { interval } = this.watching;
    if (interval === undefined || this.closed) return;
    this.timer = setTimeout(() => this.look(), interval);
    this.timer.unref();
  }

  private look(): void {
    const look = (call: StoreCall<Value>): Steps<void> => this.watcher.look(call);
    if (this.half === "async") {
      this.runAsync("watch", look).then(
        () => this.watch(),
        (error: unknown) => this.fail(error as HoldfastError),
      );
      return;
    }
    try {
      this.runSync("watch", look);
      this.watch();
    } catch (error) {
      this.fail(error as HoldfastError);
    }
  }

  private fail(error: HoldfastError): void {
    this.watch();
    const { onError } = this.watching;
    if (this.closed || !this.watcher.isToTell(error)) return;
    if (onError !== undefined) callOutside(() => onError(error));
  }

  /** After the lock was given back: whoever is told may want to update. */
  private tellChanges(): void {
    const { onChange } = this.watching;
    for (const { value, before } of this.state.takeChanges()) {
      if (onChange !== undefined && !this.closed) callOutside(() => onChange(value, before));
    }
  }

  private runAsync<T>(op: string, steps: (call: StoreCall<Value>) => Steps<T>): Promise<T> {
    const call = this.callOf(op, "async");
    const holder = this.holder();
    const run = beginCall(this, false, (end) =>
      runAsync(explainHeld(holder, steps(call)), call.operation).finally(() => {
        end();
        this.tellChanges();
      }),
    );
    this.underWay.add(run);
    const done = (): void => void this.underWay.delete(run);
    run.then(done, done);
    return run;
  }

  private runSync<T>(op: string, steps: (call: StoreCall<Value>) => Steps<T>): T {
    const call = this.callOf(op, "sync");
    const holder = this.holder() ?? (this.underWay.size > 0 ? "update" : undefined);
    return beginCall(this, true, (end) => {
      try {
        return runSync(explainHeld(holder, steps(call)), call.operation);
      } finally {
        end();
        this.tellChanges();
      }
    });
  }

  private holder(): Holder {
    return isCalledBy(this) ? "caller" : undefined;
  }

  private callOf(op: string, half: "async" | "sync"): StoreCall<Value> {
    const { path, settings } = this;
    if (this.closed) throw new HoldfastError({ code: "ERR_CLOSED", op, path, effect: "none" });
    const place = this.places[half](op);
    return { operation: operationAt(op, place), place, settings };
  }

  private requireDefaults(op: string): void {
    if (this.settings.defaults !== undefined) return;
    throw invalidCombination(op, 'there are no "defaults" to put in the place of the value');
  }
}

function requireFunction(op: string, fn: unknown): void {
  if (typeof fn !== "function") throw invalidType(op, "fn", "a function", fn);
}

const closedInside = (path: string): HoldfastError =>
  new HoldfastError({
    code: "ERR_LOCK_HELD",
    op: "close",
    path,
    effect: "none",
    problem: "it was called by a function that a call of this store is waiting for",
    hint: "Close the store after that call has ended: to wait for it in here would never end.",
  });

function outcomeOf<Value>(made: Attempt<Value>): Value {
  if (!made.ok) throw made.error;
  return made.value;
}

/** What a listener throws is an uncaught exception: it must not fail a call that succeeded. */
function callOutside(fn: () => void): void {
  try {
    fn();
  } catch (error) {
    setImmediate(() => {
      throw error;
    });
  }
}
