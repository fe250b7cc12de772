import { isAbsolute } from "node:path";
import { closeFlushed, fstat, lstat, type PathArgument, type Steps } from "@holdfast/fs/steps";
import { Liveness } from "../call/liveness.ts";
import { PathTurns } from "../call/path-turns.ts";
import { readRules } from "../call/read-rules.ts";
import type { RootCall } from "../call/root-call.ts";
import type { RootCore } from "../call/root-core.ts";
import type { DeniedPlace, Rules } from "../call/rules.ts";
import { isAbove, isWithin } from "../call/rules.ts";
import { makeRoot, makeRootSync } from "../make-root.ts";
import type { SubRootOptions } from "../options.ts";
import { shownPath } from "../path/names.ts";
import type { Root } from "../root.ts";
import type { RootSync } from "../root-sync.ts";
import { holdOn } from "../walk/hold-on.ts";
import { allNames, findDirectory, parse } from "../walk/walker.ts";

/**
 * The host of the larger root goes on seeing paths from there: `authorize` and `audit` are told where
 * in it things happen. A place that is closed to writing can be opened, and everything in it is closed.
 */
export function* openRoot(
  call: RootCall,
  path: unknown,
  options?: unknown,
): Steps<Root | RootSync> {
  const { core, operation } = call;
  const { deny } = (options ?? {}) as SubRootOptions;
  const added = readRules(call.method, { deny }, operation.platform);
  const directory = yield* findDirectory(call, allNames(parse(call, path)));
  const { names } = directory;
  call.mayRead(names);
  const held = yield* holdOn(call, directory);
  const { handle } = held;
  if (handle !== undefined) call.handOut(() => closeFlushed(handle));
  const topStats = yield* handle === undefined ? lstat(held.path) : fstat(handle);
  const smaller: RootCore = {
    ...core,
    top: { ...held, names: [] },
    topStats,
    location: names.length === 0 ? core.location : `${core.location}/${shownPath(names)}`,
    policy: call.policy,
    rules: rulesBelow(core.rules, added, names),
    liveness: new Liveness(),
    turns: new PathTurns(),
  };
  return core.half === "async" ? makeRoot(smaller) : makeRootSync(smaller);
}

/** The rules of a root, as seen from a directory in it, and those that were added there. */
function rulesBelow(rules: Rules, added: Rules, names: readonly PathArgument[]): Rules {
  const { fold, authorize, audit } = rules;
  const below = (places: readonly DeniedPlace[]): DeniedPlace[] =>
    places
      .filter((place) => isWithin(names, [place], fold) || isAbove(names, [place], fold))
      .map((place) => place.slice(names.length)); // none left: all of it
  const start = shownPath(names);
  const whole = (path: string): string => (start === "." ? path : `${start}/${path}`);
  // As the caller gave it; one of copyIn or copyOut is outside both roots.
  const given = (path: string | undefined): string | undefined =>
    path === undefined || isAbsolute(path) ? path : whole(path);
  return {
    denyRead: [...below(rules.denyRead), ...added.denyRead],
    denyWrite: [...below(rules.denyWrite), ...added.denyWrite],
    fold,
    authorize:
      authorize &&
      ((event) => authorize({ ...event, path: event.path === "." ? start : whole(event.path) })),
    audit:
      audit && ((event) => audit({ ...event, path: given(event.path), dest: given(event.dest) })),
  };
}
