import { Buffer } from "node:buffer";
import {
  attempt,
  closeFlushed,
  errorCode,
  fstat,
  type Handle,
  lstat,
  open,
  openFlags,
  type Operation,
  permissionBits,
  quotePath,
  read,
  Refusal,
  type Steps,
} from "@holdfast/fs/steps";
import type { Found } from "./place.ts";

/** Where a file does not say how long it is (in /proc, say), it is read in pieces of this size. */
const pieceBytes = 64 * 1024;

/** Node refuses more than 2 ** 31 - 1 bytes in one call. */
const largestRead = 1 << 30;

/**
 * The content of a file; `undefined` if nothing has that name.
 *
 * @param links what a symbolic link is: the way to the file, or `ERR_SYMLINK`
 */
export function* readWhole(
  operation: Operation,
  path: string,
  maxBytes: number,
  links: "follow" | "refuse" = "follow",
): Steps<Found | undefined> {
  const noFollow = links === "refuse" ? openFlags.noFollow : 0;
  if (links === "refuse" && noFollow === 0) yield* refuseLink(path);
  // Without O_NONBLOCK, opening a FIFO waits for somebody who writes to it.
  const opened = yield* attempt(open(path, openFlags.readOnly | openFlags.nonBlocking | noFollow));
  if (!opened.ok) {
    const code = errorCode(opened.error);
    if (code === "ENOENT") return undefined;
    // FreeBSD says EMLINK.
    if (noFollow !== 0 && (code === "ELOOP" || code === "EMLINK")) {
      yield* refuseLink(path);
    }
    if (code === "ENXIO") throw notAFile(opened.error); // what open(2) says of a socket
    throw opened.error;
  }
  const handle = opened.value;
  try {
    const stats = yield* fstat(handle);
    if (stats.isDirectory()) throw new Refusal("EISDIR");
    if (!stats.isFile()) throw notAFile();
    const bytes = yield* readAll(handle, Number(stats.size), maxBytes);
    const isPrivate = operation.platform.modes && (permissionBits(stats) & 0o077) === 0;
    return { bytes, isPrivate };
  } finally {
    yield* operation.cleanUp(closeFlushed(handle));
  }
}

function* refuseLink(path: string): Steps<void> {
  const found = yield* attempt(lstat(path));
  if (!found.ok || !found.value.isSymbolicLink()) return;
  throw new Refusal("ERR_SYMLINK", {
    problem: `${quotePath(path)} is a symbolic link, and is not read through`,
    hint: "Nothing makes links of that name: find out who has put it there, and remove it.",
  });
}

/** Counted as it comes: a file can grow while it is read, and some say that they are empty and are not. */
function* readAll(handle: Handle, size: number, maxBytes: number): Steps<Uint8Array> {
  if (size > maxBytes) throw tooLarge(maxBytes);
  let buffer = Buffer.allocUnsafe(size === 0 ? Math.min(pieceBytes, maxBytes + 1) : size);
  let filled = 0;
  for (;;) {
    const room = buffer.subarray(filled, filled + largestRead);
    const length = yield* read(handle, room, filled);
    filled += length;
    if (filled > maxBytes) throw tooLarge(maxBytes);
    if (length === 0 || (filled === size && size > 0)) return buffer.subarray(0, filled);
    if (filled === buffer.length) {
      const grown = Buffer.allocUnsafe(Math.min(filled * 2, maxBytes + 1));
      buffer.copy(grown, 0, 0, filled);
      buffer = grown;
    }
  }
}

/** More than `maxBytes`. */
export const tooLarge = (maxBytes: number): Refusal =>
  new Refusal("ERR_TOO_LARGE", {
    problem: `the content is longer than the ${maxBytes} bytes allowed`,
    hint: 'Raise "maxBytes".',
  });

const notAFile = (cause?: unknown): Refusal =>
  new Refusal("ERR_NOT_FILE", { problem: "it is not a regular file", cause });
