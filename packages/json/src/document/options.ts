import type { FileSystem, Offload } from "@holdfast/fs/steps";
import type { ValidateOption, Weak } from "./schema.ts";

/** What may be read as JSON. */
export interface ParseOptions {
  /** The most bytes that are read; more is `ERR_TOO_LARGE`. Default: 64 MiB. */
  readonly maxBytes?: number | undefined;
  /** A key twice in one object: `"last"` takes the last, as `JSON.parse`; `"refuse"` is `ERR_JSON_SYNTAX`. Default: `"last"`. */
  readonly duplicateKeys?: "last" | "refuse" | undefined;
  /**
   * Integers that a number cannot hold exactly (beyond 2 ** 53 - 1): `"number"` rounds them, as `JSON.parse`;
   * `"string"` keeps their digits; `"bigint"` makes a BigInt of them. Default: `"number"`.
   */
  readonly bigint?: "number" | "string" | "bigint" | undefined;
}

/** Options of `readJson` and `readJsonIfExists`. */
export interface ReadJsonOptions<Value> extends ParseOptions {
  /**
   * A Standard Schema (zod, valibot, arktype, …) or a function that returns the value, or throws. What it
   * returns is what is returned. Default: nothing is checked, and the value is `unknown`.
   */
  readonly validate?: ValidateOption<Value> | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Default: `node:fs`. Not for a root or a store of bytes, which have their own. */
  readonly fileSystem?: FileSystem | undefined;
  /** As for `replaceFileAtomic`. Default: `"calls"`. */
  readonly offload?: Offload | undefined;
}

/** How JSON is written. */
export interface FormatOptions {
  /**
   * How many spaces each level is indented by, at most 10, or the very string of spaces and tabs; `0` writes one
   * line; `"preserve"` keeps the indentation, the line ends and the final newline of the file that is replaced (2 for a new one).
   * Default: 2.
   */
  readonly space?: number | string | undefined;
  /** Keys of objects in ascending order of code units. Default: `false`. */
  readonly sortKeys?: boolean | undefined;
}

/** How the file is replaced: names and defaults of `replaceFileAtomic`. */
export interface FileSettings {
  readonly mode?: number | undefined;
  readonly dirMode?: number | undefined;
  /** Flush the content and the directory. Default: `true`. */
  readonly durable?: boolean | undefined;
  readonly symlinks?: "follow" | "replace" | "refuse" | undefined;
  readonly hardlinks?: "break" | "preserve" | "refuse" | undefined;
  readonly ownership?: "preserve" | "ignore" | "refuse" | undefined;
  readonly readonly?: "refuse" | "override" | undefined;
  readonly inPlaceFallback?: boolean | undefined;
}

/** Options of `writeJson`. */
export interface WriteJsonOptions extends FormatOptions, FileSettings {
  readonly signal?: AbortSignal | undefined;
  readonly fileSystem?: FileSystem | undefined;
  readonly offload?: Offload | undefined;
}

/** Options of `updateJson`. */
export interface UpdateJsonOptions<Value>
  extends Omit<ParseOptions, "bigint">, Omit<WriteJsonOptions, "signal"> {
  /**
   * Integers that a number cannot hold exactly (beyond 2 ** 53 - 1): `"bigint"` makes a BigInt of them, and
   * writes BigInts as integers; `"number"` rounds them, in the file too. Default: those that would be written with
   * other digits are refused (`ERR_JSON_INVALID`). There is no `"string"` here: the file would then have strings.
   */
  readonly bigint?: "number" | "bigint" | undefined;
  /** Honoured until the document is replaced. An `fn` that is running then is not waited for any more. */
  readonly signal?: AbortSignal | undefined;
  /** Checks what is read, and what is written. */
  readonly validate?: ValidateOption<Value> | undefined;
  /** What `fn` gets where there is no file yet; cloned. Default: `undefined`. */
  readonly initial?: Weak<Value> | NoInfer<Value> | undefined;
  /** How long to wait for the lock, in milliseconds; then `ERR_LOCK_TIMEOUT`. Default: 60,000. */
  readonly lockTimeoutMs?: number | undefined;
}

/** Options without what would have to be waited for. */
export type Sync<Options> = Omit<Options, "signal" | "offload">;
