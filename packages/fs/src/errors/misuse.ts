import { isBuiltIn } from "../node/node-fs.ts";
import { platforms } from "../platform/platform.ts";
import type { FileSystem } from "../port.ts";
import type { CallName } from "../steps/step.ts";

/** An error of the caller: the type that Node would throw, with our code. */
export type InvalidArgumentError = (TypeError | RangeError) & { readonly code: "ERR_INVALID_ARG" };

function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === "string") return value.length > 40 ? "a long string" : JSON.stringify(value);
  if (typeof value === "function") return "a function";
  if (typeof value === "object") {
    return Array.isArray(value) ? "an array" : `an object (${value.constructor?.name ?? "bare"})`;
  }
  return `${typeof value} ${String(value as number | bigint | boolean | symbol)}`;
}

function build(
  Kind: new (message: string) => TypeError | RangeError,
  text: string,
): InvalidArgumentError {
  return Object.assign(new Kind(text), { code: "ERR_INVALID_ARG" as const });
}

/** A value of the wrong type: `replaceFileAtomic: "mode" must be an integer; got string "x"`. */
export function invalidType(
  op: string,
  name: string,
  expected: string,
  value: unknown,
): InvalidArgumentError {
  return build(
    TypeError,
    `${op}: "${name}" must be ${expected}; got ${describe(value)} (ERR_INVALID_ARG)`,
  );
}

/** A value of the right type that is out of range. */
export function invalidRange(
  op: string,
  name: string,
  expected: string,
  value: unknown,
): InvalidArgumentError {
  return build(
    RangeError,
    `${op}: "${name}" must be ${expected}; got ${describe(value)} (ERR_INVALID_ARG)`,
  );
}

/** Arguments that are right by themselves but not together. */
export function invalidCombination(op: string, problem: string): InvalidArgumentError {
  return build(TypeError, `${op}: ${problem} (ERR_INVALID_ARG)`);
}

// In the asynchronous half these are methods of the handle that `open` returns; `open` vouches.
const onHandle: ReadonlySet<string> = new Set<CallName>([
  ...(["close", "read", "write", "fstat", "fchmod", "fchown"] as const),
  ...(["futimes", "ftruncate", "fsync", "fdatasync"] as const),
]);

/** The method of `node:fs` that answers a call: `close` for `closeFlushed`, `lstat` for `nodeLstat`. */
function methodOf(name: CallName): string {
  if (name === "fileSystemType") return "statfs";
  const plain = name.replace(/^node(.)/, (_, first: string) => first.toLowerCase());
  return plain.replace(/(?:Flushed|Held)$/, "");
}

/**
 * Checks before any I/O that an injected file system has every method that an operation may need.
 *
 * @throws `TypeError` (`ERR_INVALID_ARG`) that names the missing method.
 */
export function requireCalls(
  op: string,
  fileSystem: FileSystem | undefined,
  half: "async" | "sync",
  names: readonly CallName[],
): void {
  if (fileSystem === undefined || isBuiltIn(fileSystem)) return;
  if (typeof fileSystem !== "object" || fileSystem === null) {
    throw invalidType(op, "fileSystem", "an object like node:fs", fileSystem);
  }
  if (fileSystem.platform !== undefined && !Object.hasOwn(platforms, fileSystem.platform)) {
    throw invalidType(
      op,
      "fileSystem.platform",
      `one of ${Object.keys(platforms).join(", ")}`,
      fileSystem.platform,
    );
  }
  for (const name of names) {
    const base = methodOf(name);
    const method = half === "sync" ? `${base}Sync` : onHandle.has(base) ? "open" : base;
    const owner = half === "sync" ? fileSystem : fileSystem.promises;
    if (typeof (owner as Record<string, unknown> | undefined)?.[method] !== "function") {
      const where = half === "sync" ? "fileSystem" : "fileSystem.promises";
      throw invalidCombination(op, `"${where}.${method}" is needed and is not a function`);
    }
  }
}
