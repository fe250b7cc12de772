import {
  attempt,
  copyFile,
  errorCode,
  nodeConstants,
  type Operation,
  type Steps,
} from "@holdfast/fs/steps";
import type { ByteSource } from "./object-store.ts";

/**
 * Below this a copy is as fast: a clone takes calls of its own, and its metadata as much of the device as a few
 * blocks would.
 */
const smallestClone = 1024 * 1024;

/** The two file systems cannot share blocks, and that will not change. */
const impossible: ReadonlySet<string> = new Set([
  "EOPNOTSUPP",
  "ENOTSUP",
  "ENOSYS",
  "ENOTTY",
  "EXDEV",
  "EINVAL",
]);

/** Shares blocks of a source where that can be done. */
export class Cloner {
  /** Devices whose files cannot be cloned into this store. */
  private readonly without = new Set<string>();

  /** Whether it was done: then the staged file has all bytes. If not, nothing is there. */
  *clone(operation: Operation, source: ByteSource, staged: string): Steps<boolean> {
    const { clonePath, device = "", size = 0 } = source;
    // A descriptor of an injected file system is not one of this process.
    if (clonePath === undefined || operation.injected) return false;
    if (size < smallestClone || this.without.has(device)) return false;
    const mode = nodeConstants.COPYFILE_FICLONE_FORCE | nodeConstants.COPYFILE_EXCL;
    const cloned = yield* attempt(copyFile(clonePath, staged, mode));
    // Whatever the reason: copying finds out by itself whether it is a lasting one.
    if (!cloned.ok && impossible.has(errorCode(cloned.error) ?? "")) this.without.add(device);
    return cloned.ok;
  }
}
