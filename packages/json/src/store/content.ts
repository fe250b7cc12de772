import { Refusal, type Operation, type Steps } from "@holdfast/fs/steps";
import { validateValue } from "../document/validate-value.ts";
import { parseJson } from "../text/parse-json.ts";
import { serializeJson } from "../text/serialize-json.ts";
import { copyPlain, freezeParsed, notPlain } from "./copy-plain.ts";
import { copyValue, isRecord } from "./copy-value.ts";
import type { DeepReadonly } from "./deep-readonly.ts";
import { requirePlain } from "./require-plain.ts";
import { sameJson } from "./same-json.ts";
import type { StoreSettings } from "./settings.ts";
import { invalid } from "./versions.ts";

/** What a document says. */
export interface Content<Value> {
  /** As the caller sees it: validated, and frozen. */
  readonly value: DeepReadonly<Value>;
  /** As it is written, without the version. Where the schema changed nothing, that is the value. */
  readonly body: unknown;
}

/**
 * What a document says that was read: with the defaults for keys that it does not have, checked.
 *
 * @param json what nobody else has: it is frozen, or a schema's to change
 * @param quote whether messages may hold what a schema says: not of a private file
 */
export function* readContent<Value>(
  operation: Operation,
  settings: StoreSettings<Value>,
  json: unknown,
  quote = true,
): Steps<Content<Value>> {
  const body = withDefaults(settings, json);
  if (settings.schema === undefined) {
    requireShape(settings, body);
    const value = freezeParsed(body) as DeepReadonly<Value>;
    return { value, body: value };
  }
  const returned = yield* validateValue(settings.schema, body, operation, quote);
  // Not itself: it may be the schema's own, of which the next value would be made too.
  const value = copyValue(returned, true) as DeepReadonly<Value>;
  return { value, body: sameJson(body, value) === true ? value : body };
}

/**
 * What a value would say that is to be written. It is looked at as whoever reads the file will see it:
 * what cannot be read again is not written.
 *
 * @param isPrivate whether what it is made of is, or takes the place of, a private file
 */
export function* contentOf<Value>(
  operation: Operation,
  settings: StoreSettings<Value>,
  value: unknown,
  isPrivate = false,
): Steps<Content<Value>> {
  const { mode = 0o666 } = settings.file;
  const quote = !isPrivate && (mode & 0o077) !== 0;
  const json = plain(value, settings.schema === undefined);
  const read = yield* readContent(operation, settings, json, quote);
  if (read.body === read.value) return read;
  const returned = plain(read.value, false);
  if (isSame(returned, read.body)) return read;
  // The schema fills in or transforms: what it returns is what is written.
  try {
    return yield* readContent(operation, settings, returned, quote);
  } catch (error) {
    if (!(error instanceof Refusal) || error.code !== "ERR_JSON_INVALID") throw error;
    throw new Refusal("ERR_JSON_INVALID", {
      ...error.details,
      problem: `the schema does not accept what it returned itself: ${error.details.problem}`,
      hint: "What it returns is written, and has to be read again: make it accept both forms.",
    });
  }
}

/** What the defaults say. */
export function* contentOfDefaults<Value>(
  operation: Operation,
  settings: StoreSettings<Value>,
): Steps<Content<Value>> {
  try {
    return yield* contentOf(operation, settings, defaultsOf(settings));
  } catch (error) {
    if (!(error instanceof Refusal) || error.code !== "ERR_JSON_INVALID") throw error;
    throw new Refusal("ERR_JSON_INVALID", {
      ...error.details,
      problem: `"defaults", which are to take its place, are wrong: ${error.details.problem}`,
      hint: 'Nothing is wrong with the file: make "schema" accept "defaults".',
    });
  }
}

/** The defaults, as a value of the caller's own. */
function defaultsOf({ defaults }: Pick<StoreSettings<unknown>, "defaults">): unknown {
  return defaults === undefined ? undefined : parseJson(defaults, {}, false);
}

/** What was read, with the defaults for keys that it does not have. */
export function withDefaults(settings: StoreSettings<unknown>, json: unknown): unknown {
  const defaults = defaultsOf(settings);
  if (!isRecord(defaults) || !isRecord(json)) return json;
  const missing = Object.entries(defaults).filter(([key]) => !Object.hasOwn(json, key));
  return missing.length === 0 ? json : { ...json, ...Object.fromEntries(missing) };
}

/** Without a schema the defaults say what a document is, as far as that goes. */
function requireShape(settings: StoreSettings<unknown>, body: unknown): void {
  const defaults = defaultsOf(settings);
  if (Array.isArray(defaults) && !Array.isArray(body)) throw invalid([], "an array was expected");
  if (isRecord(defaults) && !isRecord(body)) throw invalid([], "an object was expected");
}

/** As it will be read again: no dates, no `undefined`. Shares nothing with the value. */
function plain(value: unknown, frozen: boolean): unknown {
  const copy = copyPlain(value, frozen);
  if (copy !== notPlain) return copy;
  const bytes = serializeJson(value, { space: 0 });
  requirePlain(value);
  return parseJson(bytes, {}, false);
}

/** Whether two values have the same text, but for the order of keys and for spaces. */
export const isSame = (a: unknown, b: unknown): boolean =>
  sameJson(a, b) ?? sameBytes(canonicalOf(a), canonicalOf(b));

const canonicalOf = (value: unknown): Uint8Array =>
  serializeJson(value, { space: 0, sortKeys: true });

export const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;
