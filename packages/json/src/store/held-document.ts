import { type Operation, Refusal, type Steps } from "@holdfast/fs/steps";
import { parseJson } from "../text/parse-json.ts";
import { serializeJson } from "../text/serialize-json.ts";
import type { Found } from "../target/place.ts";
import { tooLarge } from "../target/read-whole.ts";
import { keepGeneration, keepVersion, removeVersion } from "./backups.ts";
import { contentOf, contentOfDefaults, readContent, type Content } from "./content.ts";
import type { StoreSettings } from "./settings.ts";
import type { StorePlace } from "./store-place.ts";
import { migrate, putVersion, takeVersion, type Run, type Versioned } from "./versions.ts";

/** What the steps of one call of a store have in common. */
export interface StoreCall<Value> {
  readonly operation: Operation;
  readonly place: StorePlace;
  readonly settings: StoreSettings<Value>;
}

/** What holds while the lock of the document is held. */
export interface Hold {
  /** For calls of the caller's functions. */
  readonly run: Run;
  /** Looks whether the lock is still held. */
  readonly check: () => Steps<void>;
}

/** Makes steps under the lock of the document. */
export function exclusively<T>(
  { operation, place }: StoreCall<unknown>,
  body: (hold: Hold) => Steps<T>,
): Steps<T> {
  return place.exclusively(operation, (run, check) => body({ run, check }));
}

/** Parses a document and takes its version from it. */
export function parseDocument({ settings }: StoreCall<unknown>, found: Found): Versioned {
  return takeVersion(settings, parseJson(found.bytes, settings.parse, !found.isPrivate));
}

/** Whether a document has to be migrated. */
export function isOlder({ settings }: StoreCall<unknown>, { version }: Versioned): boolean {
  return version !== settings.version;
}

/** The bytes of a document, where they alone decide what it says: for `StoreState.adopt`. */
export function sourceFor(
  { settings }: StoreCall<unknown>,
  bytes: Uint8Array | undefined,
): Uint8Array | undefined {
  return settings.schema === undefined ? bytes : undefined;
}

/** What there is where there is no file. */
export function* contentWithoutFile<Value>({
  operation,
  settings,
}: StoreCall<Value>): Steps<Content<Value>> {
  if (settings.defaults === undefined) throw new Refusal("ENOENT");
  return yield* contentOfDefaults(operation, settings);
}

/** What a document of any version says. An older one is also kept beside it first, until it is replaced. */
export function* readHeld<Value>(
  call: StoreCall<Value>,
  hold: Hold,
  found: Found,
): Steps<{ readonly content: Content<Value>; readonly from: number | undefined }> {
  const { operation, place, settings } = call;
  const versioned = parseDocument(call, found);
  const { version, body } = versioned;
  if (version === undefined || !isOlder(call, versioned)) {
    return {
      content: yield* readContent(operation, settings, body, !found.isPrivate),
      from: undefined,
    };
  }
  yield* hold.check();
  yield* keepVersion(operation, place, settings, version, found.bytes);
  const migrated = yield* migrate(settings, versioned, hold.run);
  return {
    content: yield* contentOf(operation, settings, migrated, found.isPrivate),
    from: version,
  };
}

/**
 * Puts a content in the place of the document.
 *
 * @returns the bytes that were written
 */
export function* writeHeld<Value>(
  { operation, place, settings }: StoreCall<Value>,
  hold: Hold,
  content: Content<Value>,
  replaced: { readonly found: Found | undefined; readonly from: number | undefined },
): Steps<Uint8Array> {
  const { found, from } = replaced;
  const document = putVersion(settings, content.body);
  const bytes = serializeJson(document, settings.format, found?.bytes);
  // It could not be read again.
  if (bytes.byteLength > settings.maxBytes) throw tooLarge(settings.maxBytes);
  yield* hold.check();
  if (found !== undefined) yield* keepGeneration(operation, place, settings, found);
  yield* place.replace(operation, bytes, settings.file);
  if (from !== undefined) yield* removeVersion(operation, place, from);
  return bytes;
}
