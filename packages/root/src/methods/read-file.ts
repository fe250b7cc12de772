import { Buffer } from "node:buffer";
import { invalidType, openFlags, read, Refusal, type Handle, type Steps } from "@holdfast/fs/steps";
import type { RootCall } from "../call/root-call.ts";
import { findFile } from "../walk/find-file.ts";
import { parse } from "../walk/walker.ts";

/** Where a file does not say how long it is (in /proc, say), it is read in pieces of this size. */
const pieceBytes = 64 * 1024;

/** Node refuses more than 2 ** 31 - 1 bytes in one call. */
const largestRead = 1 << 30;

export function* readFile(call: RootCall, path: unknown, options?: unknown): Steps<unknown> {
  const encoding = readEncoding(call.method, options);
  const parsed = parse(call, path);
  const pin = yield* findFile(call, parsed, "read");
  const { strategy } = call.core;
  const handle = call.hold(yield* strategy.openPinned(call, pin, openFlags.readOnly));
  // The file is open: what led to it is not needed any more, and many may read at once.
  yield* call.release(pin, pin.place.directory);
  const content = yield* readWhole(call, handle, Number(pin.stats.size));
  call.bytes = content.length;
  return encoding === undefined ? content : content.toString(encoding);
}

/**
 * Reads a whole file, and no more than the call allows: counted as it comes, because a file can grow
 * while it is read, and some say that they are empty and are not.
 */
function* readWhole(call: RootCall, handle: Handle, size: number): Steps<Buffer> {
  const limit = call.policy.maxReadBytes;
  if (size > limit) throw tooLarge(limit);
  // Not from Node's pool: who looks at `buffer.buffer`, as some libraries do, must see this file alone.
  let buffer = Buffer.allocUnsafeSlow(size === 0 ? Math.min(pieceBytes, limit + 1) : size);
  let filled = 0;
  for (;;) {
    const length = yield* read(handle, buffer.subarray(filled, filled + largestRead), filled);
    filled += length;
    if (filled > limit) throw tooLarge(limit);
    if (length === 0 || (filled === size && size > 0)) return buffer.subarray(0, filled);
    if (filled === buffer.length) {
      const grown = Buffer.allocUnsafeSlow(Math.min(filled * 2, limit + 1));
      buffer.copy(grown, 0, 0, filled);
      buffer = grown;
    }
  }
}

/** The limit of a read, or of a copy across the boundary. */
export const tooLarge = (limit: number): Refusal =>
  new Refusal("ERR_TOO_LARGE", {
    problem: `the content is longer than the ${limit} bytes allowed`,
    hint: 'Raise "maxReadBytes", or read it as a stream.',
  });

/** The encoding of an options argument: a string by itself, or a field. */
export function readEncoding(op: string, options: unknown): BufferEncoding | undefined {
  const encoding: unknown =
    typeof options === "object" && options !== null
      ? (options as { encoding?: unknown }).encoding
      : options;
  if (encoding === undefined || encoding === null || encoding === "buffer") return undefined;
  if (typeof encoding === "string" && Buffer.isEncoding(encoding)) return encoding;
  throw invalidType(op, "encoding", "an encoding that Node knows", encoding);
}
