import { AsyncLocalStorage } from "node:async_hooks";
import { Refusal } from "@holdfast/fs/steps";
import type { ByteStore } from "./target.ts";

/** A stay inside `store.exclusively()` for steps that are driven from outside of it. */
export class StoreVisit {
  /** Fulfilled when the store has let us in. */
  readonly entered: Promise<void>;
  /** What the store's own call comes to. */
  readonly ended: Promise<unknown>;
  /** Calls a function as if the store's `work` did: a store may know by that who is inside. */
  run: <R>(fn: () => R) => R = (fn) => fn();
  private succeed!: () => void;
  private fail!: (error: unknown) => void;

  constructor(store: ByteStore) {
    const left = new Promise<void>((resolve, reject) => {
      this.succeed = resolve;
      this.fail = reject;
    });
    left.catch(() => {}); // the store may have ended without it
    let enter!: () => void;
    let refuse!: (error: unknown) => void;
    this.entered = new Promise((resolve, reject) => {
      enter = resolve;
      refuse = reject;
    });
    const work = (): Promise<void> => {
      this.run = AsyncLocalStorage.snapshot();
      enter();
      return left;
    };
    this.ended = new Promise((resolve) => resolve(store.exclusively!(work)));
    this.ended.then(() => refuse(workNotRun()), refuse);
  }

  /** Lets the store's `work` end; also if its turn is still to come. */
  leave(): void {
    this.succeed();
  }

  /** The same, after a failure: a store that undoes things learns of it. */
  leaveFailed(error: unknown): void {
    this.fail(toldToStore(error));
  }
}

/** A store that does not call `work`. */
export const workNotRun = (): Refusal =>
  new Refusal("ERR_CONTENT_SOURCE", {
    problem: "the store ended without having run what it was given",
  });

/** What is thrown among steps is not always an `Error`. */
export const toldToStore = (error: unknown): Error =>
  error instanceof Error ? error : new Error("what was to be done failed", { cause: error });
