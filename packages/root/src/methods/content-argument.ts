import { Buffer } from "node:buffer";
import { invalidCombination, type Steps } from "@holdfast/fs/steps";
import { readContentOption, type Content } from "@holdfast/atomic/steps";
import type { RootCall } from "../call/root-call.ts";
import { shownPath } from "../path/names.ts";
import type { ParsedPath } from "../path/parse-path.ts";
import { readEncoding } from "./read-file.ts";

/**
 * What is to be written: a string in the encoding that Node's option names, anything else as it is.
 * To be called last of the checks: a stream is watched from then on, and {@link inTurn} lets it go.
 */
export function readData(call: RootCall, data: unknown, options: unknown): Content {
  const encoding = readEncoding(call.method, options) ?? "utf8";
  const bytes = typeof data === "string" ? Buffer.from(data, encoding) : data;
  const content = readContentOption(call.method, bytes, call.core.half);
  if (content.kind === "bytes") return content;
  if (encoding !== "utf8" && encoding !== "utf-8") {
    throw invalidCombination(
      call.method,
      `"encoding" is for a string as a whole; pieces are UTF-8`,
    );
  }
  return releasedOnce(content);
}

function releasedOnce(content: Content & { kind: "pieces" }): Content {
  const { source } = content;
  if ("read" in source) return content; // steps of ours
  let released = false;
  const release = (): void => {
    if (!released) source.release();
    released = true;
  };
  return { kind: "pieces", source: { next: () => source.next(), release } };
}

/**
 * Writes in the order in which writes to this path were asked for. Whatever becomes of it, also before
 * anything was read, a source of pieces is let go of.
 */
export function* inTurn<T>(
  call: RootCall,
  path: ParsedPath,
  content: Content | undefined,
  write: () => Steps<T>,
): Steps<T> {
  // A source can be read once: the body must not be run again.
  if (content?.kind === "pieces") call.changing = true;
  try {
    // A synchronous call cannot wait for an asynchronous one that is under way.
    if (call.operation.synchronous) return yield* write();
    return yield* call.core.turns.take(shownPath([...path.directories, path.last]), write);
  } finally {
    if (content?.kind === "pieces") content.source.release();
  }
}
