import {
  absolute,
  invalidCombination,
  invalidType,
  readPath,
  requireCalls,
  type CallName,
  type FileSystem,
} from "@holdfast/fs/steps";
import { portOfRoot } from "@holdfast/lock/steps";
import { checkTarget } from "../target/check-target.ts";
import type { LogTarget } from "./options.ts";

/** Where a log is, for protocols. */
export interface LogFile {
  /** As the caller gave it, for errors. */
  readonly shown: string;
  /** The port by which it is reached: a root is one too. */
  readonly fileSystem: FileSystem | undefined;
  /** The path as that port takes it: absolute, or relative to the root. */
  readonly path: string;
  /** A root has no synchronous half. */
  readonly isInRoot: boolean;
}

/**
 * Checks where a log is, before any I/O.
 *
 * @param needs the calls that an injected file system must have
 */
export function logFileOf(
  op: string,
  target: LogTarget,
  half: "async" | "sync",
  fileSystem: FileSystem | undefined,
  needs: readonly CallName[] = [],
): LogFile {
  const file = locate(op, target, half, fileSystem);
  requireCalls(op, file.fileSystem, half, needs);
  return file;
}

function locate(
  op: string,
  target: LogTarget,
  half: "async" | "sync",
  fileSystem: FileSystem | undefined,
): LogFile {
  if (typeof target === "string" || target instanceof URL) {
    const shown = readPath(op, "target", target);
    return { shown, fileSystem, path: absolute(shown), isInRoot: false };
  }
  if (typeof target !== "object" || target === null || !("root" in target)) {
    throw invalidType(op, "target", "a path, a file: URL, or { root, path }", target);
  }
  checkTarget(op, target);
  const path = readPath(op, "target.path", target.path);
  if (fileSystem !== undefined) {
    throw invalidCombination(op, '"fileSystem" is the root itself for a path in a root');
  }
  if (half === "sync") throw noSynchronousForm(op);
  const promises: unknown = (target.root as { promises?: unknown } | null | undefined)?.promises;
  if (typeof promises !== "object" || promises === null) {
    throw invalidType(op, "target.root", "a Root of @holdfast/root", target.root);
  }
  return { shown: path, fileSystem: portOfRoot(promises), path, isInRoot: true };
}

/** The error for a synchronous call on a log in a root. */
export const noSynchronousForm = (op: string): Error =>
  invalidCombination(op, "a log in a root has no synchronous form");
