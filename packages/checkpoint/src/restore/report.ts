import type { RestoreEntry } from "../journal/records.ts";
import type { PathResult, RestoreAction, RestoreReport } from "../results.ts";
import type { Outcome } from "./apply/workshop.ts";
import { comparePaths } from "./order.ts";

/** What is said of one path that a restore was to change. */
export function resultOf(
  { path, from, to }: Pick<RestoreEntry, "path" | "from" | "to">,
  action: RestoreAction,
  { ok, reason, code, trash }: Outcome,
): PathResult {
  return { path, action, ok, reason, code, from, to, trash };
}

/** The report of a restore: paths in order, whatever the order in which they were changed. */
export function reportOf(
  what: Omit<RestoreReport, "paths" | "complete">,
  results: readonly PathResult[],
): RestoreReport {
  const paths = results.toSorted(comparePaths);
  return { ...what, paths, complete: paths.every(({ ok }) => ok) };
}
