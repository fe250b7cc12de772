import { OpenStore } from "./open-store.ts";
import type {
  JsonStore,
  JsonStoreOptions,
  SchemalessStoreOptions,
  SchemaStoreOptions,
} from "./options.ts";
import { readStoreOptions, readWatching } from "./settings.ts";
import { placesOf } from "./store-place.ts";

/**
 * Opens a typed document: settings, credentials, a small state.
 *
 * If there is no file, `defaults` are the value, and nothing is written until the first `update`. An
 * older version is migrated in memory, step by step, checked, and then replaces the file; until that is
 * done the old one is also at `<name>.v<version>.backup`, where it stays if that fails (`leftovers` names
 * it). If a step fails the file is as it was. A version that is newer than `version` is refused
 * (`ERR_JSON_VERSION`): nothing is lost by a downgrade. Of several processes that open it at once, one
 * migrates.
 *
 * A store that was opened either way has both halves; on a path in a root, that which the root has.
 *
 * Nobody's settings are reset without a word: a file that cannot be read, or is no JSON, is an error, unless
 * `onCorrupt` asks for more; and then its bytes are kept.
 *
 * @throws `HoldfastError` as `readJson` but for `ENOENT`, and as `updateJson` where a migration or a
 *   recovery writes; `ENOENT` without `defaults`; `ERR_JSON_VERSION`; `ERR_SYMLINK`
 *   where a backup to restore is a link; `ERR_HOOK` if a migration throws,
 *   with what it threw as `cause` and the `version` that the step leads to
 *
 * @example
 * ```ts
 * const settings = await openJsonStore({ path: "settings.json", defaults: { theme: "light" } });
 * await settings.update((draft) => { draft.theme = "dark"; });
 * ```
 */
export function openJsonStore<Value>(
  options: SchemalessStoreOptions<Value>,
): Promise<JsonStore<Value>>;
export function openJsonStore<Value = unknown>(
  options: SchemaStoreOptions<Value>,
): Promise<JsonStore<Value>>;
export async function openJsonStore<Value>(
  options: JsonStoreOptions<Value>,
): Promise<JsonStore<Value>> {
  return storeOf("openJsonStore", options, "async").open("openJsonStore");
}

/** As {@link openJsonStore}, in one go on this thread. */
export function openJsonStoreSync<Value>(options: SchemalessStoreOptions<Value>): JsonStore<Value>;
export function openJsonStoreSync<Value = unknown>(
  options: SchemaStoreOptions<Value>,
): JsonStore<Value>;
export function openJsonStoreSync<Value>(options: JsonStoreOptions<Value>): JsonStore<Value> {
  return storeOf("openJsonStoreSync", options, "sync").openSync("openJsonStoreSync");
}

function storeOf<Value>(
  op: string,
  options: JsonStoreOptions<Value>,
  half: "async" | "sync",
): OpenStore<Value> {
  const settings = readStoreOptions(op, options);
  const places = placesOf(op, options, settings, half);
  return new OpenStore(settings, readWatching(op, options), places, half);
}
