/** Whole files: what Node does in several calls for `readFile`, `writeFile`, `appendFile`, `copyFile`. */

import { constants } from "node:fs";
import { throwIfAborted } from "../arguments.ts";
import type { Path, Position } from "../call.ts";
import { make, type Composite } from "../composite.ts";
import { O_CREAT, O_EXCL, O_WRONLY } from "../constants.ts";
import { asErrorOf } from "../node-error.ts";

const chunkBytes = 64 * 1024;

/** Closes also when the work fails, and lets the first failure win, as Node does. */
export function* withFile<Result>(
  path: Path,
  flags: number,
  mode: number,
  work: (fd: number) => Composite<Result>,
  signal?: AbortSignal,
): Composite<Result> {
  throwIfAborted(signal);
  const fd = yield* make("open", path, flags, mode);
  let result: Result;
  try {
    result = yield* work(fd);
  } catch (error) {
    yield* attempt(make("close", fd));
    throw error;
  }
  yield* make("close", fd);
  return result;
}

export function* readFile(path: Path, flags: number, signal?: AbortSignal): Composite<Buffer> {
  return yield* withFile(path, flags, 0o666, (fd) => readAll(fd, signal), signal);
}

export function* readAll(fd: number, signal?: AbortSignal): Composite<Buffer> {
  const { size, mode } = yield* make("fstat", fd, { bigint: false });
  // Only a regular file says how long it is; what lies under /proc says 0.
  const regular = (Number(mode) & constants.S_IFMT) === constants.S_IFREG;
  const expected = regular ? Number(size) : 0;
  const chunks: Buffer[] = [];
  let total = 0;
  for (;;) {
    const wanted = expected > total ? expected - total : chunkBytes;
    // A file that ends where fstat said is not read once more, as in Node.
    if (expected > 0 && total >= expected) break;
    throwIfAborted(signal);
    const chunk = Buffer.allocUnsafe(wanted);
    const count = yield* make("read", fd, chunk, 0, wanted, null);
    if (count === 0) break;
    chunks.push(count === wanted ? chunk : chunk.subarray(0, count));
    total += count;
  }
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, total);
}

export function* writeAll(fd: number, data: Uint8Array): Composite<void> {
  // Node makes no call for nothing to write.
  for (let done = 0; done < data.byteLength;) {
    done += yield* make("write", fd, data, done, data.byteLength - done, null);
  }
}

/** `flush`: Node's option, an fsync before the close. */
export function* writeFlushed(
  fd: number,
  data: Uint8Array,
  flush: boolean,
  signal?: AbortSignal,
): Composite<void> {
  throwIfAborted(signal);
  yield* writeAll(fd, data);
  if (flush) yield* make("fsync", fd);
}

/** The calls of `uv_fs_copyfile`; what fails in it Node reports as a failure of "copyfile". */
export function* copyFile(from: Path, to: Path, mode: number): Composite<void> {
  try {
    yield* copyBytes(from, to, (mode & constants.COPYFILE_EXCL) === 0 ? 0 : O_EXCL);
  } catch (error) {
    throw asErrorOf("copyfile", error, [from, to]);
  }
}

function* copyBytes(from: Path, to: Path, exclusive: number): Composite<void> {
  let created = false;
  try {
    yield* withFile(from, 0, 0, function* (source) {
      const stats = yield* make("fstat", source, { bigint: false });
      const bits = Number(stats.mode) & 0o7777;
      // Created with the bits of the source, and truncated only once both are known to be two files.
      yield* withFile(to, O_WRONLY | O_CREAT | exclusive, bits, function* (target) {
        created = true;
        const there = yield* make("fstat", target, { bigint: false });
        if (there.ino === stats.ino && there.dev === stats.dev) return;
        yield* make("ftruncate", target, 0);
        yield* make("fchmod", target, bits);
        const buffer = Buffer.allocUnsafe(chunkBytes);
        for (;;) {
          const count = yield* make("read", source, buffer, 0, chunkBytes, null);
          if (count === 0) return;
          yield* writeAll(target, buffer.subarray(0, count));
        }
      });
    });
  } catch (error) {
    // libuv does this also to a file that was there before
    if (created) yield* attempt(make("unlink", to));
    throw error;
  }
}

function* attempt(work: Composite<unknown>): Composite<void> {
  try {
    yield* work;
  } catch {
    // an earlier failure says what went wrong
  }
}

/** `readv`, `writev`: a call for each buffer, until one falls short. */
export function* moveVector(
  name: "read" | "write",
  fd: number,
  buffers: readonly Uint8Array[],
  position: Position,
): Composite<number> {
  let total = 0;
  for (const buffer of buffers) {
    const at = position === null ? null : Number(position) + total;
    const count = yield* make(name, fd, buffer, 0, buffer.byteLength, at);
    total += count;
    if (count < buffer.byteLength) break;
  }
  return total;
}
