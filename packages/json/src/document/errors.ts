import { isHoldfastError, type HoldfastError } from "@holdfast/fs/steps";

/** `ERR_JSON_SYNTAX`: where a text stops being JSON. */
export interface JsonSyntaxError extends HoldfastError {
  readonly code: "ERR_JSON_SYNTAX";
  /** From 1. */
  readonly line: number;
  /** From 1, in characters (code points). */
  readonly column: number;
  /** In bytes from the start of the file. */
  readonly offset: number;
  /**
   * The line, or as much of it as fits, and below it a caret. `undefined` for a file that only its owner may
   * read, for what is in it is not for logs, and where there is nothing to show, as in an empty file.
   */
  readonly excerpt: string | undefined;
}

/**
 * `ERR_JSON_INVALID`: what a schema or a function says against a value; or an update that would round an integer
 * (with the fields `line`, `column` and `offset`, as `ERR_JSON_SYNTAX`).
 *
 * What a schema says may quote the value. For a file that only its owner may read the message of the error has the
 * places alone; `issues` and `cause` are as the schema gave them.
 */
export interface JsonInvalidError extends HoldfastError {
  readonly code: "ERR_JSON_INVALID";
  /** Values may be in their messages. */
  readonly issues: readonly JsonIssue[];
}

/** One thing that is wrong with a value. */
export interface JsonIssue {
  /** Where in the value; empty for the whole. */
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** `ERR_JSON_UNSERIALIZABLE`: a value that has no form in JSON. */
export interface JsonUnserializableError extends HoldfastError {
  readonly code: "ERR_JSON_UNSERIALIZABLE";
  /** Where in the value; empty for the whole. */
  readonly valuePath: readonly PropertyKey[];
}

export function isJsonSyntaxError(error: unknown): error is JsonSyntaxError {
  return isHoldfastError(error) && error.code === "ERR_JSON_SYNTAX";
}

export function isJsonInvalidError(error: unknown): error is JsonInvalidError {
  return isHoldfastError(error) && error.code === "ERR_JSON_INVALID";
}

export function isJsonUnserializableError(error: unknown): error is JsonUnserializableError {
  return isHoldfastError(error) && error.code === "ERR_JSON_UNSERIALIZABLE";
}
