import type { ReplaceFileReceipt } from "@holdfast/atomic";
import { type Operation, readSignal, runAsync, runSync, type Steps } from "@holdfast/fs/steps";
import { operationAt, placeOf, type Place } from "../target/place.ts";
import type { JsonTarget } from "../target/target.ts";
import { parseJson } from "../text/parse-json.ts";
import { serializeJson } from "../text/serialize-json.ts";
import { checkWriteOptions } from "./check-options.ts";
import { defaultMaxBytes, writeDocument } from "./document-steps.ts";
import type { Sync, WriteJsonOptions } from "./options.ts";

/**
 * Replaces a JSON document, or creates it: `replaceFileAtomic` says what that means for the file.
 *
 * The value is serialised completely before anything is opened. What `JSON.stringify` would leave out or
 * turn into `null` without a word (`undefined`, a function or a symbol as a property or in an array, `NaN`,
 * infinities) is refused, as are cycles and BigInts, and
 * objects whose content is not in their properties, of which it writes `{}` (maps, sets, errors, regular expressions,
 * promises, buffers but `Buffer`, …); a property whose value is `undefined` is left
 * out, as everybody expects. `toJSON` works. Lone surrogates are written as escapes. The text ends in a
 * newline.
 *
 * It does not look at what was there, and does not wait for `updateJson`: who changes a value that others
 * change too wants that one.
 *
 * @returns the receipt of `replaceFileAtomic`; `undefined` for a store of bytes
 * @throws `HoldfastError`: `ERR_JSON_UNSERIALIZABLE` with `valuePath`, effect `"none"`; otherwise as
 *   `replaceFileAtomic`
 *
 * @example
 * ```ts
 * await writeJson("settings.json", { theme: "dark" });
 * ```
 */
export async function writeJson(
  target: JsonTarget,
  value: unknown,
  options: WriteJsonOptions = {},
): Promise<ReplaceFileReceipt | undefined> {
  const { place, operation } = begin("writeJson", target, options, "async");
  return runAsync(write(operation, place, value, { ...options }), operation);
}

/** As {@link writeJson}, in one go on this thread. */
export function writeJsonSync(
  target: JsonTarget,
  value: unknown,
  options: Sync<WriteJsonOptions> = {},
): ReplaceFileReceipt | undefined {
  const { place, operation } = begin("writeJsonSync", target, options, "sync");
  return runSync(write(operation, place, value, options), operation);
}

function begin(
  op: string,
  target: JsonTarget,
  options: WriteJsonOptions,
  half: "async" | "sync",
): { readonly place: Place; readonly operation: Operation } {
  checkWriteOptions(op, options);
  const { fileSystem, offload, space } = options;
  const signal = readSignal(op, options.signal, half);
  const needs = space === "preserve" ? (["read", "replace"] as const) : (["replace"] as const);
  const place = placeOf(op, target, half, { fileSystem, offload, needs });
  place.checkSettings(op, options);
  return { place, operation: operationAt(op, place, { signal, offload }) };
}

function* write(
  operation: Operation,
  place: Place,
  value: unknown,
  options: WriteJsonOptions,
): Steps<ReplaceFileReceipt | undefined> {
  if (options.space !== "preserve") return yield* writeDocument(operation, place, value, options);
  // The value as it is now, and refused now if it has no form: before the first call.
  const text = serializeJson(value, { space: 0 });
  const before = yield* place.read(operation, defaultMaxBytes);
  return yield* writeDocument(operation, place, parseJson(text, {}, true), options, before?.bytes);
}
