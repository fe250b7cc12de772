import {
  type Operation,
  readSignal,
  Refusal,
  runAsync,
  runSync,
  type Steps,
} from "@holdfast/fs/steps";
import { operationAt, placeOf, type Place } from "../target/place.ts";
import type { JsonTarget } from "../target/target.ts";
import { checkReadOptions } from "./check-options.ts";
import { readDocument, validateRead } from "./document-steps.ts";
import type { ReadJsonOptions, Sync } from "./options.ts";

/**
 * Reads a JSON document.
 *
 * The text is UTF-8, with or without a byte order mark; what is no UTF-8 is an error, not a question mark.
 * `__proto__` is a property like any other. Deep nesting is read as deep as memory goes. Nothing is
 * changed on disk.
 *
 * @param target a path, a `file:` URL, `{ root, path }`, or a store of bytes
 * @returns the value, as `validate` returned it; `unknown` without one
 * @throws `HoldfastError`, effect `"none"`: `ENOENT`; `ERR_JSON_SYNTAX` with `line`, `column`, `offset` and
 *   `excerpt` (an empty file too); `ERR_JSON_INVALID` with `issues` (of a file that only its owner may
 *   read, no message quotes anything); `ERR_TOO_LARGE`; `ERR_NOT_FILE` for a
 *   FIFO or device, `EISDIR`; the errno of the file system
 *
 * @example
 * ```ts
 * const settings = await readJson("settings.json", { validate: Settings });
 * ```
 */
export async function readJson<Value = unknown>(
  target: JsonTarget,
  options: ReadJsonOptions<Value> = {},
): Promise<Value> {
  const { place, operation } = begin("readJson", target, options, "async");
  return runAsync(readExisting(operation, place, { ...options }), operation);
}

/** As {@link readJson}, in one go on this thread. */
export function readJsonSync<Value = unknown>(
  target: JsonTarget,
  options: Sync<ReadJsonOptions<Value>> = {},
): Value {
  const { place, operation } = begin("readJsonSync", target, options, "sync");
  return runSync(readExisting(operation, place, options), operation);
}

/**
 * As {@link readJson}; `undefined` if nothing has that name (`ENOENT`). Every other failure is still
 * thrown: a file that cannot be read is not an empty one.
 */
export async function readJsonIfExists<Value = unknown>(
  target: JsonTarget,
  options: ReadJsonOptions<Value> = {},
): Promise<Value | undefined> {
  const { place, operation } = begin("readJsonIfExists", target, options, "async");
  return runAsync(readIfExists(operation, place, { ...options }), operation);
}

/** As {@link readJsonIfExists}, in one go on this thread. */
export function readJsonIfExistsSync<Value = unknown>(
  target: JsonTarget,
  options: Sync<ReadJsonOptions<Value>> = {},
): Value | undefined {
  const { place, operation } = begin("readJsonIfExistsSync", target, options, "sync");
  return runSync(readIfExists(operation, place, options), operation);
}

function begin<Value>(
  op: string,
  target: JsonTarget,
  options: ReadJsonOptions<Value>,
  half: "async" | "sync",
): { readonly place: Place; readonly operation: Operation } {
  checkReadOptions(op, options);
  const { fileSystem, offload } = options;
  const signal = readSignal(op, options.signal, half);
  const place = placeOf(op, target, half, { fileSystem, offload, needs: ["read"] });
  return { place, operation: operationAt(op, place, { signal, offload }) };
}

function* readIfExists<Value>(
  operation: Operation,
  place: Place,
  options: ReadJsonOptions<Value>,
): Steps<Value | undefined> {
  const document = yield* readDocument(operation, place, options);
  if (document === undefined) return undefined;
  return yield* validateRead(options.validate, document, operation);
}

function* readExisting<Value>(
  operation: Operation,
  place: Place,
  options: ReadJsonOptions<Value>,
): Steps<Value> {
  const document = yield* readDocument(operation, place, options);
  if (document === undefined) throw new Refusal("ENOENT");
  return yield* validateRead(options.validate, document, operation);
}
