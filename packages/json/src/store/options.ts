import type { FileSystem, HoldfastError } from "@holdfast/fs/steps";
import type {
  FileSettings,
  FormatOptions,
  ParseOptions,
  ReadJsonOptions,
} from "../document/options.ts";
import type { Weak } from "../document/schema.ts";
import type { RootTarget } from "../target/target.ts";
import type { DeepReadonly } from "./deep-readonly.ts";

/** Options of `openJsonStore`. */
export interface JsonStoreOptions<Value>
  extends
    Pick<ParseOptions, "maxBytes" | "duplicateKeys">,
    FormatOptions,
    Pick<FileSettings, "durable" | "dirMode"> {
  /** The file: a path, a `file:` URL, or a path in a root. */
  readonly path: string | URL | RootTarget;
  /**
   * The document where there is no file, and for keys that the file does not have at its top level: a key
   * that is deleted is back with its default. Cloned, by way of JSON. Without a `schema`, where they are an
   * object or an array the file must be one too (`ERR_JSON_INVALID`); nothing else is asked of it.
   */
  readonly defaults?: Weak<Value> | NoInfer<Value> | undefined;
  /**
   * A Standard Schema or a function; it checks what is read, after migration and with the defaults, and what
   * is written, in the form in which it will be read again (a date is a string then). What it returns is
   * the value, and is written with the next update. It must accept what it returns.
   */
  readonly schema?: ReadJsonOptions<Value>["validate"];
  /**
   * The version of the documents that this program writes: an integer of at least 1. Kept in the file as
   * `$version`, which nobody else sees: not the schema, not a migration. Such a document is an object. A
   * store without this option does not open a file that has one (`ERR_JSON_VERSION`).
   */
  readonly version?: number | undefined;
  /**
   * Steps from older versions, keyed by the version that a step leads to: `{ 2: (value) => … }` makes
   * version 2 of version 1. A step gets the value without defaults, and changes it or returns another; it
   * may be asynchronous, but for the synchronous half. Every step from the version of the file to `version`
   * that is there is made, in order. A file without `$version` has version 1, or 0 if there is a step to 1.
   */
  readonly migrations?: { readonly [version: number]: (value: unknown) => unknown } | undefined;
  /**
   * How many previous generations are kept beside it, `<name>.backup-1` the newest: at most 100. A crash
   * between two of them costs at most the oldest. Default: 0.
   */
  readonly backups?: number | undefined;
  /**
   * A file that is no JSON, or not what the schema asks for, when it is opened or reloaded. `"throw"`: that
   * fails, the file is left alone. `"restore-backup"`: the newest backup that is right takes its place; if
   * there is none, that fails. `"quarantine"`: the defaults do. With the last two the bytes that were found
   * are kept beside it, as `<name>.corrupt-…`, first, and `recovery` says what was done. A file that cannot
   * be read is not corrupt, but an error. Default: `"throw"`.
   */
  readonly onCorrupt?: "throw" | "restore-backup" | "quarantine" | undefined;
  /**
   * Permission bits, also of backups and of what is kept beside it: `0o600` for secrets. Default: as the
   * file has, or `0o666 & ~umask`.
   */
  readonly mode?: number | undefined;
  /** Look for changes that others make, this often in milliseconds (`true`: 500). Default: `false`. */
  readonly watch?: boolean | number | undefined;
  /**
   * Told when another process's change, noticed by watching or by an update, or a `reload()`, has changed the
   * value; after the lock was given back. What it throws is an uncaught exception.
   */
  readonly onChange?:
    | ((value: DeepReadonly<NoInfer<Value>>, before: DeepReadonly<NoInfer<Value>>) => void)
    | undefined;
  /**
   * Told, once, when a change that was noticed cannot be read, twice in a row; the value stays. A file that
   * is gone is `ENOENT`. Watching never writes: what is corrupt is left to `reload()`. Default: it waits
   * for that, which throws it.
   */
  readonly onError?: ((error: HoldfastError) => void) | undefined;
  readonly lockTimeoutMs?: number | undefined;
  readonly fileSystem?: FileSystem | undefined;
}

/** Without a schema it is the defaults that say of what type the value is. */
export interface SchemalessStoreOptions<Value> extends Omit<JsonStoreOptions<Value>, "schema"> {
  readonly defaults: Weak<Value> | NoInfer<Value>;
  readonly schema?: undefined;
}

/** With a schema it is the schema alone, and the defaults have to be of that type. */
export interface SchemaStoreOptions<Value> extends Omit<JsonStoreOptions<Value>, "defaults"> {
  readonly defaults?: NoInfer<Value> | undefined;
}

/** What the function of an update returns: nothing, if it has changed what it was given. */
export type Changed<Value> = Value | DeepReadonly<Value> | void;

/** What was done to a file that was corrupt. */
export interface StoreRecovery {
  readonly outcome: "restored" | "quarantined";
  /** The file that holds the bytes that were found. */
  readonly corrupt: string;
  /** The backup that took their place. */
  readonly backup: string | undefined;
  /** What was wrong. */
  readonly error: HoldfastError;
}

/** A document that is open: the value is in memory, and each change goes to disk. */
export interface JsonStore<Value> extends AsyncDisposable, Disposable {
  /** As it was given. */
  readonly path: string;
  /** What was done to a corrupt file when the store was opened, reloaded or reset last. */
  readonly recovery: StoreRecovery | undefined;
  /** The version from which the file was migrated here last; `undefined` if it was not. */
  readonly migratedFrom: number | undefined;
  /** The value, frozen: as it was last read or written here. After `close` too. */
  get(): DeepReadonly<Value>;
  /**
   * Changes the value: `fn` gets a copy of what is on disk at this moment, and changes it or returns
   * another; both is refused (`ERR_INVALID_ARG`). It may be asynchronous. Under the lock of the file, for all
   * processes, so that no update is lost. What `fn` throws comes through, and nothing is changed. What is
   * equal to what is there is not written. A file that has become corrupt is an error here, whatever
   * `onCorrupt` says. To update or close this store inside of `fn` is `ERR_LOCK_HELD`.
   *
   * @returns the new value, frozen, as it will be read
   * @throws `HoldfastError` as `updateJson`; also `ERR_JSON_UNSERIALIZABLE` for objects of classes, maps
   *   and the like, which would be read as something else
   */
  update(
    fn: (value: Value) => Changed<Value> | PromiseLike<Changed<Value>>,
  ): Promise<DeepReadonly<Value>>;
  /**
   * As {@link update}, in one go on this thread. While another call of this store is under way:
   * `ERR_LOCK_HELD`; so await that one before the process exits, for an exit handler cannot.
   */
  updateSync(fn: (value: Value) => Changed<Value>): DeepReadonly<Value>;
  /**
   * Puts `defaults` in the place of the value. With `backups`, the old one is kept; what is no JSON always
   * is, as by `"quarantine"`. A newer version is refused.
   */
  reset(): Promise<DeepReadonly<Value>>;
  resetSync(): DeepReadonly<Value>;
  /** Reads the file again. */
  reload(): Promise<DeepReadonly<Value>>;
  reloadSync(): DeepReadonly<Value>;
  /**
   * Ends watching; waits for updates that are under way. Calls that come later are `ERR_CLOSED`. Inside of a
   * function that such an update waits for it would wait for itself: `ERR_LOCK_HELD`, and nothing is closed.
   */
  close(): Promise<void>;
}
