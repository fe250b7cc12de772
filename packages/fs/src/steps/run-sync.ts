import { invalidCombination } from "../errors/misuse.ts";
import { syncFace, type SyncFace } from "../node/faces.ts";
import { toPublicError, type Operation } from "./operation.ts";
import type { Step, Steps } from "./step.ts";

/**
 * Drives a protocol synchronously. Branches of `all` run one after the other; a step that would
 * have to wait for a promise is refused.
 *
 * @returns what the protocol returns; throws a `HoldfastError`.
 */
export function runSync<T>(steps: Steps<T>, operation: Operation): T {
  try {
    return driveSync(steps, operation);
  } catch (error) {
    throw toPublicError(error, operation);
  }
}

/** The same without the public edge: what is thrown is what the protocol threw. */
export function driveSync<T>(steps: Steps<T>, operation: Operation): T {
  const before = operation.synchronous;
  operation.synchronous = true;
  try {
    return drive(steps, operation, syncFace(operation.fileSystem));
  } finally {
    operation.synchronous = before;
  }
}

function drive<T>(steps: Steps<T>, operation: Operation, face: SyncFace): T {
  let result = steps.next();
  while (result.done !== true) {
    let value: unknown;
    try {
      value = perform(result.value, operation, face);
    } catch (error) {
      result = steps.throw(error);
      continue;
    }
    result = steps.next(value);
  }
  return result.value;
}

function perform(step: Step, operation: Operation, face: SyncFace): unknown {
  switch (step.kind) {
    case "call":
      return (face[step.name] as (...args: readonly unknown[]) => unknown)(...step.args);
    case "all":
      return performAll(step.branches, operation, face);
    case "inline":
      return drive(step.steps, operation, face);
    case "mark":
      if (step.what === "commit") operation.committed = true;
      return undefined;
    case "sleep":
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, step.ms);
      return undefined;
    case "wait":
      // Marked as handled: the promise may fail later, when nobody is left to look at it.
      Promise.resolve(step.what).catch(() => {});
      throw invalidCombination(operation.op, "a synchronous call cannot wait for a promise");
  }
}

/** As in the asynchronous driver, a branch that fails does not keep the others from running. */
function performAll(
  branches: readonly Steps<unknown>[],
  operation: Operation,
  face: SyncFace,
): unknown[] {
  const results: unknown[] = [];
  let failed = false;
  let firstError: unknown;
  for (const branch of branches) {
    try {
      results.push(drive(branch, operation, face));
    } catch (error) {
      if (failed) operation.suppressed.push(error);
      else firstError = error;
      failed = true;
    }
  }
  if (failed) throw firstError;
  return results;
}
