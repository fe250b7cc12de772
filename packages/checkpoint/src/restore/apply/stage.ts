import { createHash } from "node:crypto";
import { Buffer } from "node:buffer";
import type { FileHandle } from "node:fs/promises";
import {
  attempt,
  errorCode,
  openFlags,
  permissionBits,
  Refusal,
  type Steps,
  wait,
} from "@holdfast/fs/steps";
import type { PathState } from "../../state.ts";
import type { Directory } from "./directory.ts";
import type { Workshop } from "./workshop.ts";

type FileState = Extract<PathState, { kind: "file" }>;

const { create, exclusive, noFollow, readWrite } = openFlags;

/**
 * Makes a file beside the one that it is to replace: with its bytes, its mode and its owner, flushed and read back.
 *
 * Not `root.writeFile`: that keeps the mode of what it replaces (bytes of 0600 would be there under 0644 for a moment),
 * refuses a file that we had left read-only, and leaves a staged file under a name that nobody finds again when
 * the process is killed.
 */
export function* stageFile(
  workshop: Workshop,
  directory: Directory,
  staged: string,
  to: FileState,
): Steps<void> {
  const flags = readWrite | create | exclusive | noFollow;
  const handle = yield* wait(directory.root.open(staged, flags, 0o600));
  try {
    yield* copyObject(workshop, handle, to);
    yield* keepOwner(directory, handle);
    // After chown(2), which takes the set-id bits away.
    const stats = yield* wait(handle.stat({ bigint: true }));
    if (permissionBits(stats) !== to.mode) yield* wait(handle.chmod(to.mode));
    yield* wait(handle.sync());
    yield* readBack(handle, to);
  } finally {
    yield* workshop.operation.cleanUp(wait(handle.close()));
  }
}

function* copyObject(workshop: Workshop, handle: FileHandle, to: FileState): Steps<void> {
  const pieces = workshop.objects.read(to.sha256)[Symbol.asyncIterator]();
  let position = 0;
  try {
    for (;;) {
      const next = yield* wait(pieces.next());
      if (next.done === true) return;
      position += yield* writePiece(handle, next.value, position);
    }
  } finally {
    yield* workshop.operation.cleanUp(endOf(pieces));
  }
}

function* endOf(pieces: AsyncIterator<Uint8Array>): Steps<void> {
  if (pieces.return !== undefined) yield* wait(pieces.return());
}

function* writePiece(handle: FileHandle, piece: Uint8Array, position: number): Steps<number> {
  let written = 0;
  while (written < piece.byteLength) {
    const length = piece.byteLength - written;
    const at = position + written;
    const { bytesWritten } = yield* wait(handle.write(piece, written, length, at));
    if (!(bytesWritten > 0)) throw new Refusal("ERR_NO_PROGRESS");
    written += bytesWritten;
  }
  return written;
}

/**
 * As far as we may: only root gives files to others. Where it cannot be kept, the file is not replaced: its owner would
 * lose it.
 */
function* keepOwner({ root, name }: Directory, handle: FileHandle): Steps<void> {
  const found = yield* attempt(wait(root.lstat(name, { bigint: true })));
  if (!found.ok) {
    if (errorCode(found.error) === "ENOENT") return;
    throw found.error;
  }
  if (!found.value.isFile()) return;
  const { uid, gid } = yield* wait(handle.stat({ bigint: true }));
  if (found.value.uid === uid && found.value.gid === gid) return;
  const given = yield* attempt(
    wait(handle.chown(Number(found.value.uid), Number(found.value.gid))),
  );
  if (!given.ok) throw new Refusal("ERR_OWNERSHIP", { cause: given.error });
}

const bufferSize = 256 * 1024;

/**
 * Before it replaces anything. That the bytes were right when they were read from the store, and written without an error,
 * is the word of a file system; here it has to stand to it while the old file is still there. What is read comes from the page
 * cache: a device that lies is found by nobody who does not turn it off.
 */
function* readBack(handle: FileHandle, to: FileState): Steps<void> {
  const hash = createHash("sha256");
  const buffer = Buffer.allocUnsafe(bufferSize);
  let position = 0;
  for (;;) {
    const { bytesRead } = yield* wait(handle.read(buffer, 0, buffer.byteLength, position));
    if (bytesRead === 0) break;
    hash.update(buffer.subarray(0, bytesRead));
    position += bytesRead;
  }
  if (hash.digest("hex") === to.sha256) return;
  throw new Refusal("EIO", { problem: "the file that was written is read back as another one" });
}
