import { errorCodeEntry, type ErrorCode, type ErrorKind } from "./error-codes.ts";

/**
 * What a failed operation did to its target.
 *
 * - `"none"`: the target is what it was.
 * - `"complete"`: the change is in place (but may, say, not survive a power loss).
 * - `"partial"`: something in between; `leftovers` names what can help.
 * - `"unknown"`: it cannot be told from here.
 */
export type Effect = "none" | "complete" | "partial" | "unknown";

/** The fields of a {@link HoldfastError}. */
export interface HoldfastErrorFields {
  readonly code: ErrorCode | (string & {});
  readonly op: string;
  readonly path?: string | undefined;
  readonly dest?: string | undefined;
  readonly effect: Effect;
  readonly leftovers?: readonly string[];
  readonly syscall?: string | undefined;
  readonly errno?: number | undefined;
  readonly cause?: unknown;
  readonly suppressed?: readonly unknown[];
  readonly hint?: string | undefined;
  /** What is wrong, as a clause. Default: the meaning of the code. */
  readonly problem?: string | undefined;
  /** Further fields of the error, for what one code alone has. An excerpt is put below the message too. */
  readonly more?:
    | { readonly [field: string]: unknown; readonly excerpt?: string | undefined }
    | undefined;
}

// In the registry of symbols, so that copies of this package recognise each other's errors.
const brand: unique symbol = Symbol.for("@holdfast/fs.HoldfastError") as never;

const onDisk: { readonly [E in Effect]: string } = {
  none: "nothing was changed",
  complete: "the change is in place",
  partial: "the target is in between",
  unknown: "it is not known whether the target was changed",
};

/**
 * The one error class of Holdfast: what went wrong, and what is on disk now.
 *
 * `code` is an errno name (`"ENOSPC"`) when the operating system said no, and begins with `ERR_`
 * when we did. `effect` says what happened to the target; `leftovers` names files that could not be
 * cleaned up, or that were kept on purpose. The message holds paths, never file contents.
 */
export class HoldfastError extends Error {
  readonly code: string;
  readonly kind: ErrorKind;
  /** The public function that was called. */
  readonly op: string;
  /** The path as the caller gave it. */
  readonly path: string | undefined;
  /** The second path of a two-path call, as the caller gave it. */
  readonly dest: string | undefined;
  readonly effect: Effect;
  readonly leftovers: readonly string[];
  readonly syscall: string | undefined;
  readonly errno: number | undefined;
  /** Failures while cleaning up. They never replace the first one. */
  readonly suppressed: readonly unknown[];
  /** What to do about it, where that is known. */
  readonly hint: string | undefined;

  constructor(fields: HoldfastErrorFields) {
    super(message(fields), "cause" in fields ? { cause: fields.cause } : undefined);
    this.code = fields.code;
    this.kind = errorCodeEntry(fields.code)?.kind ?? "system";
    this.op = fields.op;
    this.path = fields.path;
    this.dest = fields.dest;
    this.effect = fields.effect;
    this.leftovers = fields.leftovers ?? [];
    this.syscall = fields.syscall;
    this.errno = fields.errno;
    this.suppressed = fields.suppressed ?? [];
    this.hint = fields.hint;
    Object.assign(this, fields.more);
    Object.defineProperty(this, brand, { value: true });
    // Everybody who handles cancellation looks for this name; Node's own fs uses it too.
    Object.defineProperty(this, "name", {
      value: fields.code === "ABORT_ERR" ? "AbortError" : "HoldfastError",
      configurable: true,
      writable: true,
    });
  }
}

/** Whether a value is a {@link HoldfastError}, also one of another copy of this package. */
export function isHoldfastError(value: unknown): value is HoldfastError {
  return typeof value === "object" && value !== null && brand in value;
}

function message(fields: HoldfastErrorFields): string {
  const where = [fields.path, fields.dest]
    .filter((path) => path !== undefined)
    .map(quotePath)
    .join(" -> ");
  const problem = fields.problem ?? errorCodeEntry(fields.code)?.meaning ?? "the call failed";
  const left = (fields.leftovers ?? []).map(quotePath).join(", ");
  return (
    `${fields.op}${where && ` ${where}`}: ${problem}; ${onDisk[fields.effect]}` +
    `${left && `; left behind: ${left}`} (${fields.code})${fields.hint ? `. ${fields.hint}` : ""}` +
    (fields.more?.excerpt ? `\n${fields.more.excerpt}` : "")
  );
}

/** A path fit for one line of a message or a log: in double quotes, control characters escaped. */
export function quotePath(path: string): string {
  return escapeControls(JSON.stringify(path));
}

/**
 * Escapes what would make a terminal or a log viewer do something: control characters (of which JSON
 * leaves DEL and the C1 set as they are), line separators and bidirectional overrides.
 */
export function escapeControls(text: string): string {
  return text.replace(
    // oxlint-disable-next-line no-control-regex -- they are what must not come through
    /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/**
 * Thrown inside a protocol when *we* say no. The public edge turns it into a `HoldfastError` and
 * adds what only the edge knows: the operation, the caller's path, the effect, the leftovers.
 */
export class Refusal {
  readonly code: ErrorCode;
  readonly details: RefusalDetails;

  constructor(code: ErrorCode, details: RefusalDetails = {}) {
    this.code = code;
    this.details = details;
  }
}

/** What may be said of a refusal. */
export interface RefusalDetails {
  readonly problem?: string;
  readonly hint?: string;
  readonly cause?: unknown;
  readonly more?: HoldfastErrorFields["more"];
}
