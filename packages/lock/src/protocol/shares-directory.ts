import {
  attempt,
  closeFlushed,
  currentUmask,
  errorCode,
  fchmod,
  fchown,
  type FileStats,
  fstat,
  type Handle,
  lstat,
  mkdir,
  open,
  openFlags,
  type Operation,
  permissionBits,
  quotePath,
  Refusal,
  stat,
  type Steps,
} from "@holdfast/fs/steps";
import { refusedName } from "./name-refusals.ts";
import type { OwnFile } from "./own-file.ts";

const readable = openFlags.readOnly | openFlags.directory | openFlags.noFollow;

/** Makes the directory of the shares, where it is missing; the caller holds the entry. */
export function* makeSharesDirectory(operation: Operation, file: OwnFile): Steps<void> {
  const { shares } = file.names;
  const made = yield* attempt(mkdir(shares, 0o777));
  if (!made.ok) {
    if (errorCode(made.error) === "EEXIST") return;
    throw yield* refusedName(made.error, shares, "made");
  }
  // It serves us as it is; whom it does not serve removes it while it is empty.
  if (operation.platform.modes) yield* attempt(openToOthers(operation, file));
}

/**
 * Gives it the permissions of the directory that it lies in: who may make the lock may also share it. The
 * umask is for files that hold something.
 */
function* openToOthers(operation: Operation, file: OwnFile): Steps<void> {
  const { directory, shares } = file.names;
  const above = yield* stat(directory);
  const left = yield* lstat(shares);
  if (permissionBits(left) === permissionBits(above) && left.gid === above.gid) return;
  const handle = yield* open(shares, readable);
  try {
    const made = yield* fstat(handle);
    if (!isNew(made, yield* file.lastWritten())) return;
    const group = yield* shareGroup(handle, made, above);
    const bits = (permissionBits(above) & 0o1707) | group | (permissionBits(made) & 0o2000);
    if (bits !== permissionBits(made)) yield* fchmod(handle, bits);
  } finally {
    yield* operation.cleanUp(closeFlushed(handle));
  }
}

/**
 * Whether it can only be what was just made. Others who may write there could have put one of our
 * directories in its place that is not for them.
 */
function isNew(made: FileStats, lastWritten: bigint): boolean {
  const left = 0o777 & ~currentUmask();
  return made.mtimeNs >= lastWritten && (permissionBits(made) & 0o777) === left;
}

/** The bits for its group: those of the group above only if it is the same one. */
function* shareGroup(handle: Handle, made: FileStats, above: FileStats): Steps<number> {
  const same =
    made.gid === above.gid ||
    (yield* attempt(fchown(handle, Number(made.uid), Number(above.gid)))).ok;
  const bits = permissionBits(above);
  return same ? bits & 0o070 : (bits & 0o007) << 3;
}

/** What to throw if shares cannot be listed or made. */
export function* sharesRefusal(error: unknown, path: string): Steps<unknown> {
  if (errorCode(error) === "ENOTDIR") {
    const found = yield* attempt(lstat(path));
    if (found.ok && !found.value.isDirectory()) return notADirectory(path, error);
  }
  return yield* refusedName(error, path, "used");
}

function notADirectory(path: string, cause: unknown): Refusal {
  return new Refusal("ERR_NOT_FILE", {
    problem: `${quotePath(path)}, where those are who share the lock, is not a directory`,
    hint: "Something else put it there; if nobody needs it, remove it.",
    cause,
  });
}
