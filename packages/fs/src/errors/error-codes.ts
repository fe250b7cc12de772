import { constants } from "node:os";

/** Who said no: the operating system, a policy of ours, or the state of an object. */
export type ErrorKind = "system" | "refused" | "state";

/** What one code means. */
export interface ErrorCodeEntry {
  readonly kind: ErrorKind;
  /** Whether the same call may succeed later without anybody changing anything. */
  readonly retryable: boolean;
  /** One clause, fit to stand in a sentence. */
  readonly meaning: string;
}

/** A code of the table. */
export type ErrorCode =
  | "EACCES"
  | "EAGAIN"
  | "EBADF"
  | "EBUSY"
  | "EDQUOT"
  | "EEXIST"
  | "EFBIG"
  | "EINTR"
  | "EINVAL"
  | "EIO"
  | "EISDIR"
  | "ELOOP"
  | "EMFILE"
  | "EMLINK"
  | "ENAMETOOLONG"
  | "ENFILE"
  | "ENODEV"
  | "ENOENT"
  | "ENOMEM"
  | "ENOSPC"
  | "ENOSYS"
  | "ENOTDIR"
  | "ENOTEMPTY"
  | "ENOTSUP"
  | "ENXIO"
  | "EOPNOTSUPP"
  | "EPERM"
  | "EROFS"
  | "ESTALE"
  | "ETIMEDOUT"
  | "ETXTBSY"
  | "EXDEV"
  | "UNKNOWN"
  | "ABORT_ERR"
  | "ERR_CHANGED"
  | "ERR_CHECKPOINT_DAMAGED"
  | "ERR_CHECKPOINT_UNKNOWN"
  | "ERR_CLOSED"
  | "ERR_CONTENT_SOURCE"
  | "ERR_DENIED"
  | "ERR_IN_PROGRESS"
  | "ERR_NO_PROGRESS"
  | "ERR_RECOVERY"
  | "ERR_HARDLINK"
  | "ERR_HOOK"
  | "ERR_INSIDE_SOURCE"
  | "ERR_INVALID_ARG"
  | "ERR_JSON_INVALID"
  | "ERR_JSON_SYNTAX"
  | "ERR_JSON_UNSERIALIZABLE"
  | "ERR_JSON_VERSION"
  | "ERR_LOCK_HELD"
  | "ERR_LOCK_LOST"
  | "ERR_LOCK_TIMEOUT"
  | "ERR_NOT_FILE"
  | "ERR_OTHER_MOUNT"
  | "ERR_OWNERSHIP"
  | "ERR_PATH_ESCAPES"
  | "ERR_PATH_INVALID"
  | "ERR_POISONED"
  | "ERR_RESTORE_PENDING"
  | "ERR_SYMLINK"
  | "ERR_TOO_LARGE"
  | "ERR_UNSUPPORTED";

const entry =
  (kind: ErrorKind) =>
  (meaning: string, retryable = false): ErrorCodeEntry => ({ kind, retryable, meaning });
const system = entry("system");
const state = entry("state");
const refused = entry("refused");
const retryable = true;

/**
 * Every code that a `HoldfastError` can carry. Failures of the operating system keep their errno
 * name (the ones not listed here too); refusals and states begin with `ERR_`. The two never overlap.
 */
export const errorCodes: Readonly<Record<ErrorCode, ErrorCodeEntry>> = {
  EACCES: system("permission denied"),
  EAGAIN: system("the resource is busy for the moment", retryable),
  EBADF: system("the descriptor is not open, or not open for this"),
  EBUSY: system("the file or directory is in use", retryable),
  EDQUOT: system("the disk quota is used up"),
  EEXIST: system("something of that name exists already"),
  EFBIG: system("the file would be larger than allowed"),
  EINTR: system("the call was interrupted", retryable),
  EINVAL: system("the file system does not accept this"),
  EIO: system("the device failed to read or write"),
  EISDIR: system("it is a directory"),
  ELOOP: system("too many symbolic links"),
  EMFILE: system("this process has too many files open", retryable),
  EMLINK: system("the file has too many names"),
  ENAMETOOLONG: system("the name or the path is too long"),
  ENFILE: system("the system has too many files open", retryable),
  ENODEV: system("there is no such device"),
  ENOENT: system("no such file or directory"),
  ENOMEM: system("out of memory", retryable),
  ENOSPC: system("no space is left on the device"),
  ENOSYS: system("the system does not have this call"),
  ENOTDIR: system("a part of the path is not a directory"),
  ENOTEMPTY: system("the directory is not empty"),
  ENOTSUP: system("the file system does not support this"),
  ENXIO: system("no such device, or nobody is at the other end"),
  EOPNOTSUPP: system("the file system does not support this"),
  EPERM: system("the operation is not permitted"),
  EROFS: system("the file system is read-only"),
  ESTALE: system("the network file handle is stale"),
  ETIMEDOUT: system("the file server did not answer in time", retryable),
  ETXTBSY: system("the program file is running"),
  EXDEV: system("source and destination are on different devices"),
  UNKNOWN: system("the file system failed with something that is not an errno"),

  ABORT_ERR: state("the operation was aborted by its signal"),
  ERR_CHANGED: state("the file is not what it was expected to be", retryable),
  ERR_CHECKPOINT_DAMAGED: state("bytes or records that are needed are missing or damaged"),
  ERR_CLOSED: state("it was closed, committed or discarded before"),
  ERR_CONTENT_SOURCE: state("the source of the content failed"),
  ERR_IN_PROGRESS: state("somebody else is doing the same at this moment", retryable),
  ERR_JSON_INVALID: state("the JSON value is not what the schema asks for"),
  ERR_JSON_SYNTAX: state("it is not valid JSON"),
  ERR_JSON_VERSION: state("the document has a version that this program does not know"),
  ERR_LOCK_LOST: state("the lock is not held any more"),
  ERR_LOCK_TIMEOUT: state("the lock did not become free in time", retryable),
  ERR_NO_PROGRESS: state("the file system accepted a call and did nothing"),
  ERR_POISONED: state("an earlier flush failed, and what is on the device is not known"),
  ERR_RECOVERY: state("what a crash left behind does not explain itself"),
  ERR_RESTORE_PENDING: state("a restore was interrupted: finish it or take it back first"),

  ERR_CHECKPOINT_UNKNOWN: refused("there is no such snapshot or restore"),
  ERR_DENIED: refused("a rule of the root forbids it"),
  ERR_HARDLINK: refused("the file has other names too"),
  ERR_HOOK: refused("a function given by the caller threw"),
  ERR_INSIDE_SOURCE: refused("the destination lies inside the source"),
  ERR_INVALID_ARG: refused("an argument is missing, of the wrong type or out of range"),
  ERR_JSON_UNSERIALIZABLE: refused("the value has no form in JSON"),
  ERR_LOCK_HELD: refused("whoever asks for the lock holds it already"),
  ERR_NOT_FILE: refused("it is neither a regular file nor a directory"),
  ERR_OTHER_MOUNT: refused("it is on another mount"),
  ERR_OWNERSHIP: refused("the owner or group of the file would change"),
  ERR_PATH_ESCAPES: refused("the path leads out of the root"),
  ERR_PATH_INVALID: refused("the path is not one that a root takes"),
  ERR_SYMLINK: refused("it is a symbolic link"),
  ERR_TOO_LARGE: refused("it is more than was allowed"),
  ERR_UNSUPPORTED: refused("what was asked for is not available here"),
};

/** The entry of a code, or `undefined` for an errno that the table does not list. */
export function errorCodeEntry(code: string): ErrorCodeEntry | undefined {
  return Object.hasOwn(errorCodes, code) ? errorCodes[code as ErrorCode] : undefined;
}

/** Errnos by number: libuv has no name for some that the system has (`EDQUOT`, `ESTALE`). */
const errnoNames = new Map(Object.entries(constants.errno).map(([name, number]) => [number, name]));

/** The `code` of an error, if it has one that is a string. */
export function errorCode(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  const { code } = error as { code?: unknown };
  if (typeof code !== "string") return undefined;
  const unnamed = /^Unknown system error -(\d+)$/.exec(code);
  return unnamed === null ? code : (errnoNames.get(Number(unnamed[1])) ?? code);
}

const oneOf = (...codes: string[]): ((error: unknown) => boolean) => {
  const set = new Set(codes);
  return (error) => {
    const code = errorCode(error);
    return code !== undefined && set.has(code);
  };
};

/** The name does not exist (`ENOENT`). A file where a directory was expected is not that. */
export const isNotFound: (error: unknown) => boolean = oneOf("ENOENT");
/** The name exists already (`EEXIST`). */
export const isAlreadyExists: (error: unknown) => boolean = oneOf("EEXIST");
/** Source and destination are on different devices (`EXDEV`). */
export const isCrossDevice: (error: unknown) => boolean = oneOf("EXDEV");
/** The caller may not do this (`EACCES`, `EPERM`). */
export const isPermissionDenied: (error: unknown) => boolean = oneOf("EACCES", "EPERM");
/** Space or quota is used up (`ENOSPC`, `EDQUOT`). */
export const isOutOfSpace: (error: unknown) => boolean = oneOf("ENOSPC", "EDQUOT");
/** The file system is read-only (`EROFS`). */
export const isReadOnly: (error: unknown) => boolean = oneOf("EROFS");
/** Too many open files, here or in the whole system (`EMFILE`, `ENFILE`). */
export const isTooManyOpenFiles: (error: unknown) => boolean = oneOf("EMFILE", "ENFILE");
/** The file system or the system cannot do this at all (`ENOTSUP`, `EOPNOTSUPP`, `ENOSYS`). */
export const isUnsupported: (error: unknown) => boolean = oneOf("ENOTSUP", "EOPNOTSUPP", "ENOSYS");
