import { isAbsolute, sep } from "node:path";
import { fileURLToPath } from "node:url";
import {
  invalidRange,
  invalidType,
  Operation,
  Refusal,
  requireCalls,
  runAsync,
  runSync,
  type CallName,
  type Steps,
} from "@holdfast/fs/steps";
import { Liveness } from "./call/liveness.ts";
import { PathTurns } from "./call/path-turns.ts";
import { defaultPolicy, readPolicy } from "./call/policy.ts";
import { readRules, refuseUnknown } from "./call/read-rules.ts";
import type { RootCore } from "./call/root-core.ts";
import { makeRoot, makeRootSync } from "./make-root.ts";
import type { RootOptions, RootSyncOptions } from "./options.ts";
import type { Root } from "./root.ts";
import type { RootSync } from "./root-sync.ts";
import { answersFromMemory } from "./walk/answers-from-memory.ts";
import { openTop } from "./walk/choose-strategy.ts";

const needed: readonly CallName[] = [
  ...(["open", "close", "closeFlushed", "read", "write", "writeFile", "fstat"] as const),
  ...(["fchmod", "fchown", "futimes", "ftruncate", "fsync", "rename", "link", "unlink"] as const),
  ...(["symlink", "readlink", "mkdir", "rmdir", "readdir", "lstat", "stat", "access"] as const),
  ...(["lutimes", "chmod", "utimes"] as const),
];

const known: readonly string[] = [
  ...(["symlinks", "hardlinks", "maxReadBytes", "durable", "create", "crossMounts"] as const),
  ...(["require", "deny", "authorize", "audit", "offload", "fileSystem"] as const),
];

/**
 * Opens a directory as a {@link Root}: an object whose methods act inside it and nowhere else.
 *
 * The directory must exist. It is found now, through links if need be, and never looked up again where
 * `root.containment` is `"descriptor"`: renaming it later changes nothing, what is put in its place is
 * not it. Close the root when it is not needed any more; `await using` does.
 *
 * @param directory a path, or a `file:` URL; relative to the working directory
 * @throws `TypeError` or `RangeError` (`ERR_INVALID_ARG`) for bad options, before any I/O
 * @throws `HoldfastError`, effect `"none"`: `ENOENT`, `ENOTDIR`, `EACCES`, …; `ERR_UNSUPPORTED` where
 * `require` asks for more than is to be had here
 *
 * @example
 * ```ts
 * await using workspace = await openRoot("/srv/workspace");
 * await workspace.writeFile("notes/today.md", "hello", { create: true });
 * ```
 */
export async function openRoot(directory: string | URL, options: RootOptions = {}): Promise<Root> {
  const op = "openRoot";
  const { operation, steps } = prepare(op, directory, options, "async");
  return makeRoot(await runAsync(steps, operation));
}

/** As {@link openRoot}, for methods that do their work in one go on this thread. */
export function openRootSync(directory: string | URL, options: RootSyncOptions = {}): RootSync {
  const op = "openRootSync";
  const { operation, steps } = prepare(op, directory, options, "sync");
  return makeRootSync(runSync(steps, operation));
}

function prepare(
  op: string,
  directory: unknown,
  options: RootOptions,
  half: "async" | "sync",
): { operation: Operation; steps: Steps<RootCore> } {
  if (typeof options !== "object" || options === null) {
    throw invalidType(op, "options", "an object", options);
  }
  refuseUnknown(op, "", options, known);
  const { fileSystem, offload } = options;
  requireCalls(op, fileSystem, half, needed);
  const path = readDirectory(op, directory);
  // Not normalised: `link/..` is where the kernel says it is.
  const location = isAbsolute(path) ? path : process.cwd() + sep + path;
  const operation = new Operation({ op, path, fileSystem, offload });
  return { operation, steps: openCore(operation, location, options, half) };
}

function* openCore(
  operation: Operation,
  location: string,
  options: RootOptions,
  half: "async" | "sync",
): Steps<RootCore> {
  const { op } = operation;
  const policy = readPolicy(op, options, defaultPolicy);
  const least = readRequire(op, options.require);
  const rules = readRules(op, options, operation.platform);
  const opened = yield* openTop(operation, location);
  if (least === "descriptor" && opened.strategy.containment !== "descriptor") {
    throw new Refusal("ERR_UNSUPPORTED", {
      problem: 'containment "descriptor" is not available here',
      hint: "It needs Linux with a /proc of its own, or a file system of macOS with volume ids.",
    });
  }
  const opensFromMemory = yield* answersFromMemory(opened.top.path);
  const { fileSystem, offload } = options;
  const shared = { half, location, policy, fileSystem, offload };
  return {
    ...opened,
    opensFromMemory,
    ...shared,
    rules,
    liveness: new Liveness(),
    turns: new PathTurns(),
  };
}

function readRequire(op: string, value: unknown): "descriptor" | "identity" {
  if (value === undefined) return "identity";
  if (value === "descriptor" || value === "identity") return value;
  throw invalidType(op, "require", 'one of "descriptor", "identity"', value);
}

function readDirectory(op: string, value: unknown): string {
  const path = value instanceof URL ? fileURLToPath(value) : value;
  if (typeof path !== "string") throw invalidType(op, "directory", "a path or a file: URL", value);
  if (path === "" || path.includes("\0")) {
    throw invalidRange(op, "directory", "a path that is not empty and has no NUL", path);
  }
  return path;
}
