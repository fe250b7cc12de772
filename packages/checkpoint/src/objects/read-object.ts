import { createHash } from "node:crypto";
import {
  attempt,
  closeFlushed,
  errorCode,
  fstat,
  HoldfastError,
  open,
  openFlags,
  Operation,
  read,
  runAsync,
  type Attempt,
  type FileSystem,
  type Handle,
  type Offload,
  type Steps,
} from "@holdfast/fs/steps";
import { isSha256, pathOf } from "./places.ts";
import { pieceBytes } from "./source.ts";

// Without waiting: in place of an object there may be a FIFO.
const readFlags = openFlags.readOnly | openFlags.noFollow | openFlags.nonBlocking;

/** The device, or the file system, has lost the bytes: they are as good as changed. */
const bytesLost: ReadonlySet<string> = new Set(["EIO", "EBADMSG", "EUCLEAN"]);

/** What stands in place of an object. */
type Opened = { readonly handle: Handle; readonly size: number } | "missing" | "corrupt";

function* openObject(operation: Operation, path: string): Steps<Opened> {
  const opened = yield* attempt(open(path, readFlags));
  if (!opened.ok) {
    const code = errorCode(opened.error) ?? "";
    if (code === "ENOENT" || code === "ENOTDIR") return "missing";
    // A link, a socket, a directory that Windows does not open.
    if (code === "ELOOP" || code === "ENXIO" || code === "EISDIR") return "corrupt";
    if (bytesLost.has(code)) return "corrupt";
    throw opened.error;
  }
  const handle = opened.value;
  let isKept = false;
  try {
    const stats = yield* fstat(handle);
    isKept = stats.isFile();
    return isKept ? { handle, size: Number(stats.size) } : "corrupt";
  } finally {
    if (!isKept) yield* operation.cleanUp(closeFlushed(handle));
  }
}

/** Reads a piece; `undefined` where the device has lost it. */
function* readPiece(handle: Handle, buffer: Uint8Array): Steps<number | undefined> {
  const got: Attempt<number> = yield* attempt(read(handle, buffer));
  if (got.ok) return got.value;
  if (bytesLost.has(errorCode(got.error) ?? "")) return undefined;
  throw got.error;
}

/** The SHA-256 and length of what a handle has from here to its end; `undefined` where that is lost. */
export function* hashHandle(
  handle: Handle,
): Steps<{ readonly sha256: string; readonly size: number } | undefined> {
  const hash = createHash("sha256");
  const buffer = Buffer.allocUnsafe(pieceBytes);
  let size = 0;
  for (;;) {
    const length = yield* readPiece(handle, buffer);
    if (length === undefined) return undefined;
    if (length === 0) return { sha256: hash.digest("hex"), size };
    hash.update(buffer.subarray(0, length));
    size += length;
  }
}

export function* verifyObject(
  operation: Operation,
  folder: string,
  sha256: string,
  size: number,
): Steps<"ok" | "missing" | "corrupt"> {
  if (!isSha256(sha256)) return "missing";
  const opened = yield* openObject(operation, pathOf(folder, sha256));
  if (typeof opened === "string") return opened;
  try {
    if (opened.size !== size) return "corrupt";
    const found = yield* hashHandle(opened.handle);
    return found?.sha256 === sha256 && found.size === size ? "ok" : "corrupt";
  } finally {
    yield* operation.cleanUp(closeFlushed(opened.handle));
  }
}

export function* readWholeObject(
  operation: Operation,
  folder: string,
  sha256: string,
  maxBytes: number,
): Steps<Uint8Array | undefined> {
  if (!isSha256(sha256)) return undefined;
  const opened = yield* openObject(operation, pathOf(folder, sha256));
  if (typeof opened === "string") return undefined;
  try {
    if (opened.size > maxBytes) return undefined;
    const bytes = Buffer.allocUnsafeSlow(opened.size);
    for (let filled = 0; filled < bytes.length;) {
      const length = yield* readPiece(opened.handle, bytes.subarray(filled, filled + pieceBytes));
      if (length === undefined || length === 0) return undefined;
      filled += length;
    }
    return createHash("sha256").update(bytes).digest("hex") === sha256 ? bytes : undefined;
  } finally {
    yield* operation.cleanUp(closeFlushed(opened.handle));
  }
}

/** Of which file system a store is, for what is read outside an operation. */
export interface ReadSettings {
  readonly fileSystem?: FileSystem | undefined;
  readonly offload?: Offload | undefined;
}

/** As {@link ObjectStore.read}. The buffer of a piece is used again for the next one. */
export async function* readObject(
  folder: string,
  sha256: string,
  { fileSystem, offload }: ReadSettings,
): AsyncGenerator<Uint8Array, void, undefined> {
  const path = pathOf(folder, sha256);
  const operation = new Operation({ op: "readObject", path, fileSystem, offload });
  const damaged = (problem: string): HoldfastError =>
    new HoldfastError({
      code: "ERR_CHECKPOINT_DAMAGED",
      op: operation.op,
      path,
      effect: "none",
      problem,
    });
  const opened = isSha256(sha256)
    ? await runAsync(openObject(operation, path), operation)
    : "missing";
  if (opened === "missing") throw damaged("the bytes are missing from the store");
  if (opened === "corrupt") throw damaged("what is in the store is no file, or cannot be read");
  try {
    const hash = createHash("sha256");
    const buffer = Buffer.allocUnsafe(pieceBytes);
    for (;;) {
      const length = await runAsync(readPiece(opened.handle, buffer), operation);
      if (length === undefined) throw damaged("the bytes in the store cannot be read");
      if (length === 0) break;
      const piece = buffer.subarray(0, length);
      hash.update(piece);
      yield piece;
    }
    if (hash.digest("hex") !== sha256) throw damaged("the bytes in the store have changed");
  } finally {
    await runAsync(operation.cleanUp(closeFlushed(opened.handle)), operation);
  }
}
