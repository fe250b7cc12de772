import { Buffer } from "node:buffer";
import { invalidType, openFlags, type Handle, type Steps } from "@holdfast/fs/steps";
import { nextPiece, replaceFileUnchecked, type Content } from "@holdfast/atomic/steps";
import { readFlag } from "../call/policy.ts";
import type { RootCall } from "../call/root-call.ts";
import type { CopyOutOptions, CopyReceipt } from "../options.ts";
import { findFile } from "../walk/find-file.ts";
import { parse } from "../walk/walker.ts";
import { readOutsidePath } from "./copy-in.ts";
import { copyRequest } from "./copy-request.ts";
import { limitedFile } from "./file-content.ts";
import { isWritable, StreamSink } from "./stream-sink.ts";

export function* copyOut(
  call: RootCall,
  source: unknown,
  destination: unknown,
  options?: unknown,
): Steps<CopyReceipt> {
  const from = parse(call, source, "source");
  const { mode, overwrite } = (options ?? {}) as CopyOutOptions;
  const exclusive = !readFlag(call.method, "overwrite", overwrite, true);
  const path = readOutsidePath(call.method, "destination", destination);
  const streams = call.core.half === "async";
  if (path === undefined && !(streams && isWritable(destination))) {
    const expected = "an absolute path or a file: URL" + (streams ? ", or a Writable" : "");
    throw invalidType(call.method, "destination", expected, destination);
  }
  const request =
    path === undefined
      ? undefined
      : {
          ...copyRequest(call, { filePath: path, exclusive, mode, keepMode: true }),
          // Outside, the rules of the root do not hold: the caller vouches for the path.
          symlinks: "follow" as const,
          hardlinks: "break" as const,
          parents: call.policy.create,
        };
  const sink = request === undefined ? new StreamSink(destination as never) : undefined;
  let given = false;
  let begun = false;
  try {
    const pin = yield* findFile(call, from, "read");
    const handle: Handle = call.hold(
      yield* call.core.strategy.openPinned(call, pin, openFlags.readOnly),
    );
    const content = limitedFile(call, handle, pin.stats);
    yield* call.release(pin, pin.place.directory);
    call.changing = true; // what is outside must not be written twice
    if (request !== undefined) {
      const { bytes } = yield* replaceFileUnchecked(call.operation, request, content);
      call.bytes = bytes;
    } else {
      begun = true;
      yield* pour(call, content, sink!);
    }
    given = true;
    return { bytes: call.bytes };
  } finally {
    // Nothing was written, nothing is wrong with it: it may still have to carry the news of that.
    if (!given && begun) sink?.giveUp();
  }
}

function* pour(call: RootCall, content: Content, sink: StreamSink): Steps<void> {
  if (content.kind === "bytes") return;
  for (;;) {
    const piece = yield* nextPiece(content.source);
    if (piece === undefined) break;
    call.operation.effect = "partial";
    yield* sink.write(Buffer.from(piece)); // a copy: the stream may keep it
    call.bytes += piece.byteLength;
  }
  yield* sink.end();
  call.operation.effect = "complete";
}
