/**
 * Node's own streams, with their `fs` option: they call `open`, `read`, `write`, `writev`, `fsync` and
 * `close` with callbacks, and these make calls of the backend.
 */

import { createReadStream, createWriteStream, type ReadStream, type WriteStream } from "node:fs";
import { toOptions, toPath } from "./arguments.ts";
import type { Backend, Origin } from "./backend.ts";
import { callbackFace } from "./callback-face.ts";
import type { FileHandle } from "./file-handle.ts";

interface StreamOptions {
  readonly encoding?: BufferEncoding;
  readonly [name: string]: unknown;
}

const asOptions = (options: unknown): StreamOptions =>
  typeof options === "string"
    ? { encoding: options as BufferEncoding }
    : toOptions<StreamOptions>(options);

/** The callbacks that a stream needs, all with the origin of the stream. */
function callsFor(backend: Backend, from: Origin): object {
  return callbackFace(backend, () => from);
}

export function addStreams(
  face: Record<string, unknown>,
  backend: Backend,
  origin: (via: string) => Origin,
): void {
  face["createReadStream"] = (path: unknown, options?: unknown): ReadStream =>
    createReadStream(...prepared(backend, origin("createReadStream"), path, options));
  face["createWriteStream"] = (path: unknown, options?: unknown): WriteStream =>
    createWriteStream(...prepared(backend, origin("createWriteStream"), path, options));
}

function prepared(
  backend: Backend,
  from: Origin,
  path: unknown,
  options: unknown,
): [path: never, options: never] {
  const given = asOptions(options);
  const { fd } = given;
  // The path is ignored where a descriptor is given.
  if (fd === undefined || fd === null) {
    return [toPath(path) as never, { ...given, fs: callsFor(backend, from) } as never];
  }
  if (!isHandle(fd)) return [path as never, { ...given, fs: callsFor(backend, from) } as never];
  const fs = callsOfHandle(fd, backend, from);
  return [path as never, { ...given, fd: fd.fd, fs } as never];
}

/** Not `instanceof`: that class imports this file. */
const isHandle = (fd: unknown): fd is FileHandle =>
  typeof fd === "object" && fd !== null && "createWriteStream" in fd;

/** The calls of a stream over an open handle: closing the stream closes the handle. */
function callsOfHandle(handle: FileHandle, backend: Backend, from: Origin): object {
  return {
    ...callsFor(backend, from),
    close: (_fd: number, done: (error?: unknown) => void) => {
      handle.close().then(() => done(), done);
    },
  };
}

export function handleReadStream(
  handle: FileHandle,
  backend: Backend,
  origin: (via: string) => Origin,
  options: unknown,
): ReadStream {
  return createReadStream(
    undefined as never,
    {
      ...asOptions(options),
      fd: handle.fd,
      fs: callsOfHandle(handle, backend, origin("createReadStream")),
    } as never,
  );
}

export function handleWriteStream(
  handle: FileHandle,
  backend: Backend,
  origin: (via: string) => Origin,
  options: unknown,
): WriteStream {
  return createWriteStream(
    undefined as never,
    {
      ...asOptions(options),
      fd: handle.fd,
      fs: callsOfHandle(handle, backend, origin("createWriteStream")),
    } as never,
  );
}
