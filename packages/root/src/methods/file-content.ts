import { Buffer } from "node:buffer";
import {
  openFlags,
  read,
  Refusal,
  type FileStats,
  type Handle,
  type Steps,
} from "@holdfast/fs/steps";
import { nextPiece, type Content, type StepSource } from "@holdfast/atomic/steps";
import type { RootCall } from "../call/root-call.ts";
import type { Pin } from "../walk/strategy.ts";
import { tooLarge } from "./read-file.ts";

/** As much as is in memory of a file at one time. */
const pieceBytes = 256 * 1024;

/** A file, in pieces: read when they are written, into one buffer, so that memory stays constant. */
class FilePieces implements StepSource {
  private readonly handle: Handle;
  private readonly buffer: Buffer;
  private readonly end: number;
  private position = 0;

  constructor(handle: Handle, end: number) {
    this.handle = handle;
    this.end = end;
    this.buffer = Buffer.allocUnsafe(Math.min(pieceBytes, end));
  }
  *read(): Steps<Uint8Array | undefined> {
    const left = Math.min(this.buffer.length, this.end - this.position);
    if (left <= 0) return undefined;
    const length = yield* read(this.handle, this.buffer.subarray(0, left), this.position);
    this.position += length;
    return length === 0 ? undefined : this.buffer.subarray(0, length);
  }
  release(): void {}
}

/**
 * Opens a pinned file, whose content is as much as it held when it was pinned: somebody who goes on
 * appending to it cannot fill the disk, and plain `copyFile` does the same.
 */
export function* openContent(
  call: RootCall,
  pin: Pin,
): Steps<{ content: Content; handle: Handle }> {
  const handle = call.hold(yield* call.core.strategy.openPinned(call, pin, openFlags.readOnly));
  const source = new FilePieces(handle, Number(pin.stats.size));
  return { content: { kind: "pieces", source }, handle };
}

/** An open file to its end, for a copy across the boundary. @throws `ERR_TOO_LARGE` */
export function limitedFile(call: RootCall, handle: Handle, { size }: FileStats): Content {
  const limit = call.policy.maxReadBytes;
  if (size > limit) throw tooLarge(limit); // before anything is staged
  return limited(call, { kind: "pieces", source: new FilePieces(handle, Infinity) });
}

/** A content of which no more is taken than the call allows. @throws `ERR_TOO_LARGE` */
export function limited(call: RootCall, content: Content): Content {
  const limit = call.policy.maxReadBytes;
  if (content.kind === "bytes") {
    if (content.bytes.byteLength > limit) throw tooLarge(limit);
    return content;
  }
  const { source } = content;
  let total = 0;
  return {
    kind: "pieces",
    source: {
      *read() {
        const piece = yield* nextPiece(source);
        total += piece?.byteLength ?? 0;
        if (total > limit) throw tooLarge(limit);
        return piece;
      },
      release: () => source.release(),
    },
  };
}

/** It is not a regular file, which a copy across the boundary needs. */
export function refuseOther(stats: FileStats): void {
  if (stats.isDirectory()) throw new Refusal("EISDIR");
  if (!stats.isFile()) throw new Refusal("ERR_NOT_FILE");
}
