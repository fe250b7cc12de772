import { attempt, errorCode, joinName, readdir, rmdir, type Steps } from "@holdfast/fs/steps";
import { judge, type Taker } from "./judge.ts";
import { noncePattern } from "./lock-names.ts";
import type { RecordOptions } from "./open-record.ts";
import { OwnFile } from "./own-file.ts";
import { type Found, readEntry } from "./read-entry.ts";
import { isOwn, maxAtOnce, type Taken } from "./take-entry.ts";
import { sharesRefusal } from "./shares-directory.ts";
import { takeOver } from "./take-over.ts";
import type { Waiting } from "./waiting.ts";

export interface Sharing {
  /** The share that does not count: the caller's. */
  readonly except?: string;
  readonly options: RecordOptions;
  /** Who waits long must show that it lives; whether the entry is still its own. */
  prove(): Steps<boolean>;
  noteTakeover(): void;
}

/**
 * Waits until nobody shares the lock any more. The caller holds the entry, so that nobody new comes in.
 * The dead are removed.
 */
export function* awaitShares(taker: Taker, waiting: Waiting, sharing: Sharing): Steps<Taken> {
  const { operation, names } = taker;
  for (let atOnce = 1; ; atOnce++) {
    const listed = yield* attempt(readdir(names.shares));
    if (!listed.ok) {
      if (errorCode(listed.error) === "ENOENT") return "taken";
      throw yield* sharesRefusal(listed.error, names.shares);
    }
    // Other names are of nobody who shares: NFS keeps removed files that are open as `.nfs…`.
    const shares = listed.value.map(String).filter((name) => noncePattern.test(name));
    const others = shares.filter((name) => name !== sharing.except);
    if (shares.length === 0) yield* attempt(rmdir(names.shares));
    if (others.length === 0) return "taken";
    const dead: Found[] = [];
    let alive: string | undefined;
    for (const name of others) {
      const found = yield* readEntry(operation, joinName(names.shares, name));
      if (isOwn(taker, found)) return "own";
      if (found === "gone") continue;
      const state = found === "busy" ? "unknown" : yield* judge(taker, found);
      if (typeof found === "object" && (state === "dead" || state === "stale")) dead.push(found);
      else alive = name;
    }
    const removed = dead.length === 0 || (yield* removeDead(taker, dead, sharing));
    if (alive === undefined && removed && atOnce < maxAtOnce) continue;
    atOnce = 0;
    if (!(yield* waiting.pause(alive ?? ""))) return "late";
    if (!(yield* sharing.prove())) return "lost";
  }
}

/** Whether all of them are gone. */
function* removeDead(taker: Taker, dead: readonly Found[], sharing: Sharing): Steps<boolean> {
  const { operation, names } = taker;
  // A file of its own: the one that holds the entry has given up its private name.
  const file = new OwnFile(operation, names, sharing.options);
  let all = true;
  try {
    yield* file.create(operation);
    for (const found of dead) {
      all = (yield* takeOver({ ...taker, file }, found)) && all;
    }
  } finally {
    yield* file.discard(operation);
  }
  sharing.noteTakeover();
  return all;
}
