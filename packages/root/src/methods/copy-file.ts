import {
  attempt,
  copyFlags,
  invalidRange,
  invalidType,
  permissionBits,
  Refusal,
  sameIdentity,
  type Steps,
} from "@holdfast/fs/steps";
import type { RootCall } from "../call/root-call.ts";
import type { ParsedPath } from "../path/parse-path.ts";
import { findFile } from "../walk/find-file.ts";
import type { Pin } from "../walk/strategy.ts";
import { findObject, meansDirectory, parse } from "../walk/walker.ts";
import { inTurn } from "./content-argument.ts";
import { copyRequest } from "./copy-request.ts";
import { openContent } from "./file-content.ts";
import { putInPlace } from "./write-file.ts";

/** `COPYFILE_FICLONE_FORCE`, which asks for something that a stream of bytes cannot give. */
const onlyReflink = 4;

/**
 * The source is held while it is read, in pieces; `maxReadBytes` is for what is read into memory and
 * does not apply. As with plain `copyFile` the copy has the mode of the source, and copying a file
 * onto itself leaves it alone.
 */
export function* copyFile(
  call: RootCall,
  source: unknown,
  destination: unknown,
  mode?: unknown,
): Steps<void> {
  const exclusive = readMode(call.method, mode);
  const from = parse(call, source, "source");
  const to = parse(call, destination, "destination");
  const copy = (): Steps<void> => copyTo(call, from, to, exclusive);
  yield* inTurn(call, to, undefined, copy);
}

function readMode(op: string, mode: unknown): boolean {
  if (mode === undefined || mode === null) return false;
  if (typeof mode !== "number") throw invalidType(op, "mode", "a number", mode);
  if (!Number.isInteger(mode) || mode < 0 || mode > 7) {
    throw invalidRange(op, "mode", "made of COPYFILE_EXCL, COPYFILE_FICLONE", mode);
  }
  if ((mode & onlyReflink) !== 0) {
    throw new Refusal("ENOTSUP", { problem: "a root copies bytes and cannot share blocks" });
  }
  return (mode & copyFlags.exclusive) !== 0;
}

function* copyTo(
  call: RootCall,
  from: ParsedPath,
  to: ParsedPath,
  exclusive: boolean,
): Steps<void> {
  const pin = yield* findFile(call, from, "read");
  call.forgetLinks();
  if (!exclusive && (yield* isItself(call, pin, to))) return;
  const { content } = yield* openContent(call, pin);
  yield* call.release(pin, pin.place.directory);
  const mode = permissionBits(pin.stats);
  yield* putInPlace(call, to, content, copyRequest(call, { exclusive, mode, keepMode: false }));
}

function* isItself(call: RootCall, pin: Pin, to: ParsedPath): Steps<boolean> {
  if (meansDirectory(to)) return false;
  // Whatever is wrong with the destination is for the replacement to say.
  const found = yield* attempt(findObject(call, to, "follow"));
  call.forgetLinks();
  if (!found.ok) return false;
  yield* call.release(found.value, found.value.place.directory);
  return sameIdentity(found.value.stats, pin.stats) === true;
}
