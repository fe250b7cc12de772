import { Buffer } from "node:buffer";
import type { ReadStream } from "node:fs";
import {
  closeFlushed,
  descriptorOf,
  HoldfastError,
  invalidRange,
  invalidType,
  openFlags,
  Operation,
  read,
  readStreamOver,
  runAsync,
  type Handle,
  type Steps,
} from "@holdfast/fs/steps";
import { performAsync, type Method } from "../call/perform.ts";
import { readBytes } from "../call/policy.ts";
import type { RootCall } from "../call/root-call.ts";
import type { RootCore } from "../call/root-core.ts";
import { readEncoding } from "../methods/read-file.ts";
import type { ReadStreamOptions, RootPath } from "../options.ts";
import type { Root } from "../root.ts";
import { shownName } from "../path/names.ts";
import { findFile } from "../walk/find-file.ts";
import { parse } from "../walk/walker.ts";

const op = "createReadStream";

type Done<T> = (error: Error | null, value?: T) => void;

/** What Node's stream does with its file: the `fs` of its options. */
interface Calls {
  open(path: string, flags: string, mode: number, done: Done<unknown>): void;
  read(
    opened: unknown,
    buffer: Uint8Array,
    offset: number,
    length: number,
    position: number | null | undefined,
    done: (error: Error | null, bytesRead?: number, buffer?: Uint8Array) => void,
  ): void;
  close(opened: unknown, done: Done<void>): void;
}

export function createReadStream(
  core: RootCore,
  _root: Root,
  path: RootPath,
  options?: BufferEncoding | ReadStreamOptions,
): ReadStream {
  const given = typeof options === "string" ? { encoding: options } : (options ?? {});
  const shown = shownArgument(path);
  const { signal, ...rest } = given as ReadStreamOptions;
  checkSignal(signal);
  const stream = streamOver(core, path, shown, rest);
  if (signal !== undefined) destroyOnAbort(stream, signal, shown);
  return stream;
}

function streamOver(
  core: RootCore,
  path: RootPath,
  shown: string,
  options: Omit<ReadStreamOptions, "signal">,
): ReadStream {
  const operation = (): Operation =>
    new Operation({ op, path: shown, fileSystem: core.fileSystem });
  let handle: Handle;
  const calls: Calls = {
    open(_path, _flags, _mode, done) {
      performAsync(core, op, opening, [path, options]).then(
        (opened) => {
          handle = opened as Handle;
          done(null, descriptorOf(handle) ?? handle);
        },
        // Of a stream that was destroyed meanwhile that is the reason, and stays the only one.
        (error: Error) => done(stream.errored ?? error),
      );
    },
    read(_opened, buffer, offset, length, position, done) {
      const piece = buffer.subarray(offset, offset + length);
      const reading = runAsync(read(handle, piece, position ?? null), operation());
      reading.then((bytes) => done(null, bytes, buffer), done);
    },
    close(_opened, done) {
      runAsync(closeFlushed(handle), operation()).then(() => done(null), done);
    },
  };
  const stream = readStreamOver(readStreamOptions(options), calls);
  stream.path = path as string | Buffer;
  return stream;
}

/** Opens as `readFile` does, and leaves it open. */
const opening: Method = {
  paths: 1,
  options: 1,
  *body(call: RootCall, path: unknown): Steps<Handle> {
    const pin = yield* findFile(call, parse(call, path), "read");
    const handle = yield* call.core.strategy.openPinned(call, pin, openFlags.readOnly);
    call.handOut(() => closeFlushed(handle));
    return handle;
  },
};

/** Only what is known: Node would take a descriptor, or other calls, from the options as well. */
function readStreamOptions(options: Omit<ReadStreamOptions, "signal">): object {
  const start = readBytes(op, "start", options.start, 0);
  const end = readBytes(op, "end", options.end, Infinity);
  if (start > end) throw invalidRange(op, "start", `at most "end" (${end})`, start);
  const highWaterMark = readBytes(op, "highWaterMark", options.highWaterMark, 64 * 1024);
  const encoding = readEncoding(op, options);
  // Without a start Node reads on from where the file stands, which is its beginning.
  return { start, end, highWaterMark, ...(encoding !== undefined && { encoding }) };
}

function checkSignal(signal: unknown): void {
  if (signal === undefined || signal instanceof AbortSignal) return;
  throw invalidType(op, "signal", "an AbortSignal", signal);
}

/** Not by Node, whose error would not be one of ours. */
function destroyOnAbort(stream: ReadStream, signal: AbortSignal, path: string): void {
  const abort = (): void => {
    const { reason: cause } = signal as { reason: unknown };
    stream.destroy(new HoldfastError({ code: "ABORT_ERR", op, path, effect: "none", cause }));
  };
  if (signal.aborted) return abort();
  signal.addEventListener("abort", abort, { once: true });
  stream.once("close", () => signal.removeEventListener("abort", abort));
}

function shownArgument(path: unknown): string {
  if (typeof path === "string") return path;
  if (path instanceof Uint8Array) return shownName(Buffer.from(path));
  throw invalidType(op, "path", "a path relative to the root, as a string or bytes", path);
}
