import {
  type HoldfastError,
  invalidCombination,
  invalidRange,
  invalidType,
  readBoolean,
  readCount,
  readMode,
  readPath,
  readWord,
  Refusal,
} from "@holdfast/fs/steps";
import { checkFormatOptions, checkParseOptions, refuseUnknown } from "../document/check-options.ts";
import { defaultMaxBytes } from "../document/document-steps.ts";
import type { FileSettings, FormatOptions, ParseOptions } from "../document/options.ts";
import type { Validate } from "../document/schema.ts";
import { readValidate } from "../document/validate-value.ts";
import { serializeJson } from "../text/serialize-json.ts";
import type { JsonStoreOptions } from "./options.ts";
import { requirePlain } from "./require-plain.ts";
import { hasVersion } from "./versions.ts";

type Migration = (value: unknown) => unknown;

/** Options as the protocols read them: checked, complete, and no longer the caller's object. */
export interface StoreSettings<Value> {
  readonly path: string;
  readonly parse: Pick<ParseOptions, "duplicateKeys">;
  readonly maxBytes: number;
  readonly format: FormatOptions;
  readonly file: FileSettings;
  /** In JSON: whoever needs them gets a copy of their own. */
  readonly defaults: Uint8Array | undefined;
  readonly schema: Validate<Value> | undefined;
  readonly version: number | undefined;
  readonly migrations: ReadonlyMap<number, Migration>;
  readonly backups: number;
  readonly onCorrupt: "throw" | "restore-backup" | "quarantine";
}

/** Whom a store tells of what others do. */
export interface Watching<Value> {
  /** How often to look, in milliseconds; `undefined`: never. */
  readonly interval: number | undefined;
  readonly onChange: JsonStoreOptions<Value>["onChange"];
  readonly onError: ((error: HoldfastError) => void) | undefined;
}

const defaultInterval = 500;
/** Each generation is a rename at every write. */
const mostBackups = 100;

const names: readonly (keyof JsonStoreOptions<unknown>)[] = [
  ...(["path", "defaults", "schema", "version", "migrations", "backups"] as const),
  ...(["onCorrupt", "mode", "dirMode", "durable", "space", "sortKeys", "maxBytes"] as const),
  ...(["duplicateKeys", "watch", "onChange", "onError", "lockTimeoutMs", "fileSystem"] as const),
];

/** Checks the options of a store, before any I/O. */
export function readStoreOptions<Value>(
  op: string,
  options: JsonStoreOptions<Value>,
): StoreSettings<Value> {
  refuseUnknown(op, options, names);
  checkFormatOptions(op, options);
  checkParseOptions(op, options);
  const { defaults, schema, space, sortKeys, durable, dirMode } = options;
  const format = { space, sortKeys };
  const version = readVersion(op, options.version);
  const onCorrupt = readWord(op, "onCorrupt", options.onCorrupt, [
    "throw",
    "restore-backup",
    "quarantine",
  ]);
  if (onCorrupt === "quarantine" && defaults === undefined) {
    throw invalidCombination(op, '"onCorrupt: quarantine" needs "defaults" to begin with');
  }
  const backups = readCount(op, "backups", options.backups, 0);
  if (backups > mostBackups) {
    throw invalidRange(op, "backups", `an integer from 0 to ${mostBackups}`, backups);
  }
  const mode = readMode(op, "mode", options.mode);
  return {
    path: readStorePath(op, options.path),
    parse: { duplicateKeys: options.duplicateKeys },
    maxBytes: options.maxBytes ?? defaultMaxBytes,
    format,
    file: { mode, dirMode, durable: readBoolean(op, "durable", durable, true) },
    defaults: readDefaults(op, defaults, version),
    schema: readValidate(op, "schema", schema),
    version,
    migrations: readMigrations(op, options.migrations, version),
    backups,
    onCorrupt,
  };
}

/** Checks what a store is to tell of, before any I/O. */
export function readWatching<Value>(op: string, options: JsonStoreOptions<Value>): Watching<Value> {
  return {
    interval: readInterval(op, options.watch),
    onChange: readCallback(op, "onChange", options.onChange),
    onError: readCallback(op, "onError", options.onError),
  };
}

/** A path by itself, or in a root; what lies beside it is needed, so a store of bytes will not do. */
function readStorePath(op: string, path: unknown): string {
  if (typeof path !== "object" || path === null || path instanceof URL) {
    return readPath(op, "path", path);
  }
  if ("root" in path) return readPath(op, "path.path", (path as { path?: unknown }).path);
  throw invalidType(op, "path", "a path, a file: URL or { root, path }", path);
}

function readVersion(op: string, version: unknown): number | undefined {
  if (version === undefined) return undefined;
  if (typeof version !== "number") throw invalidType(op, "version", "a number", version);
  if (Number.isSafeInteger(version) && version >= 1) return version;
  throw invalidRange(op, "version", "an integer of at least 1", version);
}

function readMigrations(
  op: string,
  migrations: unknown,
  version: number | undefined,
): Map<number, Migration> {
  const read = new Map<number, Migration>();
  if (migrations === undefined) return read;
  if (typeof migrations !== "object" || migrations === null) {
    throw invalidType(op, "migrations", "an object", migrations);
  }
  if (version === undefined) throw invalidCombination(op, '"migrations" needs "version"');
  for (const [key, step] of Object.entries(migrations)) {
    const name = `migrations[${JSON.stringify(key)}]`;
    if (!/^[1-9][0-9]*$/.test(key) || Number(key) > version) {
      throw invalidRange(op, name, `the version that a step leads to, from 1 to ${version}`, key);
    }
    if (typeof step !== "function") throw invalidType(op, name, "a function", step);
    read.set(Number(key), step as Migration);
  }
  return read;
}

function readDefaults(
  op: string,
  defaults: unknown,
  version: number | undefined,
): Uint8Array | undefined {
  if (defaults === undefined) return undefined;
  if (version !== undefined) {
    if (typeof defaults !== "object" || defaults === null || Array.isArray(defaults)) {
      throw invalidType(op, "defaults", 'an object, which can hold "$version"', defaults);
    }
    if (Object.hasOwn(defaults, "$version")) {
      throw invalidCombination(
        op,
        '"defaults" must not have the key "$version": "version" sets it',
      );
    }
  }
  if (version === undefined && hasVersion(defaults)) {
    throw invalidCombination(
      op,
      '"defaults" must not have the key "$version": the option "version" sets it',
    );
  }
  try {
    const bytes = serializeJson(defaults, { space: 0 });
    requirePlain(defaults);
    return bytes;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw invalidCombination(op, `"defaults" has no form in JSON: ${error.details.problem}`);
  }
}

function readInterval(op: string, watch: unknown): number | undefined {
  if (watch === undefined || watch === false) return undefined;
  if (watch === true) return defaultInterval;
  if (typeof watch !== "number") throw invalidType(op, "watch", "a boolean or a number", watch);
  if (Number.isInteger(watch) && watch >= 1 && watch <= 2 ** 31 - 1) return watch;
  throw invalidRange(op, "watch", "an integer of at least 1", watch);
}

function readCallback<Callback>(op: string, name: string, callback: Callback): Callback {
  if (callback === undefined || typeof callback === "function") return callback;
  throw invalidType(op, name, "a function", callback);
}
