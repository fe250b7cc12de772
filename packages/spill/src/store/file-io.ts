import { createHash } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import { openFlags, Refusal } from "@holdfast/fs/steps";
import type { Root } from "@holdfast/root";

/** As much of a file as is in memory at one time. */
const pieceBytes = 256 * 1024;

/** Writes all of it: a call may write less than it was given (write(2)). */
export async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    const { bytesWritten } = await handle.write(bytes, written, bytes.length - written, null);
    if (bytesWritten === 0) throw new Refusal("ERR_NO_PROGRESS");
    written += bytesWritten;
  }
}

/** Reads from a place on, until the buffer is full or the file ends. */
export async function readAt(
  handle: FileHandle,
  buffer: Uint8Array,
  position: number,
): Promise<number> {
  let filled = 0;
  while (filled < buffer.length) {
    const rest = buffer.length - filled;
    const { bytesRead } = await handle.read(buffer, filled, rest, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return filled;
}

/** The SHA-256 of an open file, in hex, in constant memory; `undefined` if it is longer or shorter. */
export async function digestOf(handle: FileHandle, bytes: number): Promise<string | undefined> {
  const hash = createHash("sha256");
  const buffer = Buffer.allocUnsafe(Math.min(pieceBytes, bytes + 1));
  let position = 0;
  for (;;) {
    const length = await readAt(handle, buffer, position);
    position += length;
    if (position > bytes) return undefined;
    if (length > 0) hash.update(buffer.subarray(0, length));
    if (length < buffer.length) return position === bytes ? hash.digest("hex") : undefined;
  }
}

/** Opens a directory and flushes its entries, where that can be done. */
export async function flushDirectory(root: Root, path: string): Promise<void> {
  const handle = await root.open(path, openFlags.readOnly | openFlags.directory);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
