/**
 * What `node:fs` offers beyond single calls (`writeFile`, `rm`, `cp`, …), written once as a generator
 * of calls and driven through either face: so that each call inside is a point of its own, and the two
 * faces cannot differ.
 */

import type { Backend, Origin } from "./backend.ts";
import type { CallName, CallTable } from "./call.ts";

/** A call that is wanted. */
export interface Request {
  readonly name: CallName;
  readonly args: readonly unknown[];
}

/** What a callback of the program promised: only the asynchronous face can wait for it. */
export interface Wait {
  readonly wait: PromiseLike<unknown>;
}

// `any`: a generator has one type for all that is sent into it, and the calls return many.
// oxlint-disable-next-line typescript/no-explicit-any
export type Composite<Result> = Generator<Request | Wait, Result, any>;

/** `yield* make("rename", a, b)`: one call of a composite, with its types. */
export function* make<Name extends CallName>(
  name: Name,
  ...args: Parameters<CallTable[Name]>
): Generator<Request, ReturnType<CallTable[Name]>, ReturnType<CallTable[Name]>> {
  return yield { name, args };
}

/** What a callback of the program returned, once it is settled. */
export function* settled(value: unknown): Generator<Wait, unknown, unknown> {
  return isPromise(value) ? yield { wait: value } : value;
}

const isPromise = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === "object" && value !== null && "then" in value;

export function driveSync<Result>(
  backend: Backend,
  composite: Composite<Result>,
  origin: Origin,
): Result {
  let step = composite.next();
  while (!step.done) {
    let result: unknown;
    try {
      if ("wait" in step.value) throw promisedToSync();
      result = backend.sync(step.value.name, step.value.args as never, origin);
    } catch (error) {
      step = composite.throw(error);
      continue;
    }
    step = composite.next(result);
  }
  return step.value;
}

export async function driveAsync<Result>(
  backend: Backend,
  composite: Composite<Result>,
  origin: Origin,
): Promise<Result> {
  let step = composite.next();
  while (!step.done) {
    let result: unknown;
    try {
      const { value } = step;
      if ("wait" in value) result = await value.wait;
      else result = await backend.async(value.name, value.args as never, origin);
    } catch (error) {
      step = composite.throw(error);
      continue;
    }
    step = composite.next(result);
  }
  return step.value;
}

function promisedToSync(): Error {
  const error = new TypeError("Expected a boolean to be returned, but got a promise");
  return Object.assign(error, { code: "ERR_INVALID_RETURN_VALUE" });
}
