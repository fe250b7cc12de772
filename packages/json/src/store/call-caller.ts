import { wait, type Attempt, type Steps } from "@holdfast/fs/steps";
import { isPromise } from "@holdfast/atomic/steps";

/**
 * Calls a function of the caller's and returns how it ended; waits for a promise. What is thrown here is
 * not the function's: a synchronous run cannot wait.
 */
export function* callCaller<T>(fn: () => T | PromiseLike<T>): Steps<Attempt<T>> {
  let made: T | PromiseLike<T>;
  try {
    made = fn();
  } catch (error) {
    return { ok: false, error };
  }
  if (!isPromise(made)) return { ok: true, value: made };
  return yield* wait(
    Promise.resolve(made as PromiseLike<T>).then(
      (value): Attempt<T> => ({ ok: true, value }),
      (error: unknown): Attempt<T> => ({ ok: false, error }),
    ),
  );
}
