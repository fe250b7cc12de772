import {
  invalidCombination,
  invalidType,
  Operation,
  runAsync,
  runSync,
  type Steps,
} from "@holdfast/fs/steps";
import type { AsyncCallOptions, AuditEvent } from "../options.ts";
import { shownName } from "../path/names.ts";
import { readPolicy } from "./policy.ts";
import { RootCall } from "./root-call.ts";
import type { RootCore } from "./root-core.ts";

/** A method of a root, said once for both forms. */
export interface Method {
  /** How many of the first arguments are paths inside the root, for errors and `audit`. */
  readonly paths: 0 | 1 | 2;
  /** Which of them may be content instead, which is not for errors and `audit`. */
  readonly content?: number;
  /** Which argument holds the options; a string or nothing in its place is none. */
  readonly options: number;
  /**
   * What it does. Arguments are checked before the first step, so that bad ones touch nothing.
   */
  // oxlint-disable-next-line typescript/no-explicit-any -- the public interfaces have the types
  readonly body: (call: RootCall, ...args: any[]) => Steps<any>;
}

/** Makes one call of a method: the public edge of an asynchronous root. */
export async function performAsync(
  core: RootCore,
  name: string,
  method: Method,
  args: readonly unknown[],
): Promise<unknown> {
  const call = begin(core, name, method, args);
  const end = audited(call);
  try {
    const steps = call.run(() => method.body(call, ...args));
    return await runAsync(steps, call.operation);
  } catch (error) {
    end.result = codeOf(error);
    throw error;
  } finally {
    core.liveness.leave();
    end.tell();
  }
}

/** The same, in one go on this thread. */
export function performSync(
  core: RootCore,
  name: string,
  method: Method,
  args: readonly unknown[],
): unknown {
  const call = begin(core, name, method, args);
  const end = audited(call);
  try {
    const steps = call.run(() => method.body(call, ...args));
    return runSync(steps, call.operation);
  } catch (error) {
    end.result = codeOf(error);
    throw error;
  } finally {
    core.liveness.leave();
    end.tell();
  }
}

function begin(core: RootCore, op: string, method: Method, args: readonly unknown[]): RootCall {
  const shown = (index: number): string | undefined =>
    index === method.content && typeof args[index] !== "string"
      ? undefined
      : shownArgument(args[index]);
  const path = method.paths > 0 ? shown(0) : undefined;
  const dest = method.paths > 1 ? shown(1) : undefined;
  const options = readOptionsArgument(op, args[method.options]);
  const policy = options === undefined ? core.policy : readPolicy(op, options, core.policy);
  const { fileSystem, offload } = core;
  const signal = readSignal(op, options?.signal, core.half);
  core.liveness.enter(op, path);
  const operation = new Operation({ op, path, dest, fileSystem, signal, offload });
  return new RootCall(core, operation, op, policy);
}

function readOptionsArgument(op: string, value: unknown): AsyncCallOptions | undefined {
  // In Node a mode or an encoding stands in the place of some options: for the method to look at.
  const none = value === undefined || value === null;
  if (none || typeof value === "string" || typeof value === "number") return undefined;
  if (typeof value === "object") return value;
  throw invalidType(op, "options", "an object", value);
}

function readSignal(op: string, value: unknown, half: "async" | "sync"): AbortSignal | undefined {
  if (value === undefined || value === null) return undefined;
  if (half === "sync") {
    throw invalidCombination(op, '"signal" cannot interrupt a synchronous call');
  }
  const { aborted, addEventListener } = value as Partial<AbortSignal>;
  if (typeof aborted === "boolean" && typeof addEventListener === "function") {
    return value as AbortSignal;
  }
  throw invalidType(op, "signal", "an AbortSignal", value);
}

function shownArgument(path: unknown): string | undefined {
  if (typeof path === "string") return path;
  return path instanceof Uint8Array ? shownName(Buffer.from(path)) : undefined;
}

const codeOf = (error: unknown): string => String((error as { code?: unknown } | null)?.code);

const unaudited = { result: "ok", tell: (): void => {} };

/** The end of a call, told to whoever audits the root. What `audit` throws becomes the call's error. */
function audited(call: RootCall): { result: AuditEvent["result"]; tell: () => void } {
  const { audit } = call.core.rules;
  if (audit === undefined) return { ...unaudited };
  const started = performance.now();
  return {
    result: "ok",
    tell() {
      const { path, dest } = call.operation;
      const durationMs = performance.now() - started;
      audit({
        method: call.method,
        path,
        dest,
        result: this.result,
        bytes: call.bytes,
        durationMs,
      });
    },
  };
}
