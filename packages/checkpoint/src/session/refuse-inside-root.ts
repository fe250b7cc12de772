import { sep } from "node:path";
import {
  attempt,
  invalidCombination,
  sameIdentity,
  stat,
  type FileStats,
  type Operation,
  type Steps,
} from "@holdfast/fs/steps";
import { realPathOf, type RealPath } from "./real-path.ts";

/**
 * Refuses a store that would track itself: one that lies in a root, by whatever way, and is not excluded; and a root
 * that lies in the store. Before anything is made.
 */
export function* refuseInsideRoot(
  operation: Operation,
  store: RealPath,
  { roots, exclude }: { readonly roots: readonly string[]; readonly exclude: readonly string[] },
): Steps<void> {
  for (const root of roots) {
    const real = yield* attempt(realPathOf(root));
    if (!real.ok || !(yield* contains(store.path, real.value))) continue;
    throw invalidCombination(
      operation.op,
      'one of "roots" lies in "store": a restore would write among what is kept',
    );
  }
  for (const excluded of exclude) if (yield* contains(excluded, store)) return;
  for (const root of roots) {
    if (!(yield* contains(root, store))) continue;
    throw invalidCombination(
      operation.op,
      '"store" lies in one of "roots": what is kept would be tracked in turn. Put it elsewhere, or name it in "exclude"',
    );
  }
}

/** By path, and by identity: a mount or a disk that folds case gives one directory several paths. */
function* contains(directory: string, { path, passed }: RealPath): Steps<boolean> {
  const real = yield* attempt(realPathOf(directory));
  // One that may not be looked at by this user, who could track nothing in it.
  const realPath = real.ok ? real.value.path : directory;
  if (path === realPath || path.startsWith(realPath.endsWith(sep) ? realPath : realPath + sep)) {
    return true;
  }
  const found = yield* attempt(stat(directory));
  return found.ok && passed.some((each: FileStats) => sameIdentity(each, found.value) === true);
}
