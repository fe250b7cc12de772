import {
  attempt,
  close,
  type FileSystem,
  fdatasync,
  fchmod,
  fstat,
  fsync,
  ftruncate,
  futimes,
  type Handle,
  isHoldfastError,
  lstat,
  openFlags,
  Operation,
  read,
  Refusal,
  runSync,
  sameIdentity,
  type Steps,
  writeAll,
} from "@holdfast/fs/steps";

const byPath = [
  ...(["access", "chmod", "link", "lstat", "mkdir", "open", "readdir", "readlink"] as const),
  ...(["rename", "rmdir", "stat", "symlink", "unlink", "utimes"] as const),
];

/**
 * A `RootSync` as the synchronous half of a file system: its methods for what goes by path, Node's for the
 * descriptors that its `openSync` returns.
 */
export function syncRootPort(root: Readonly<Record<string, unknown>>): FileSystem {
  const port: Record<string, unknown> = { ...ofDescriptors };
  for (const name of byPath) {
    const method = root[`${name}Sync`] as (...args: unknown[]) => unknown;
    port[`${name}Sync`] = method.bind(root);
  }
  const openSync = port["openSync"] as (...args: unknown[]) => number;
  let checked = false;
  port["openSync"] = (...args: unknown[]): number => {
    if (!checked) requireNodeDescriptors(openSync, port as FileSystem);
    checked = true;
    return openSync(...args);
  };
  return port as FileSystem;
}

/** Calls of Node's own file system that were made of an open descriptor. */
const ofDescriptors: FileSystem = {
  closeSync: (fd) => onDescriptor(fd, close),
  readSync: (fd, buffer, offset, length, position) =>
    onDescriptor(fd, (handle) => read(handle, buffer.subarray(offset, offset + length), position)),
  writeSync: (fd, buffer, offset, length, position) => {
    onDescriptor(fd, (handle) =>
      writeAll(handle, buffer.subarray(offset, offset + length), position),
    );
    return length;
  },
  fstatSync: (fd) => onDescriptor(fd, fstat),
  fchmodSync: (fd, mode) => onDescriptor(fd, (handle) => fchmod(handle, mode)),
  futimesSync: (fd, atime, mtime) => onDescriptor(fd, (handle) => futimes(handle, atime, mtime)),
  ftruncateSync: (fd, length) => onDescriptor(fd, (handle) => ftruncate(handle, length)),
  fsyncSync: (fd) => onDescriptor(fd, fsync),
  fdatasyncSync: (fd) => onDescriptor(fd, fdatasync),
};

function onDescriptor<T>(fd: number, steps: (handle: Handle) => Steps<T>): T {
  const operation = new Operation({ op: "RootSync" });
  try {
    return runSync(steps(fd as unknown as Handle), operation);
  } catch (error) {
    // The operation around this call makes the public error of what Node threw.
    throw isHoldfastError(error) ? (error.cause ?? error) : error;
  }
}

/**
 * A root over an injected file system gives numbers that are no descriptors of this process, or, by
 * chance, are those of other files: what is done with them would hit those.
 */
function requireNodeDescriptors(
  openSync: (path: string, flags: number) => number,
  port: FileSystem,
): void {
  const fd = openSync(".", openFlags.readOnly | openFlags.directory);
  const operation = new Operation({ op: "RootSync", fileSystem: port });
  const same = runSync(isTheRoot(fd), operation);
  if (same) return ofDescriptors.closeSync!(fd);
  throw new Refusal("ERR_UNSUPPORTED", {
    problem: "a RootSync over an injected file system has no descriptors that could be read",
    hint: "Use a Root, or give the file system itself.",
  });
}

function* isTheRoot(fd: number): Steps<boolean> {
  const open = yield* attempt(fstat(fd as unknown as Handle));
  const named = yield* attempt(lstat("."));
  return open.ok && named.ok && sameIdentity(open.value, named.value) === true;
}
