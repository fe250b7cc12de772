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
  | "ERR_SYMLINK"
  | "ERR_TOO_LARGE"
  | "ERR_UNSUPPORTED";

/**
 * Every code that a `HoldfastError` can carry. Failures of the operating system keep their errno
 * name (the ones not listed here too); refusals and states begin with `ERR_`. The two never overlap.
 */
export const errorCodes: Readonly<Record<ErrorCode, ErrorCodeEntry>> = {
  EACCES: { kind: "system", retryable: false, meaning: "permission denied" },
  EAGAIN: { kind: "system", retryable: true, meaning: "the resource is busy for the moment" },
  EBADF: {
    kind: "system",
    retryable: false,
    meaning: "the descriptor is not open, or not open for this",
  },
  EBUSY: { kind: "system", retryable: true, meaning: "the file or directory is in use" },
  EDQUOT: { kind: "system", retryable: false, meaning: "the disk quota is used up" },
  EEXIST: { kind: "system", retryable: false, meaning: "something of that name exists already" },
  EFBIG: { kind: "system", retryable: false, meaning: "the file would be larger than allowed" },
  EINTR: { kind: "system", retryable: true, meaning: "the call was interrupted" },
  EINVAL: { kind: "system", retryable: false, meaning: "the file system does not accept this" },
  EIO: { kind: "system", retryable: false, meaning: "the device failed to read or write" },
  EISDIR: { kind: "system", retryable: false, meaning: "it is a directory" },
  ELOOP: { kind: "system", retryable: false, meaning: "too many symbolic links" },
  EMFILE: { kind: "system", retryable: true, meaning: "this process has too many files open" },
  EMLINK: { kind: "system", retryable: false, meaning: "the file has too many names" },
  ENAMETOOLONG: { kind: "system", retryable: false, meaning: "the name or the path is too long" },
  ENFILE: { kind: "system", retryable: true, meaning: "the system has too many files open" },
  ENODEV: { kind: "system", retryable: false, meaning: "there is no such device" },
  ENOENT: { kind: "system", retryable: false, meaning: "no such file or directory" },
  ENOMEM: { kind: "system", retryable: true, meaning: "out of memory" },
  ENOSPC: { kind: "system", retryable: false, meaning: "no space is left on the device" },
  ENOSYS: { kind: "system", retryable: false, meaning: "the system does not have this call" },
  ENOTDIR: { kind: "system", retryable: false, meaning: "a part of the path is not a directory" },
  ENOTEMPTY: { kind: "system", retryable: false, meaning: "the directory is not empty" },
  ENOTSUP: { kind: "system", retryable: false, meaning: "the file system does not support this" },
  ENXIO: {
    kind: "system",
    retryable: false,
    meaning: "no such device, or nobody is at the other end",
  },
  EOPNOTSUPP: {
    kind: "system",
    retryable: false,
    meaning: "the file system does not support this",
  },
  EPERM: { kind: "system", retryable: false, meaning: "the operation is not permitted" },
  EROFS: { kind: "system", retryable: false, meaning: "the file system is read-only" },
  ESTALE: { kind: "system", retryable: false, meaning: "the network file handle is stale" },
  ETIMEDOUT: { kind: "system", retryable: true, meaning: "the file server did not answer in time" },
  ETXTBSY: { kind: "system", retryable: false, meaning: "the program file is running" },
  EXDEV: {
    kind: "system",
    retryable: false,
    meaning: "source and destination are on different devices",
  },
  UNKNOWN: {
    kind: "system",
    retryable: false,
    meaning: "the file system failed with something that is not an errno",
  },

  ABORT_ERR: {
    kind: "state",
    retryable: false,
    meaning: "the operation was aborted by its signal",
  },
  ERR_CHANGED: {
    kind: "state",
    retryable: true,
    meaning: "the file is not what it was expected to be",
  },
  ERR_CLOSED: {
    kind: "state",
    retryable: false,
    meaning: "it was closed, committed or discarded before",
  },
  ERR_CONTENT_SOURCE: {
    kind: "state",
    retryable: false,
    meaning: "the source of the content failed",
  },
  ERR_IN_PROGRESS: {
    kind: "state",
    retryable: true,
    meaning: "somebody else is doing the same at this moment",
  },
  ERR_JSON_INVALID: {
    kind: "state",
    retryable: false,
    meaning: "the JSON value is not what the schema asks for",
  },
  ERR_JSON_SYNTAX: { kind: "state", retryable: false, meaning: "it is not valid JSON" },
  ERR_JSON_VERSION: {
    kind: "state",
    retryable: false,
    meaning: "the document has a version that this program does not know",
  },
  ERR_LOCK_LOST: { kind: "state", retryable: false, meaning: "the lock is not held any more" },
  ERR_LOCK_TIMEOUT: {
    kind: "state",
    retryable: true,
    meaning: "the lock did not become free in time",
  },
  ERR_POISONED: {
    kind: "state",
    retryable: false,
    meaning: "an earlier flush failed, and what is on the device is not known",
  },
  ERR_NO_PROGRESS: {
    kind: "state",
    retryable: false,
    meaning: "the file system accepted a call and did nothing",
  },
  ERR_RECOVERY: {
    kind: "state",
    retryable: false,
    meaning: "what a crash left behind does not explain itself",
  },

  ERR_DENIED: { kind: "refused", retryable: false, meaning: "a rule of the root forbids it" },
  ERR_HARDLINK: { kind: "refused", retryable: false, meaning: "the file has other names too" },
  ERR_HOOK: { kind: "refused", retryable: false, meaning: "a function given by the caller threw" },
  ERR_INSIDE_SOURCE: {
    kind: "refused",
    retryable: false,
    meaning: "the destination lies inside the source",
  },
  ERR_INVALID_ARG: {
    kind: "refused",
    retryable: false,
    meaning: "an argument is missing, of the wrong type or out of range",
  },
  ERR_JSON_UNSERIALIZABLE: {
    kind: "refused",
    retryable: false,
    meaning: "the value has no form in JSON",
  },
  ERR_LOCK_HELD: {
    kind: "refused",
    retryable: false,
    meaning: "whoever asks for the lock holds it already",
  },
  ERR_NOT_FILE: {
    kind: "refused",
    retryable: false,
    meaning: "it is neither a regular file nor a directory",
  },
  ERR_OTHER_MOUNT: { kind: "refused", retryable: false, meaning: "it is on another mount" },
  ERR_OWNERSHIP: {
    kind: "refused",
    retryable: false,
    meaning: "the owner or group of the file would change",
  },
  ERR_PATH_ESCAPES: {
    kind: "refused",
    retryable: false,
    meaning: "the path leads out of the root",
  },
  ERR_PATH_INVALID: {
    kind: "refused",
    retryable: false,
    meaning: "the path is not one that a root takes",
  },
  ERR_SYMLINK: { kind: "refused", retryable: false, meaning: "it is a symbolic link" },
  ERR_TOO_LARGE: { kind: "refused", retryable: false, meaning: "it is more than was allowed" },
  ERR_UNSUPPORTED: {
    kind: "refused",
    retryable: false,
    meaning: "what was asked for is not available here",
  },
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
