/** Runs one protocol through either driver. */

import { Operation, type OperationOptions } from "../../src/steps/operation.ts";
import { runAsync } from "../../src/steps/run-async.ts";
import { runSync } from "../../src/steps/run-sync.ts";
import { Call, type Steps } from "../../src/steps/step.ts";
import type { HoldfastError } from "../../src/errors/holdfast-error.ts";

export type Protocol<T> = (operation: Operation) => Steps<T>;

export function operationOf(options: Partial<OperationOptions> = {}): Operation {
  return new Operation({ op: "testOperation", path: "/the/path", ...options });
}

export async function inAsync<T>(
  protocol: Protocol<T>,
  options?: Partial<OperationOptions>,
): Promise<T> {
  const operation = operationOf(options);
  return runAsync(protocol(operation), operation);
}

export async function inSync<T>(
  protocol: Protocol<T>,
  options?: Partial<OperationOptions>,
): Promise<T> {
  const operation = operationOf(options);
  return runSync(protocol(operation), operation);
}

/** Every way in which a protocol can be driven over the real file system. */
export const drivers = [
  ["the asynchronous driver", inAsync],
  ["the synchronous driver", inSync],
] as const;

/** What was thrown; fails if nothing was. */
export async function thrownBy(running: Promise<unknown>): Promise<HoldfastError> {
  try {
    await running;
  } catch (error) {
    return error as HoldfastError;
  }
  throw new Error("nothing was thrown");
}

/** The same steps, with each call written down as it is handed to the driver. */
export function* noting<T>(calls: string[], steps: Steps<T>): Steps<T> {
  let next = steps.next();
  while (next.done !== true) {
    const step = next.value;
    if (step instanceof Call) {
      calls.push([step.name, ...step.args.filter((arg) => typeof arg === "string")].join(" "));
    }
    let value: unknown;
    try {
      value = yield step;
    } catch (error) {
      next = steps.throw(error);
      continue;
    }
    next = steps.next(value);
  }
  return next.value;
}

/** Lets everything that is ready run: the event loop goes round. */
export async function nextTurn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}
