/** The platforms that differ in a way that a protocol must know of. */
export type PlatformName = "linux" | "darwin" | "win32" | "other";

/**
 * What a protocol needs to know of a platform, as values: so that the branch for every platform is
 * compiled and tested on every platform.
 */
export interface PlatformFacts {
  readonly name: PlatformName;
  /** Which failures of `rename` may pass by themselves, and how long waiting is worth while. */
  readonly rename: {
    readonly retryOn: ReadonlySet<string>;
    readonly maxRetries: number;
    /** First delay in milliseconds; each further one is twice as long, with jitter. */
    readonly baseDelayMs: number;
    readonly maxDelayMs: number;
    /** Whether the staged file may still be open while it is renamed. */
    readonly sourceMayBeOpen: boolean;
  };
  readonly directorySync: {
    /** Whether a directory can be opened and flushed at all. */
    readonly possible: boolean;
    /** Failures of that flush that mean "this file system has no such thing", not "data lost". */
    readonly unsupported: ReadonlySet<string>;
  };
  /** Whether permission bits and owners mean anything beyond "read-only". */
  readonly modes: boolean;
  readonly owners: boolean;
  /** Whether two names that differ in case only are usually one file. */
  readonly foldsCase: boolean;
  /** Base names, without extension and in upper case, that open a device instead of a file. */
  readonly reservedNames: ReadonlySet<string>;
  /** The characters between the names of a path. */
  readonly separators: "/" | "\\/";
  /** How a directory that is held open can be used as the start of a path. */
  readonly pinning: "proc-self-fd" | "volume-id" | "none";
}

const none: ReadonlySet<string> = new Set();

// On Windows a virus scanner, an indexer or a reader without FILE_SHARE_DELETE holds the target for a
// moment, and MoveFileEx fails with one of these.
const mayPassOnWindows = new Set(["EPERM", "EACCES", "EBUSY"]);
// Elsewhere these seldom pass, and nothing waits for that unless the caller asks. EBUSY is a mount
// point there, and stays one.
const mayPass = new Set(["EPERM", "EACCES"]);

// POSIX lets fsync(2) fail with EINVAL for "special files that do not support synchronization"; the
// others were met on FUSE, SMB and old network file systems.
const unsupportedDirectorySync = new Set(["EINVAL", "ENOTSUP", "EOPNOTSUPP", "EISDIR", "EBADF"]);

const posix = {
  rename: {
    retryOn: mayPass,
    maxRetries: 0,
    baseDelayMs: 20,
    maxDelayMs: 200,
    sourceMayBeOpen: true,
  },
  directorySync: { possible: true, unsupported: unsupportedDirectorySync },
  modes: true,
  owners: true,
  foldsCase: false,
  reservedNames: none,
  separators: "/",
} as const;

const digits = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "¹", "²", "³"];
const reservedOnWindows = ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"].concat(
  digits.map((digit) => `COM${digit}`),
  digits.map((digit) => `LPT${digit}`),
);

/** The platform table. */
export const platforms: { readonly [Name in PlatformName]: PlatformFacts } = {
  linux: { ...posix, name: "linux", pinning: "proc-self-fd" },
  darwin: { ...posix, name: "darwin", foldsCase: true, pinning: "volume-id" },
  other: { ...posix, name: "other", pinning: "none" },
  win32: {
    name: "win32",
    rename: {
      retryOn: mayPassOnWindows,
      maxRetries: 14, // 20, 40, 80, 160, then 200 ms each: about 2 s in all
      baseDelayMs: 20,
      maxDelayMs: 200,
      sourceMayBeOpen: false,
    },
    directorySync: {
      possible: false, // FlushFileBuffers wants a handle opened for writing; a directory has none
      unsupported: new Set([...unsupportedDirectorySync, "EPERM", "EACCES"]),
    },
    modes: false,
    owners: false,
    foldsCase: true,
    reservedNames: new Set(reservedOnWindows),
    separators: "\\/",
    pinning: "none",
  },
};

/** The facts of the platform that this program runs on: the only reader of `process.platform`. */
export const currentPlatform: PlatformFacts =
  process.platform === "linux" || process.platform === "darwin" || process.platform === "win32"
    ? platforms[process.platform]
    : platforms.other;
