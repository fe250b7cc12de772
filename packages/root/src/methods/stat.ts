import type { BigIntStats, Stats } from "node:fs";
import { attempt, errorCode, nodeFstat, nodeLstat, Refusal, type Steps } from "@holdfast/fs/steps";
import { namesOf, type RootCall } from "../call/root-call.ts";
import { joinName } from "../path/names.ts";
import { findEntry, findObject, parse } from "../walk/walker.ts";

export function lstatMethod(call: RootCall, path: unknown, options?: unknown): Steps<unknown> {
  return orNothing(lookAtName(call, path, options), options);
}

export function statMethod(call: RootCall, path: unknown, options?: unknown): Steps<unknown> {
  return orNothing(lookAtObject(call, path, options), options);
}

function* lookAtName(call: RootCall, path: unknown, options: unknown): Steps<unknown> {
  const place = yield* findEntry(call, parse(call, path));
  call.mayRead(namesOf(place));
  const held = joinName(place.directory.path, place.name);
  const stats = (yield* nodeLstat(held, wantsBigint(options))) as Stats | BigIntStats;
  call.checkMount({ dev: BigInt(stats.dev) });
  return stats;
}

/** How often a name is looked at again that others keep changing. */
const maxLooks = 40;

function* lookAtObject(call: RootCall, path: unknown, options: unknown): Steps<unknown> {
  const parsed = parse(call, path);
  for (let looks = 1; ; looks++) {
    const pin = yield* findObject(call, parsed, "follow");
    call.mayRead(namesOf(pin.place));
    call.checkMount(pin.stats);
    // Of what is held, where it is; where nothing is held, what was seen is asked for once more.
    if (pin.handle !== undefined) return yield* nodeFstat(pin.handle, wantsBigint(options));
    const stats = (yield* nodeLstat(pin.path, wantsBigint(options))) as Stats;
    if (!stats.isSymbolicLink()) return stats;
    if (looks === maxLooks) throw new Refusal("ERR_CHANGED");
    yield* call.release(pin.place.directory); // a link by now
  }
}

/** An option of Node's synchronous forms. */
function* orNothing(steps: Steps<unknown>, options: unknown): Steps<unknown> {
  const { throwIfNoEntry } = (options ?? {}) as { throwIfNoEntry?: unknown };
  if (throwIfNoEntry !== false) return yield* steps;
  const found = yield* attempt(steps);
  if (found.ok) return found.value;
  if (["ENOENT", "ENOTDIR"].includes(errorCode(found.error) ?? "")) return undefined;
  throw found.error;
}

const wantsBigint = (options: unknown): boolean =>
  (options as { bigint?: unknown } | undefined)?.bigint === true;
