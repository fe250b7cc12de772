import { attempt, type PathArgument, type Steps } from "@holdfast/fs/steps";
import type { RootCall } from "../call/root-call.ts";
import type { Directory } from "./strategy.ts";

/**
 * Finds a directory again that was met in a listing, by its names from the root. A name that somebody
 * has swapped for a link meanwhile is not followed, wherever it leads: then there is `undefined`.
 *
 * @param nearest a directory on the way that is held, from which to go on where the way is too long to
 * be gone at once. It stays open.
 * @throws `ENOENT`, `ENOTDIR`, `EACCES`, …; `ERR_OTHER_MOUNT`
 */
export function* findAgain(
  call: RootCall,
  names: readonly PathArgument[],
  nearest?: Directory,
): Steps<Directory | undefined> {
  const { strategy, top } = call.core;
  if (names.length === 0) return top;
  const found = yield* attempt(strategy.openDirectory(call, names));
  if (found.ok && found.value !== undefined) return found.value;
  let directory = nearest ?? top;
  for (const name of names.slice(directory.names.length)) {
    const next = yield* attempt(strategy.enter(call, directory, name));
    if (directory !== nearest) yield* call.release(directory);
    if (!next.ok) throw next.error;
    if ("target" in next.value) return undefined;
    directory = next.value;
  }
  return directory;
}
