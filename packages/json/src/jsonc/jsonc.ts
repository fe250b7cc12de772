import {
  invalidCombination,
  invalidRange,
  invalidType,
  readSignal,
  Refusal,
  runAsync,
  runSync,
  type Operation,
  type Steps,
} from "@holdfast/fs/steps";
import { checkReadOptions, checkUpdateOptions } from "../document/check-options.ts";
import { defaultMaxBytes } from "../document/document-steps.ts";
import type { ReadJsonOptions, Sync, UpdateJsonOptions } from "../document/options.ts";
import { validateValue } from "../document/validate-value.ts";
import { operationAt, placeOf, type Place } from "../target/place.ts";
import { tooLarge } from "../target/read-whole.ts";
import type { JsonTarget } from "../target/target.ts";
import { decodeText } from "../text/decode-text.ts";
import { parseJson } from "../text/parse-json.ts";
import { serializeJson } from "../text/serialize-json.ts";
import { startOfText } from "../text/syntax-refusal.ts";
import { editTree, newText } from "./edit-text.ts";
import { parseJsonc, parseText } from "./parse-jsonc.ts";
import { TextTree } from "./text-tree.ts";

/** A change of a JSONC document. */
export interface JsoncEdit {
  /** Keys and indices from the top; `-1` behind the last element of an array. */
  readonly path: readonly (string | number)[];
  /** The new value; `undefined` removes the property or element. */
  readonly value: unknown;
}

/** Options of `readJsonc`. */
export type ReadJsoncOptions<Value> = Omit<ReadJsonOptions<Value>, "bigint">;

/** Options of `editJsonc`. */
export type EditJsoncOptions = Omit<
  UpdateJsonOptions<unknown>,
  "space" | "sortKeys" | "bigint" | "initial"
>;

/**
 * Reads JSON with comments and trailing commas, as `readJson` reads JSON. Needs `jsonc-parser`.
 *
 * @throws as `readJson`; `ERR_UNSUPPORTED` where `jsonc-parser` is not installed
 */
export async function readJsonc<Value = unknown>(
  target: JsonTarget,
  options: ReadJsoncOptions<Value> = {},
): Promise<Value> {
  const { steps, operation } = beginRead("readJsonc", target, options, "async");
  return runAsync(steps, operation);
}

/** As {@link readJsonc}, in one go on this thread. */
export function readJsoncSync<Value = unknown>(
  target: JsonTarget,
  options: Sync<ReadJsoncOptions<Value>> = {},
): Value {
  const { steps, operation } = beginRead("readJsoncSync", target, options, "sync");
  return runSync(steps, operation);
}

/**
 * Changes values of a document that people edit too, in order, and leaves every comment, order, space and
 * line end as it was. Under the lock of `updateJson`; replaced as a whole.
 *
 * A new property goes behind the last one, laid out as that is; objects and arrays that are missing on the
 * way to it are made. Nothing else is replaced on the way: a path through a string or a number is
 * `ERR_JSON_INVALID`. A value that is there already is left as it stands, and so is the file if nothing
 * else changes.
 * Removing what is not there is no change. A file that does not exist is made of the edits. One that is empty,
 * or in which there are only comments, is `ERR_JSON_SYNTAX`: it is what a crash of others has left, or an editor
 * in which somebody has not finished. Who wants a new one removes it.
 *
 * @returns the value afterwards, as `validate` returned it; `undefined` if there is no file
 * @throws as `updateJson`; `ERR_JSON_INVALID` also where the document has no place for an edit;
 *   `ERR_UNSUPPORTED` where `jsonc-parser` is not installed
 *
 * @example
 * ```ts
 * await editJsonc("settings.json", [{ path: ["editor", "tabSize"], value: 4 }]);
 * ```
 */
export async function editJsonc(
  target: JsonTarget,
  edits: readonly JsoncEdit[],
  options: EditJsoncOptions = {},
): Promise<unknown> {
  const { steps, operation } = beginEdit("editJsonc", target, edits, options, "async");
  return runAsync(steps, operation);
}

/** As {@link editJsonc}, in one go on this thread. */
export function editJsoncSync(
  target: JsonTarget,
  edits: readonly JsoncEdit[],
  options: Sync<EditJsoncOptions> = {},
): unknown {
  const { steps, operation } = beginEdit("editJsoncSync", target, edits, options, "sync");
  return runSync(steps, operation);
}

interface Begun<T> {
  readonly steps: Steps<T>;
  readonly operation: Operation;
}

function beginRead<Value>(
  op: string,
  target: JsonTarget,
  options: ReadJsoncOptions<Value>,
  half: "async" | "sync",
): Begun<Value> {
  checkReadOptions(op, options);
  refuseNames(op, options, ["bigint"]);
  const { fileSystem, offload } = options;
  const signal = readSignal(op, options.signal, half);
  const place = placeOf(op, target, half, { fileSystem, needs: ["read"] });
  const operation = operationAt(op, place, { signal, offload });
  return { steps: read(operation, place, options), operation };
}

function* read<Value>(
  operation: Operation,
  place: Place,
  options: ReadJsoncOptions<Value>,
): Steps<Value> {
  const found = yield* place.read(operation, options.maxBytes ?? defaultMaxBytes);
  if (found === undefined) throw new Refusal("ENOENT");
  const value = parseJsonc(found.bytes, options, !found.isPrivate);
  return yield* validateValue(options.validate, value, operation, !found.isPrivate);
}

function beginEdit(
  op: string,
  target: JsonTarget,
  edits: readonly JsoncEdit[],
  options: EditJsoncOptions,
  half: "async" | "sync",
): Begun<unknown> {
  const checked = readEdits(op, edits);
  checkUpdateOptions(op, options);
  refuseNames(op, options, ["bigint", "space", "sortKeys", "initial"]);
  const { fileSystem, offload, lockTimeoutMs, dirMode, durable } = options;
  const signal = readSignal(op, options.signal, half);
  const needs = ["read", "replace", "exclusively"] as const;
  const settings = { fileSystem, lockTimeoutMs, dirMode, durable, needs };
  const place = placeOf(op, target, half, settings);
  place.checkSettings(op, options);
  const operation = operationAt(op, place, { signal, offload });
  return { steps: edit(operation, place, checked, options), operation };
}

/** Checks the edits, and copies them: the caller's own may change while the lock is waited for. */
function readEdits(op: string, edits: unknown): JsoncEdit[] {
  if (!Array.isArray(edits)) throw invalidType(op, "edits", "an array", edits);
  return edits.map((given: unknown, index) => {
    const name = `edits[${index}]`;
    if (typeof given !== "object" || given === null)
      throw invalidType(op, name, "an object", given);
    const { path, value } = given as { readonly path: unknown; readonly value: unknown };
    if (!Array.isArray(path)) throw invalidType(op, `${name}.path`, "an array", path);
    for (const key of path as unknown[]) requireKey(op, `${name}.path`, key);
    if (value === undefined && path.length === 0) {
      throw invalidCombination(op, `"${name}" would remove the whole document`);
    }
    if (value === undefined && path.at(-1) === -1) {
      throw invalidCombination(op, `"${name}" would remove what is behind the last element`);
    }
    return { path: [...(path as (string | number)[])], value };
  });
}

function requireKey(op: string, name: string, key: unknown): void {
  if (typeof key === "string") return;
  if (typeof key !== "number") throw invalidType(op, name, "an array of keys and indices", key);
  if (!Number.isSafeInteger(key) || key < -1) {
    throw invalidRange(op, name, "an array of keys and indices from -1", key);
  }
}

function refuseNames(op: string, options: object, names: readonly string[]): void {
  for (const name of names) {
    if ((options as Record<string, unknown>)[name] === undefined) continue;
    throw invalidCombination(op, `"${name}" means nothing for JSON with comments`);
  }
}

function* edit(
  operation: Operation,
  place: Place,
  edits: readonly JsoncEdit[],
  options: EditJsoncOptions,
): Steps<unknown> {
  // What cannot be written is refused before anything is read.
  const values = edits.map(({ path, value }) => ({ path, value: plain(value) }));
  return yield* place.exclusively(operation, function* (_run, check) {
    const { maxBytes = defaultMaxBytes } = options;
    const found = yield* place.read(operation, maxBytes);
    const quote = found?.isPrivate !== true;
    const before = found === undefined ? undefined : decodeText(found.bytes, quote);
    let value: unknown;
    // The edits rely on a text that is right.
    if (found !== undefined) value = parseText(before!, () => found.bytes, options, quote);
    const text = textAfter(before, values);
    if (text === undefined) return undefined;
    const mark =
      found === undefined ? undefined : found.bytes.subarray(0, startOfText(found.bytes));
    const content = Buffer.concat([mark ?? new Uint8Array(), Buffer.from(text)]);
    if (content.byteLength > maxBytes) throw tooLarge(maxBytes);
    if (text !== before) value = parseText(text, () => content, options, quote);
    const valid = yield* validateValue(options.validate, value, operation, quote);
    if (text === before) return valid;
    yield* check();
    yield* place.replace(operation, content, options);
    return valid;
  });
}

function textAfter(before: string | undefined, edits: readonly JsoncEdit[]): string | undefined {
  let tree = before === undefined ? undefined : new TextTree(before);
  for (const one of edits) {
    if (tree !== undefined) editTree(tree, one);
    else if (one.value !== undefined) tree = new TextTree(newText(one));
  }
  return tree?.text;
}

/** As it will be read again. */
function plain(value: unknown): unknown {
  return value === undefined ? undefined : parseJson(serializeJson(value, { space: 0 }), {}, false);
}
