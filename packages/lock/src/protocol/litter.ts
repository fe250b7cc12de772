import { attempt, joinName, nameOf, readdir, type Steps, unlink } from "@holdfast/fs/steps";
import { judge, type Taker } from "./judge.ts";
import type { RecordOptions } from "./open-record.ts";
import { OwnFile } from "./own-file.ts";
import { type Found, readEntry } from "./read-entry.ts";
import { takeOver } from "./take-over.ts";

const litterPattern = /^\.[0-9a-f]{32}\.(tmp|claim)$/;

/**
 * Removes what those left behind who were killed while they waited, or took over. Not worth a look each
 * time: only when somebody was found dead. That it cannot be removed hinders nobody.
 */
export function* removeLitter(taker: Taker, options: RecordOptions): Steps<void> {
  const { operation, names } = taker;
  const listed = yield* attempt(readdir(names.directory));
  if (!listed.ok) return;
  const prefix = nameOf(names.entry);
  const claims: Found[] = [];
  for (const name of listed.value.map(String)) {
    const kind = name.startsWith(prefix) && litterPattern.exec(name.slice(prefix.length))?.[1];
    if (!kind) continue;
    const path = joinName(names.directory, name);
    const found = yield* attempt(findLitter(taker, path));
    if (!found.ok || found.value === undefined) continue;
    // Its name is nobody else's; and who waits there after all, unseen for so long, makes it again.
    if (kind === "tmp") yield* attempt(unlink(path));
    else claims.push(found.value);
  }
  if (claims.length === 0) return;
  const file = new OwnFile(operation, names, options);
  try {
    yield* attempt(file.create(operation));
    for (const claim of claims) yield* attempt(takeOver({ ...taker, file }, claim));
  } finally {
    yield* file.discard(operation);
  }
}

function* findLitter(taker: Taker, path: string): Steps<Found | undefined> {
  const found = yield* readEntry(taker.operation, path);
  if (typeof found === "string") return undefined;
  const state = yield* judge(taker, found);
  return state === "dead" || state === "stale" ? found : undefined;
}
