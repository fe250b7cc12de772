import {
  attempt,
  errorCode,
  joinName,
  lstat,
  readdir,
  unlink,
  wait,
  type Steps,
} from "@holdfast/fs/steps";
import { sweepStagedFiles } from "@holdfast/atomic";
import { gracePeriodMs, type Pruning } from "./pruning.ts";

/**
 * Removes what crashes have left beside journals: staged files of processes that are dead, and the torn ends of records
 * that were never acknowledged.
 */
export function* sweepLeftovers({ session, now }: Pruning): Steps<void> {
  const { store, fileSystem } = session.request;
  const sessions = joinName(store, "sessions");
  const folders = (yield* readdir(sessions)).map((name) => joinName(sessions, String(name)));
  for (const folder of [store, ...folders]) {
    const found = yield* attempt(lstat(folder));
    // A link that somebody has planted leads to what is not ours.
    if (folder !== store && found.ok && !found.value.isDirectory()) continue;
    const swept = yield* attempt(
      wait(sweepStagedFiles(folder, { olderThanMs: gracePeriodMs, fileSystem })),
    );
    // Removed since it was listed, by who closed it.
    if (!swept.ok && errorCode(swept.error) === "ENOENT") continue;
    if (!swept.ok) throw swept.error;
    yield* removeTornEnds(folder, now);
  }
}

function* removeTornEnds(folder: string, now: number): Steps<void> {
  for (const name of (yield* readdir(folder)).map(String)) {
    if (!name.startsWith("journal.jsonl.torn-")) continue;
    const path = joinName(folder, name);
    const found = yield* attempt(lstat(path));
    if (!found.ok || now - Number(found.value.mtimeNs) / 1e6 <= gracePeriodMs) continue;
    const removed = yield* attempt(unlink(path));
    if (!removed.ok && errorCode(removed.error) !== "ENOENT") throw removed.error;
  }
}
