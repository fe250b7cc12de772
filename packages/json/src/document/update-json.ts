import {
  invalidCombination,
  invalidType,
  isAborted,
  type Operation,
  readSignal,
  runAsync,
  runSync,
  type Steps,
  wait,
} from "@holdfast/fs/steps";
import { isPromise } from "@holdfast/atomic/steps";
import { operationAt, placeOf, type Place } from "../target/place.ts";
import { tooLarge } from "../target/read-whole.ts";
import type { JsonTarget } from "../target/target.ts";
import { parseJson } from "../text/parse-json.ts";
import { serializeJson, serializeRecord } from "../text/serialize-json.ts";
import { checkUpdateOptions } from "./check-options.ts";
import {
  defaultMaxBytes,
  readDocument,
  validateRead,
  type ReadDocument,
} from "./document-steps.ts";
import type { Sync, UpdateJsonOptions } from "./options.ts";
import type { Weak } from "./schema.ts";
import { validateValue } from "./validate-value.ts";

/**
 * Reads a document, has `fn` change the value, and replaces the document, under a lock that holds for all
 * processes: of concurrent updates none is lost.
 *
 * `fn` gets the value (`initial`, or `undefined`, where nothing is there) and returns the new one; it may
 * be asynchronous. Where it returns `undefined` nothing is written; a draft that it changed in place must be
 * returned too, and is refused otherwise (`ERR_INVALID_ARG`), for the change would be lost. It should be quick: everybody else waits meanwhile. If it, or what it
 * calls, updates the same document again: `ERR_LOCK_HELD`.
 *
 * If `fn` throws, the document is unchanged, the lock is free, and what it threw comes through as it is.
 *
 * The lock is `<name>.lock` beside the file (see `@holdfast/lock`: who is killed while holding it is
 * noticed). It keeps out who updates, not who writes: `writeJson` and editors do not ask for it.
 *
 * A missing directory is made for the lock, also where nothing is written in the end.
 *
 * With `validate`, what is about to be written is checked in the form in which it will be read again: a
 * schema that makes dates of strings is asked about the strings.
 *
 * An integer that a number cannot hold exactly, and that would be written with other digits, is
 * `ERR_JSON_INVALID`, whether `fn` touches it or not: `bigint: "bigint"` keeps every digit.
 *
 * @returns the value that is on disk now; where nothing was written, what `fn` was given
 * @throws `HoldfastError` as `readJson` but for `ENOENT`, as `writeJson`, and as `acquireLock`
 *   (`ERR_LOCK_TIMEOUT`). `ERR_LOCK_LOST`, effect `"none"`, if the lock was lost while `fn` ran
 *
 * @example
 * ```ts
 * await updateJson<number>("counter.json", (n = 0) => n + 1);
 * ```
 */
export function updateJson<Value = unknown>(
  target: JsonTarget,
  fn: (value: Value) => NoInfer<Value> | PromiseLike<NoInfer<Value>>,
  options: UpdateJsonOptions<Value> & { readonly initial: Weak<Value> | NoInfer<Value> },
): Promise<Value>;
export function updateJson<Value = unknown>(
  target: JsonTarget,
  fn: (value: Value) => NoInfer<Value> | undefined | PromiseLike<NoInfer<Value> | undefined>,
  options: UpdateJsonOptions<Value> & { readonly initial: Weak<Value> | NoInfer<Value> },
): Promise<Value>;
export function updateJson<Value = unknown>(
  target: JsonTarget,
  fn: (value: Value | undefined) => Value | PromiseLike<Value>,
  options?: UpdateJsonOptions<Value>,
): Promise<Value>;
export function updateJson<Value = unknown>(
  target: JsonTarget,
  fn: (value: Value | undefined) => Value | undefined | PromiseLike<Value | undefined>,
  options?: UpdateJsonOptions<Value>,
): Promise<Value | undefined>;
// As the second: the compiler quotes the last one, and this one says what is wrong with `void`.
export function updateJson<Value = unknown>(
  target: JsonTarget,
  fn: (value: Value) => Value | undefined | PromiseLike<Value | undefined>,
  options: UpdateJsonOptions<Value> & { readonly initial: Weak<Value> | NoInfer<Value> },
): Promise<Value>;
export async function updateJson<Value>(
  target: JsonTarget,
  fn: (value: Value) => Value | undefined | PromiseLike<Value | undefined>,
  options: UpdateJsonOptions<Value> = {},
): Promise<Value | undefined> {
  const update = new Update("updateJson", target, fn as Change<Value>, options, "async");
  try {
    return await runAsync(update.steps(), update.operation);
  } catch (error) {
    throw update.outcomeOf(error);
  }
}

/** As {@link updateJson}, in one go on this thread. */
export function updateJsonSync<Value = unknown>(
  target: JsonTarget,
  fn: (value: Value) => NoInfer<Value>,
  options: Sync<UpdateJsonOptions<Value>> & { readonly initial: Weak<Value> | NoInfer<Value> },
): Value;
export function updateJsonSync<Value = unknown>(
  target: JsonTarget,
  fn: (value: Value) => NoInfer<Value> | undefined,
  options: Sync<UpdateJsonOptions<Value>> & { readonly initial: Weak<Value> | NoInfer<Value> },
): Value;
export function updateJsonSync<Value = unknown>(
  target: JsonTarget,
  fn: (value: Value | undefined) => Value,
  options?: Sync<UpdateJsonOptions<Value>>,
): Value;
export function updateJsonSync<Value = unknown>(
  target: JsonTarget,
  fn: (value: Value | undefined) => Value | undefined,
  options?: Sync<UpdateJsonOptions<Value>>,
): Value | undefined;
// As the second: the compiler quotes the last one, and this one says what is wrong with `void`.
export function updateJsonSync<Value = unknown>(
  target: JsonTarget,
  fn: (value: Value) => Value | undefined,
  options: Sync<UpdateJsonOptions<Value>> & { readonly initial: Weak<Value> | NoInfer<Value> },
): Value;
export function updateJsonSync<Value>(
  target: JsonTarget,
  fn: (value: Value) => Value | undefined,
  options: Sync<UpdateJsonOptions<Value>> = {},
): Value | undefined {
  const update = new Update("updateJsonSync", target, fn as Change<Value>, options, "sync");
  try {
    return runSync(update.steps(), update.operation);
  } catch (error) {
    throw update.outcomeOf(error);
  }
}

// The first of the forms above does not take `undefined`: only then does the compiler give a function that returns
// nothing at all the type `void`, which none of them takes. A draft that was changed and not returned is an error so.
type Change<Value> = (
  value: Value | undefined,
) => Value | undefined | PromiseLike<Value | undefined>;

type Run = <R>(fn: () => R) => R;

/** One call. */
class Update<Value> {
  readonly operation: Operation;
  private readonly place: Place;
  private readonly fn: Change<Value>;
  private readonly options: UpdateJsonOptions<Value>;
  /** A copy, too. */
  private readonly initial: Value | undefined;
  private thrown: { readonly error: unknown } | undefined;

  constructor(
    op: string,
    target: JsonTarget,
    fn: Change<Value>,
    options: UpdateJsonOptions<Value>,
    half: "async" | "sync",
  ) {
    if (typeof fn !== "function") throw invalidType(op, "fn", "a function", fn);
    checkUpdateOptions(op, options);
    const { fileSystem, offload, lockTimeoutMs, dirMode, durable } = options;
    const signal = readSignal(op, options.signal, half);
    const needs = ["read", "replace", "exclusively"] as const;
    const settings = { fileSystem, offload, lockTimeoutMs, dirMode, durable, needs };
    this.place = placeOf(op, target, half, settings);
    this.place.checkSettings(op, options);
    this.operation = operationAt(op, this.place, { signal, offload });
    this.fn = fn;
    this.options = { ...options }; // the caller's own may change while the lock is waited for
    this.initial = cloneInitial(op, options.initial);
  }

  steps(): Steps<Value | undefined> {
    return this.place.exclusively(this.operation, (run, check) => this.alone(run, check));
  }

  /** What the caller's function threw comes through as it is, whatever else went wrong after it. */
  outcomeOf(error: unknown): unknown {
    return this.thrown === undefined ? error : this.thrown.error;
  }

  private *alone(run: Run, check: () => Steps<void>): Steps<Value | undefined> {
    const { operation, place, options } = this;
    const { bigint = "refuse" } = options;
    const document = yield* readDocument(operation, place, { ...options, bigint });
    const value = yield* this.valueOf(document);
    const before = textOf(value);
    const changed = yield* this.change(run, value);
    if (changed === undefined) {
      if (textOf(value) !== before) throw forgotten(operation.op);
      return value;
    }
    const content = serializeJson(changed, options, document?.found.bytes);
    const { maxBytes = defaultMaxBytes } = options;
    if (content.byteLength > maxBytes) throw tooLarge(maxBytes);
    const written = yield* this.asRead(changed, content, document);
    yield* check();
    yield* place.replace(operation, content, options);
    return written;
  }

  private *valueOf(document: ReadDocument | undefined): Steps<Value | undefined> {
    const { options, operation, initial } = this;
    if (document === undefined) return initial;
    return yield* validateRead(options.validate, document, operation);
  }

  private *change(run: Run, value: Value | undefined): Steps<Value | undefined> {
    const { operation, fn } = this;
    try {
      const answer = run(() => fn(value));
      if (!isPromise(answer)) return answer;
      if (!operation.synchronous) return yield* wait(answer);
      answer.then(undefined, () => {}); // its failure has nobody else to go to
    } catch (error) {
      if (!isAborted(error)) this.thrown = { error };
      throw error;
    }
    throw invalidCombination(operation.op, '"fn" returned a promise to a synchronous call');
  }

  /** What a reader will get of it. */
  private *asRead(
    changed: Value,
    content: Uint8Array,
    document: ReadDocument | undefined,
  ): Steps<Value> {
    const { options, operation } = this;
    if (options.validate === undefined) return changed;
    const quote = document?.found.isPrivate !== true && !isPrivateMode(options.mode);
    const value = parseJson(content, options, quote);
    return yield* validateValue(options.validate, value, operation, quote);
  }
}

/** By which one can see that a value was changed in place. */
function textOf(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  try {
    return JSON.stringify(value);
  } catch {
    // It is deeper than a stack, or there are BigInts in it.
  }
  try {
    return serializeRecord(value, "bigint");
  } catch {
    return undefined; // it has no form in JSON, so that it could not be written either
  }
}

/** Whether only its owner will be able to read the file. */
const isPrivateMode = (mode: number | undefined): boolean =>
  mode !== undefined && (mode & 0o077) === 0;

const forgotten = (op: string): Error =>
  invalidCombination(
    op,
    '"fn" changed the value that it was given and returned nothing: return it to have it written',
  );

function cloneInitial<Value>(op: string, initial: Value): Value {
  try {
    return structuredClone(initial);
  } catch {
    throw invalidType(op, "initial", "a value that can be cloned", initial);
  }
}
