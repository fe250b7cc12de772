import {
  attempt,
  errorCode,
  joinName,
  lstat,
  readdir,
  type FileStats,
  type Steps,
} from "@holdfast/fs/steps";
import { gracePeriodMs, type Pruning } from "./pruning.ts";
import { removeTree } from "./remove-tree.ts";

/**
 * Removes what restores have put into the trash: once no journal knows of the restore, or after `maxAgeMs`. Never that of one
 * that was interrupted: it may be needed to take it back.
 *
 * @returns how many bytes
 */
export function* sweepTrash(pruning: Pruning): Steps<number> {
  const { operation, session, now } = pruning;
  const trash = joinName(session.request.store, "trash");
  // Listed before the journals are read: a restore is in one before there is trash of it.
  const found = yield* listTrash(trash);
  if (found.length === 0) return 0;
  const { known, interrupted } = yield* restoresNow(pruning);
  let bytes = 0;
  for (const { name, stats } of found) {
    const ageMs = now - Number(stats.mtimeNs) / 1e6;
    const maxAgeMs = known.has(name) ? session.request.limits.maxAgeMs : gracePeriodMs;
    if (interrupted.has(name) || ageMs <= maxAgeMs) continue;
    yield* pruning.lock.check(operation);
    operation.effect = "partial";
    bytes += yield* removeTree(joinName(trash, name));
  }
  return bytes;
}

function* listTrash(trash: string): Steps<{ name: string; stats: FileStats }[]> {
  const names = yield* attempt(readdir(trash));
  if (!names.ok) {
    if (errorCode(names.error) === "ENOENT") return [];
    throw names.error;
  }
  const listed: { name: string; stats: FileStats }[] = [];
  for (const name of names.value.map(String)) {
    const stats = yield* attempt(lstat(joinName(trash, name)));
    if (stats.ok) listed.push({ name, stats: stats.value });
  }
  return listed;
}

function* restoresNow({
  operation,
  session,
  others,
}: Pruning): Steps<{ known: Set<string>; interrupted: Set<string> }> {
  const known = session.history.restoreIds();
  const interrupted = new Set<string>();
  const own = session.history.interrupted?.restore;
  if (own !== undefined) interrupted.add(own);
  for (const other of yield* others.read(operation)) {
    for (const id of other.restores) known.add(id);
    if (other.interrupted !== undefined) interrupted.add(other.interrupted);
  }
  return { known, interrupted };
}
