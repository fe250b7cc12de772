import {
  attempt,
  errorCode,
  joinName,
  lstat,
  nameOf,
  readdir,
  type FileStats,
  type Operation,
  type Steps,
} from "@holdfast/fs/steps";
import { createHistory } from "../history/history.ts";
import { sizesOf } from "../history/objects-of.ts";
import { readJournal, type JournalEntry } from "../journal/journal.ts";
import type { OpenSession } from "../session/open-session.ts";

/** What a journal says of a whole session. */
export interface OtherSession {
  /** Absolute. */
  readonly folder: string;
  /** As it was given, as far as the journal says it. */
  readonly name: string;
  /** Milliseconds since 1970: of the file or of what is in it, whichever is later. */
  readonly changedAt: number;
  /** Whether there is a journal at all. */
  readonly isEmpty: boolean;
  /** A snapshot is pinned, or a restore was interrupted: then nothing of it is removed. */
  readonly mustStay: boolean;
  /** The sizes of its objects, by hash. */
  readonly objects: ReadonlyMap<string, number>;
  readonly restores: ReadonlySet<string>;
  readonly interrupted: string | undefined;
}

/** All sessions of the store but our own; each journal is read again only after it has changed. */
export class OtherSessions {
  private readonly session: OpenSession;
  private readonly known = new Map<string, { version: string; read: OtherSession }>();

  constructor(session: OpenSession) {
    this.session = session;
  }

  /** As they are now. A journal that cannot be read is an error: who knows what it needs. */
  *read(operation: Operation): Steps<OtherSession[]> {
    const sessions: OtherSession[] = [];
    const all = joinName(this.session.request.store, "sessions");
    for (const name of (yield* readdir(all)).map(String)) {
      const folder = joinName(all, name);
      if (folder === this.session.folder) continue;
      const found = yield* this.readOne(operation, folder);
      if (found !== undefined) sessions.push(found);
    }
    return sessions;
  }

  /** `undefined`: it is no session, or was removed. */
  *readOne(operation: Operation, folder: string): Steps<OtherSession | undefined> {
    const at = yield* statsOf(folder);
    if (at?.isDirectory() !== true) return undefined;
    const file = joinName(folder, "journal.jsonl");
    const stats = yield* statsOf(file);
    const version =
      stats === undefined ? "" : `${stats.ino} ${stats.size} ${stats.mtimeNs} ${stats.ctimeNs}`;
    const known = this.known.get(folder);
    // A clock that ticks rarely hides a change of the same moment; its length it does not hide: a journal only grows.
    if (known?.version === version && version !== "") return known.read;
    const entries = yield* readJournal(operation, file, this.session.request);
    const read = describe(folder, entries, millisecondsOf(stats ?? at), stats === undefined);
    this.known.set(folder, { version, read });
    return read;
  }
}

function describe(
  folder: string,
  entries: readonly JournalEntry[],
  modifiedAt: number,
  isEmpty: boolean,
): OtherSession {
  const history = createHistory();
  let changedAt = modifiedAt;
  let name = nameOf(folder);
  const restores = new Set<string>();
  for (const entry of entries) {
    history.apply(entry);
    if ("at" in entry) changedAt = Math.max(changedAt, entry.at);
    if (entry.type === "session") name = entry.session;
    if (entry.type === "begin") restores.add(entry.restore);
  }
  const isPinned = history.snapshots.some(({ id }) => history.isPinned(id));
  const interrupted = history.interrupted?.restore;
  return {
    folder,
    name,
    changedAt,
    isEmpty,
    mustStay: isPinned || interrupted !== undefined,
    objects: sizesOf(entries),
    restores,
    interrupted,
  };
}

function* statsOf(path: string): Steps<FileStats | undefined> {
  const found = yield* attempt(lstat(path));
  if (found.ok) return found.value;
  if (errorCode(found.error) === "ENOENT") return undefined;
  throw found.error;
}

const millisecondsOf = ({ mtimeNs }: FileStats): number => Number(mtimeNs / 1_000_000n);
