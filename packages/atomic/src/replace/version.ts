import { createHash } from "node:crypto";
import {
  attempt,
  closeFlushed,
  errorCode,
  fstat,
  open,
  openFlags,
  read,
  Refusal,
  sameIdentity,
  type FileStats,
  type Operation,
  type Steps,
} from "@holdfast/fs/steps";
import type { IfMatch } from "./options.ts";

/**
 * Names a state of a file. The change time is in it because an inode number is used again soon after
 * its file is gone; it is set by the kernel alone.
 */
export function versionOf(stats: FileStats): string {
  const { dev, ino, size, mtimeNs, ctimeNs } = stats;
  return [dev, ino, size, mtimeNs, ctimeNs].map((part) => part.toString(36)).join("-");
}

/** The cheap part of `ifMatch`, by what `lstat` said: fails early, before anything is written. */
export function checkStats(ifMatch: IfMatch | undefined, existing: FileStats | undefined): void {
  if (ifMatch === undefined) return;
  if (typeof ifMatch === "string") {
    if (existing === undefined || versionOf(existing) !== ifMatch) throw changed();
  } else if ("absent" in ifMatch ? existing !== undefined : existing === undefined) {
    throw changed();
  }
}

/** The whole of `ifMatch`. */
export function* checkContent(
  operation: Operation,
  ifMatch: IfMatch | undefined,
  existing: FileStats | undefined,
  path: string,
): Steps<void> {
  checkStats(ifMatch, existing);
  if (typeof ifMatch !== "object" || !("sha256" in ifMatch) || existing === undefined) return;
  if ((yield* digest(operation, path, existing)) !== ifMatch.sha256) throw changed();
}

const changed = (): Refusal =>
  new Refusal("ERR_CHANGED", { hint: "Read the file again and decide anew." });

/** SHA-256 of a file, provided that it is still the one seen. */
function* digest(operation: Operation, path: string, seen: FileStats): Steps<string | undefined> {
  const flags = openFlags.readOnly | openFlags.noFollow | openFlags.nonBlocking;
  const opened = yield* attempt(open(path, flags));
  if (!opened.ok) {
    const code = errorCode(opened.error);
    if (code === "ENOENT" || code === "ELOOP") return undefined;
    throw opened.error;
  }
  const handle = opened.value;
  try {
    const stats = yield* fstat(handle);
    if (!stats.isFile() || sameIdentity(stats, seen) === false) return undefined;
    const hash = createHash("sha256");
    const buffer = Buffer.allocUnsafe(256 * 1024);
    for (;;) {
      const length = yield* read(handle, buffer);
      if (length === 0) return hash.digest("hex");
      hash.update(buffer.subarray(0, length));
    }
  } finally {
    yield* operation.cleanUp(closeFlushed(handle));
  }
}
