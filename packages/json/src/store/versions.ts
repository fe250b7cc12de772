import { Refusal, type Steps } from "@holdfast/fs/steps";
import { escapeControls } from "../text/excerpt.ts";
import { shorten } from "../text/value-path.ts";
import { callCaller } from "./call-caller.ts";
import { isRecord } from "./copy-value.ts";
import type { StoreSettings } from "./settings.ts";

const versionKey = "$version";

/** A document taken apart: schemas and migrations never see the version. */
export interface Versioned {
  readonly version: number | undefined;
  readonly body: unknown;
}

type Versions = Pick<StoreSettings<unknown>, "version" | "migrations">;

/** Calls a function of the caller's while the lock is held. */
export type Run = <Result>(fn: () => Result) => Result;

/**
 * The version of a document, and the document without it.
 *
 * @throws `Refusal`: `ERR_JSON_VERSION` for one that is newer than this program writes,
 *   `ERR_JSON_INVALID` for one that is no version
 */
export function takeVersion(settings: Versions, json: unknown): Versioned {
  const { version: wanted, migrations } = settings;
  if (wanted === undefined) {
    if (hasVersion(json)) throw withoutVersion(json[versionKey]);
    return { version: undefined, body: json };
  }
  if (!isRecord(json) || !Object.hasOwn(json, versionKey)) {
    return { version: migrations.has(1) ? 0 : 1, body: json };
  }
  const { [versionKey]: version, ...body } = json;
  if (typeof version !== "number" || !Number.isSafeInteger(version) || version < 0) {
    throw invalid([versionKey], "it is not a version: an integer of at least 0");
  }
  if (version > wanted) {
    throw new Refusal("ERR_JSON_VERSION", {
      problem: `the file has version ${version}, and this program knows versions up to ${wanted}`,
      hint: "A newer version of the program has written it.",
      more: { version },
    });
  }
  return { version, body };
}

/** Whether a document has what a store with versions has put into it. */
export const hasVersion = (json: unknown): json is { readonly [versionKey]: number } =>
  isRecord(json) && Object.hasOwn(json, versionKey) && Number.isInteger(json[versionKey]);

const withoutVersion = (version: number): Refusal =>
  new Refusal("ERR_JSON_VERSION", {
    problem: `the file has version ${version}, and this store has no "version"`,
    hint: 'Open it with the "version" that this program knows.',
    more: { version },
  });

/** The document with its version, which stands first. */
export function putVersion({ version }: Versions, body: unknown): unknown {
  if (version === undefined) {
    // It could not be read again.
    if (hasVersion(body)) throw invalid([versionKey], "this key is the store's own, for versions");
    return body;
  }
  if (!isRecord(body)) throw invalid([], `it must be an object, which can hold "${versionKey}"`);
  if (Object.hasOwn(body, versionKey)) {
    throw invalid([versionKey], "this key is the store's own, for the version");
  }
  return { [versionKey]: version, ...body };
}

/** Makes the steps from a version to the one that is wanted, in order. */
export function* migrate(
  settings: Versions,
  { version: from, body }: Versioned,
  run: Run,
): Steps<unknown> {
  let value = body;
  const steps = [...settings.migrations].toSorted(([a], [b]) => a - b);
  for (const [to, step] of steps) {
    if (from === undefined || to <= from) continue;
    const before = value;
    const made = yield* callCaller(() => run(() => step(before)));
    if (!made.ok) {
      throw new Refusal("ERR_HOOK", {
        problem: `the migration to version ${to} threw: ${showThrown(made.error)}`,
        cause: made.error,
        more: { version: to },
      });
    }
    // A step that changes what it was given need not return it, as in `update`.
    if (made.value !== undefined) value = made.value;
  }
  return value;
}

const longestShown = 200;

/** The first line of what was thrown. */
function showThrown(error: unknown): string {
  let text: string;
  try {
    text = String(error instanceof Error ? error.message || error.name : error);
  } catch {
    return "an object that is no error";
  }
  const [line = ""] = text.trim().split(/[\r\n]/, 1);
  return escapeControls(shorten(line, longestShown)) || "an empty text";
}

export function invalid(path: readonly PropertyKey[], message: string): Refusal {
  const place = path.length === 0 ? "value" : `value.${path.join(".")}`;
  return new Refusal("ERR_JSON_INVALID", {
    problem: `${place}: ${message}`,
    more: { issues: [{ path, message }] },
  });
}
