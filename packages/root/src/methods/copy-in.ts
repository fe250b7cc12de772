import { isAbsolute } from "node:path";
import { fileURLToPath } from "node:url";
import { fstat, invalidRange, open, openFlags, stat, type Steps } from "@holdfast/fs/steps";
import { readContentOption, type Content } from "@holdfast/atomic/steps";
import type { ReplaceFileReceipt } from "@holdfast/atomic";
import { readFlag } from "../call/policy.ts";
import type { RootCall } from "../call/root-call.ts";
import type { CopyInOptions } from "../options.ts";
import { parse } from "../walk/walker.ts";
import { inTurn } from "./content-argument.ts";
import { copyRequest } from "./copy-request.ts";
import { limited, limitedFile, refuseOther } from "./file-content.ts";
import { putInPlace } from "./write-file.ts";

export function* copyIn(
  call: RootCall,
  source: unknown,
  destination: unknown,
  options?: unknown,
): Steps<ReplaceFileReceipt> {
  const to = parse(call, destination, "destination");
  const { mode, overwrite } = (options ?? {}) as CopyInOptions;
  const exclusive = !readFlag(call.method, "overwrite", overwrite, true);
  const request = copyRequest(call, { exclusive, mode, keepMode: true });
  const outside = readOutsidePath(call.method, "source", source);
  const given =
    outside === undefined ? readContentOption(call.method, source, call.core.half) : undefined;
  return yield* inTurn(call, to, given, function* () {
    const content = given === undefined ? yield* openOutside(call, outside!) : limited(call, given);
    return yield* putInPlace(call, to, content, request);
  });
}

/** A file that the caller vouches for: what is not one is found out before it is opened. */
function* openOutside(call: RootCall, path: string): Steps<Content> {
  refuseOther(yield* stat(path));
  const handle = call.hold(yield* open(path, openFlags.readOnly | openFlags.nonBlocking));
  const stats = yield* fstat(handle);
  refuseOther(stats);
  return limitedFile(call, handle, stats);
}

/** A path outside, as a path or a `file:` URL; `undefined` for anything else. */
export function readOutsidePath(op: string, name: string, value: unknown): string | undefined {
  const path = value instanceof URL ? fileURLToPath(value) : value;
  if (typeof path !== "string") return undefined;
  if (!isAbsolute(path) || path.includes("\0")) {
    throw invalidRange(op, name, "an absolute path without a NUL, or a file: URL", path);
  }
  return path;
}
