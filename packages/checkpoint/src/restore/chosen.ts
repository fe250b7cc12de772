import { attempt, type Operation, type Steps } from "@holdfast/fs/steps";
import type { Target } from "../history/history.ts";
import type { OpenSession } from "../session/open-session.ts";
import { comparePaths } from "./order.ts";
import type { RestoreRequest } from "./restore.ts";

/** The paths of a snapshot that are asked for, in order. */
export function* chosen(
  operation: Operation,
  session: OpenSession,
  { paths, keys }: RestoreRequest,
  targets: ReadonlyMap<string, Target>,
): Steps<readonly Target[]> {
  const all = [...targets.values()].toSorted(comparePaths);
  const mine = keys === undefined ? all : all.filter(({ key }) => keys.has(key));
  if (paths === undefined) return mine;
  const wanted: string[] = [];
  for (const path of paths) {
    wanted.push(path);
    // As it is known here: links followed, case folded. What cannot be looked up now may still be known by its name.
    const located = yield* attempt(session.workspaces.locate(operation, path));
    if (!located.ok) continue;
    const { inside } = located.value;
    if (inside === undefined) wanted.push(located.value.path);
    else wanted.push(inside.path, inside.key);
  }
  const isWanted = (path: string): boolean => wanted.some((one) => isIn(path, one));
  return mine.filter(({ path, key }) => isWanted(path) || isWanted(key));
}

/** Whether a path is another one, or lies in it. */
function isIn(path: string, whole: string): boolean {
  const top = whole.endsWith("/") ? whole : `${whole}/`;
  return path === whole || path.startsWith(top);
}
