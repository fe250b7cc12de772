import { Refusal, type Operation, type Steps } from "@holdfast/fs/steps";
import { validateValue } from "../document/validate-value.ts";
import { parseJson } from "../text/parse-json.ts";
import { serializeJson } from "../text/serialize-json.ts";
import { copyValue, isRecord } from "./copy-value.ts";
import { requirePlain } from "./require-plain.ts";
import type { StoreSettings } from "./settings.ts";

/** What a document says. */
export interface Content<Value> {
  /** As the caller sees it: validated, and frozen. */
  readonly value: Value;
  /** As it is written, without the version. */
  readonly body: unknown;
  /** The same in one form: two contents are equal if these are. */
  readonly canonical: Uint8Array;
}

/** What a document says that was read: with the defaults for keys that it does not have, checked. */
export function* readContent<Value>(
  operation: Operation,
  settings: StoreSettings<Value>,
  json: unknown,
): Steps<Content<Value>> {
  const body = withDefaults(settings, json);
  const value = yield* validateValue(settings.schema, body, operation);
  return { value: copyValue(value, true), body, canonical: canonicalOf(body) };
}

/**
 * What a value would say that is to be written. It is looked at as whoever reads the file will see it:
 * what cannot be read again is not written.
 */
export function* contentOf<Value>(
  operation: Operation,
  settings: StoreSettings<Value>,
  value: unknown,
): Steps<Content<Value>> {
  const read = yield* readContent(operation, settings, plain(value));
  if (settings.schema === undefined) return read;
  const returned = plain(read.value);
  if (sameBytes(canonicalOf(returned), read.canonical)) return read;
  // The schema fills in or transforms: what it returns is what is written.
  try {
    return yield* readContent(operation, settings, returned);
  } catch (error) {
    if (!(error instanceof Refusal) || error.code !== "ERR_JSON_INVALID") throw error;
    throw new Refusal("ERR_JSON_INVALID", {
      ...error.details,
      problem: `the schema does not accept what it returned itself: ${error.details.problem}`,
      hint: "What it returns is written, and has to be read again: make it accept both forms.",
    });
  }
}

/** The defaults, as a value of the caller's own. */
export function defaultsOf({ defaults }: Pick<StoreSettings<unknown>, "defaults">): unknown {
  return defaults === undefined ? undefined : parseJson(defaults, {}, false);
}

function withDefaults(settings: StoreSettings<unknown>, json: unknown): unknown {
  const defaults = defaultsOf(settings);
  if (!isRecord(defaults) || !isRecord(json)) return json;
  const missing = Object.entries(defaults).filter(([key]) => !Object.hasOwn(json, key));
  return { ...json, ...Object.fromEntries(missing) };
}

/** As it will be read again: no dates, no `undefined`. */
function plain(value: unknown): unknown {
  const bytes = serializeJson(value, { space: 0 });
  requirePlain(value);
  return parseJson(bytes, {}, false);
}

/** One text for all that is equal but for the order of keys and for spaces. */
export const canonicalOf = (value: unknown): Uint8Array =>
  serializeJson(value, { space: 0, sortKeys: true });

export const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;
