import { nodeFstat, nodeLstat, type Steps } from "@holdfast/fs/steps";
import { namesOf, type RootCall } from "../call/root-call.ts";
import { joinName } from "../path/names.ts";
import { findEntry, findObject, parse } from "../walk/walker.ts";

export function* lstatMethod(call: RootCall, path: unknown, options?: unknown): Steps<unknown> {
  const place = yield* findEntry(call, parse(call, path));
  call.mayRead(namesOf(place));
  return yield* nodeLstat(joinName(place.directory.path, place.name), wantsBigint(options));
}

export function* statMethod(call: RootCall, path: unknown, options?: unknown): Steps<unknown> {
  const pin = yield* findObject(call, parse(call, path), "follow");
  call.mayRead(namesOf(pin.place));
  call.checkMount(pin.stats);
  // Of what is held, where it is; where nothing is held, what was seen is asked for once more.
  if (pin.handle !== undefined) return yield* nodeFstat(pin.handle, wantsBigint(options));
  return yield* nodeLstat(pin.path, wantsBigint(options));
}

const wantsBigint = (options: unknown): boolean =>
  (options as { bigint?: unknown } | undefined)?.bigint === true;
