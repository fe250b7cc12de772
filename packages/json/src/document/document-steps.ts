import type { ReplaceFileReceipt } from "@holdfast/atomic";
import type { Operation, Steps } from "@holdfast/fs/steps";
import type { Found, Place } from "../target/place.ts";
import { parseJson, type ParseTextOptions } from "../text/parse-json.ts";
import { serializeJson } from "../text/serialize-json.ts";
import type { FileSettings, FormatOptions } from "./options.ts";
import type { Validate } from "./schema.ts";
import { validateValue } from "./validate-value.ts";

/** What is read of a document where nobody says how much. */
export const defaultMaxBytes: number = 64 * 1024 * 1024;

/** A document as it was read: the value before it was validated, and its bytes. */
export interface ReadDocument {
  readonly value: unknown;
  readonly found: Found;
}

/** Reads and parses a document; `undefined` if nothing is there. */
export function* readDocument(
  operation: Operation,
  place: Place,
  options: ParseTextOptions & { readonly maxBytes?: number | undefined },
): Steps<ReadDocument | undefined> {
  const found = yield* place.read(operation, options.maxBytes ?? defaultMaxBytes);
  if (found === undefined) return undefined;
  // What only its owner may read is not quoted: what is in it is not for logs.
  return { value: parseJson(found.bytes, options, !found.isPrivate), found };
}

/** What a schema makes of a document; what is in a private one is not for messages. */
export function validateRead<Value>(
  validate: Validate<Value> | undefined,
  { value, found }: ReadDocument,
  operation: Operation,
): Steps<Value> {
  return validateValue(validate, value, operation, !found.isPrivate);
}

/** Serialises a value completely, and only then replaces the document. */
export function* writeDocument(
  operation: Operation,
  place: Place,
  value: unknown,
  options: FormatOptions & FileSettings,
  before?: Uint8Array,
): Steps<ReplaceFileReceipt | undefined> {
  const content = serializeJson(value, options, before);
  return yield* place.replace(operation, content, options);
}
