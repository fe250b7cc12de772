import {
  attempt,
  type Attempt,
  commitPoint,
  invalidCombination,
  isHoldfastError,
  type Operation,
  Refusal,
  runSync,
  shielded,
  type Steps,
  wait,
} from "@holdfast/fs/steps";
import type { FileSettings } from "../document/options.ts";
import type { Found, Place } from "./place.ts";
import { tooLarge } from "./read-whole.ts";
import { StoreVisit, toldToStore, workNotRun } from "./store-visit.ts";
import type { ByteStore } from "./target.ts";

/** The calls of a store, by the names of their asynchronous forms. */
export type StoreCall = "read" | "replace" | "exclusively";

type Body<T> = (run: <R>(fn: () => R) => R, check: () => Steps<void>) => Steps<T>;

const settingsOfFiles: readonly (keyof FileSettings)[] = [
  ...(["mode", "dirMode", "durable", "symlinks", "hardlinks"] as const),
  ...(["ownership", "readonly", "inPlaceFallback"] as const),
];

/** A content that is somewhere else; its own functions say how it is kept. */
export class StorePlace implements Place {
  readonly shown: string | undefined;
  readonly file = undefined;
  private readonly store: ByteStore;
  private readonly half: "async" | "sync";

  constructor(store: ByteStore, half: "async" | "sync") {
    this.shown = store.name;
    this.store = store;
    this.half = half;
  }

  /** Refuses a store without what will be needed. */
  require(op: string, call: StoreCall): void {
    const name = this.half === "sync" ? (`${call}Sync` as const) : call;
    if (typeof this.store[name] === "function") return;
    throw invalidCombination(op, `"target.${name}" is needed and is not a function`);
  }

  checkSettings(op: string, settings: FileSettings): void {
    for (const name of settingsOfFiles) {
      if (settings[name] !== undefined) throw meaningless(op, name);
    }
  }

  *read(operation: Operation, maxBytes: number): Steps<Found | undefined> {
    this.require(operation.op, "read");
    const { store } = this;
    const bytes = operation.synchronous ? store.readSync!() : yield* wait(store.read!());
    if (bytes === undefined) return undefined;
    if (!(bytes instanceof Uint8Array)) {
      throw new Refusal("ERR_CONTENT_SOURCE", {
        problem: "the store has given something that is not bytes",
      });
    }
    if (bytes.byteLength > maxBytes) throw tooLarge(maxBytes);
    return { bytes, isPrivate: false };
  }

  *replace(operation: Operation, content: Uint8Array): Steps<undefined> {
    this.require(operation.op, "replace");
    const { store } = this;
    // The last moment for the signal: what a store does cannot be interrupted.
    if (!operation.synchronous) yield* wait(Promise.resolve());
    yield* commitPoint();
    operation.effect = "unknown";
    try {
      if (operation.synchronous) store.replaceSync!(content);
      else yield* shielded(wait(store.replace!(content)));
    } catch (error) {
      if (isHoldfastError(error)) operation.effect = error.effect;
      throw error;
    }
    operation.effect = "complete";
    return undefined;
  }

  *exclusively<T>(operation: Operation, body: Body<T>): Steps<T> {
    this.require(operation.op, "exclusively");
    if (operation.synchronous) return this.exclusivelySync(operation, body);
    const visit = new StoreVisit(this.store);
    try {
      yield* wait(visit.entered);
    } catch (error) {
      visit.leave(); // its turn may still come
      throw error;
    }
    let value: T;
    try {
      value = yield* body((fn) => visit.run(fn), nothing);
    } catch (error) {
      visit.leaveFailed(error);
      yield* attempt(shielded(wait(visit.ended)));
      throw error;
    }
    visit.leave();
    yield* shielded(wait(visit.ended));
    return value;
  }

  private exclusivelySync<T>(operation: Operation, body: Body<T>): T {
    const inside: { ended?: Attempt<T> } = {};
    const visit = visitSync(this.store, () => {
      const ended = runSync(attempt(body(plainly, nothing)), operation);
      inside.ended = ended;
      if (!ended.ok) throw toldToStore(ended.error);
    });
    const { ended } = inside;
    if (ended?.ok === false) throw ended.error;
    if (!visit.ok) throw visit.error;
    if (ended === undefined) throw workNotRun();
    return ended.value;
  }
}

function visitSync(store: ByteStore, work: () => void): Attempt<void> {
  try {
    return { ok: true, value: store.exclusivelySync!(work) };
  } catch (error) {
    return { ok: false, error };
  }
}

/** An option that a store of bytes has no use for. */
export const meaningless = (op: string, name: string): Error =>
  invalidCombination(op, `"${name}" means nothing for a store of bytes`);

const plainly = <R>(fn: () => R): R => fn();

function* nothing(): Steps<void> {}
