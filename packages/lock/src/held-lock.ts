import type { Operation, Steps } from "@holdfast/fs/steps";

/** A lock that is held, for protocols. */
export interface HeldLock {
  readonly shared: boolean;
  /** Aborted with a `HoldfastError` (`ERR_LOCK_LOST`) when it is lost. */
  readonly lost: AbortSignal;
  /** Calls `fn` so that it, and what follows from it, gets `ERR_LOCK_HELD` when it asks for this lock. */
  run<Result>(fn: () => Result): Result;
  /** Looks now whether it is still held; a `Refusal` (`ERR_LOCK_LOST`) otherwise. */
  check(operation: Operation): Steps<void>;
  /** Gives it back. Again: nothing. */
  release(operation: Operation): Steps<void>;
  /** From exclusive to shared: nobody else has it in between. */
  share(operation: Operation): Steps<void>;
  /**
   * Of a shared one: makes steps while nobody else has it and nobody can get it; `undefined`, at once,
   * where somebody else has it.
   */
  whileAlone<T>(operation: Operation, steps: Steps<T>): Steps<{ readonly value: T } | undefined>;
}
