import { createHash } from "node:crypto";
import {
  attempt,
  directoryOf,
  errorCode,
  joinName,
  lstat,
  nameOf,
  type Operation,
  Refusal,
  resolveLink,
  type Steps,
} from "@holdfast/fs/steps";

/** The names that a lock uses, all in the directory of its target. */
export interface LockNames {
  /** The lock itself: who has made this name holds it. */
  readonly entry: string;
  readonly directory: string;
  /** A directory: a file in it for each who shares. */
  readonly shares: string;
}

/** What tells one acquisition from all others, ever: 128 random bits. */
export const noncePattern: RegExp = /^[0-9a-f]{32}$/;

/** NAME_MAX of every file system in common use (pathconf(3)). */
const longestName = 255;
const longestSuffix = ".lock.".length + 32 + ".claim".length;

/** The names for a target; a link is followed, so that all names of a file have one lock. */
export function* findLockNames(operation: Operation, target: string): Steps<LockNames> {
  const found = yield* attempt(lstat(target));
  if (!found.ok && errorCode(found.error) !== "ENOENT") throw found.error;
  const isLink = found.ok && found.value.isSymbolicLink();
  const path = isLink ? yield* resolveLink(target) : target;
  const name = nameOf(path);
  if (["", ".", ".."].includes(name)) {
    throw new Refusal("ERR_SYMLINK", {
      problem: "a symbolic link leads to a path that does not end in a name",
    });
  }
  const directory = directoryOf(path);
  const entry = joinName(directory, `${fitting(operation, name)}.lock`);
  return { entry, directory, shares: `${entry}.shared` };
}

/** The name, or one made from it where the names of the lock would become too long. */
function fitting(operation: Operation, name: string): string {
  if (Buffer.byteLength(name) + longestSuffix <= longestName) return name;
  const one = operation.platform.foldsCase ? name.normalize().toLowerCase() : name;
  return createHash("sha256").update(one).digest("hex").slice(0, 40);
}

/** Where a file is written before it gets its real name. */
export function privateName(names: LockNames, nonce: string): string {
  return `${names.entry}.${nonce}.tmp`;
}

/** The right to remove what carries a nonce, or another identity. */
export function claimName(names: LockNames, identity: string): string {
  return `${names.entry}.${identity}.claim`;
}

export function shareName(names: LockNames, nonce: string): string {
  return joinName(names.shares, nonce);
}
