import {
  attempt,
  errorCode,
  joinName,
  type FileSystem,
  type Offload,
  type Operation,
  type Steps,
} from "@holdfast/fs/steps";
import type { HeldLock } from "@holdfast/lock/steps";
import type { History } from "../history/history.ts";
import { MemoryHistory } from "../history/memory-history.ts";
import { openJournal, type Journal, type JournalEntry } from "../journal/journal.ts";
import { journalFormat, type JournalRecord } from "../journal/records.ts";
import { openObjects, type ObjectStore } from "../objects/object-store.ts";
import { openWorkspaces, type Workspaces } from "../workspace/workspaces.ts";
import { recoverAside } from "../retention/aside.ts";
import { makeFolder, makeStore } from "./folders.ts";
import { LockedSession } from "./locked-session.ts";
import { realPathOf } from "./real-path.ts";
import { refuseInsideRoot } from "./refuse-inside-root.ts";
import { sessionFolder } from "./session-folder.ts";
import { lockSession } from "./session-lock.ts";
import { checkFormat } from "./store-format.ts";

/** Limits, complete. */
export interface Limits {
  readonly maxSnapshots: number;
  readonly maxFileBytes: number;
  readonly maxStoreBytes: number;
  readonly maxAgeMs: number;
  readonly maxPaths: number;
}

/** Options of `openCheckpoints`, checked and complete. Paths are absolute. */
export interface SessionRequest {
  readonly store: string;
  readonly roots: readonly string[];
  readonly exclude: readonly string[];
  readonly session: string;
  readonly limits: Limits;
  readonly retention: "automatic" | "manual";
  readonly lockTimeoutMs: number;
  readonly fileSystem: FileSystem | undefined;
  readonly offload: Offload | undefined;
}

/** A session that is open: what all parts share. */
export interface OpenSession {
  /** With the real path of the store: links on the way may be switched while it is open. */
  readonly request: SessionRequest;
  /** `<store>/sessions/<name>`, absolute. */
  readonly folder: string;
  readonly objects: ObjectStore;
  /** The same object as long as the session is open. */
  readonly history: History;
  readonly workspaces: Workspaces;
  /**
   * Appends to the journal, durably, and then to the history: what a crash loses was never said.
   *
   * Throws `ERR_LOCK_LOST`; the errno of the journal, and then `ERR_POISONED` for good if it is not known what it holds; a
   * `Refusal` (`ERR_CHANGED`) where an object that a record counts on was removed by another process at this very
   * moment: then the record is written, but counts for nothing until the path is looked at again.
   */
  note(operation: Operation, ...records: JournalRecord[]): Steps<void>;
  /** Replaces the journal, and the history by what it says. */
  replaceJournal(operation: Operation, entries: readonly JournalEntry[]): Steps<void>;
  /** Refuses (`ERR_LOCK_LOST`) what would be written without the lock. */
  checkLock(operation: Operation): Steps<void>;
  close(operation: Operation): Steps<void>;
}

/**
 * Opens the store and a session in it: makes what is missing (0700), checks `format.json`, takes the lock of the session
 * (`session.lock` in its folder), reads the journal.
 */
export function* openSession(operation: Operation, given: SessionRequest): Steps<OpenSession> {
  yield* refuseInsideRoot(operation, yield* realPathOf(given.store), given);
  yield* makeStore(operation, given.store);
  const store = (yield* realPathOf(given.store)).path;
  const request = { ...given, store };
  yield* checkFormat(store, request);
  yield* recoverAside(operation, request);
  const sessions = joinName(store, "sessions");
  yield* makeFolder(operation, sessions);
  const folder = joinName(sessions, sessionFolder(request.session));
  const lock = yield* lockFolder(operation, folder, request);
  try {
    return yield* openLocked(operation, { request, folder, lock });
  } catch (error) {
    yield* operation.cleanUp(lock.release(operation));
    throw error;
  }
}

/** How often the folder of a session is made anew that somebody who prunes has removed. */
const maxTries = 10;

/** Makes the folder of a session, and takes its lock. Who prunes removes a folder in which there is nothing. */
function* lockFolder(
  operation: Operation,
  folder: string,
  request: SessionRequest,
): Steps<HeldLock> {
  for (let tries = 1; ; tries++) {
    yield* makeFolder(operation, folder);
    const locked = yield* attempt(lockSession(operation, folder, request));
    if (locked.ok) return locked.value;
    if (errorCode(locked.error) !== "ENOENT" || tries === maxTries) throw locked.error;
  }
}

function* openLocked(
  operation: Operation,
  base: { readonly request: SessionRequest; readonly folder: string; readonly lock: HeldLock },
): Steps<OpenSession> {
  const { request, folder } = base;
  const { store, roots, exclude, fileSystem, offload } = request;
  const journal = yield* openJournal(operation, joinName(folder, "journal.jsonl"), request);
  const workspaces = openWorkspaces({ roots, exclude: [...exclude, store], fileSystem, offload });
  const objects = openObjects(joinName(store, "objects"), { fileSystem, offload });
  const history = new MemoryHistory();
  const session = new LockedSession({ ...base, journal, history, objects, workspaces });
  try {
    yield* begin(operation, session, journal, request.session);
    return session;
  } catch (error) {
    yield* operation.cleanUp(session.closeFiles());
    throw error;
  }
}

function* begin(
  operation: Operation,
  session: LockedSession,
  journal: Journal,
  name: string,
): Steps<void> {
  session.history.replaceBy(journal.entries);
  if (journal.entries.length === 0) {
    const at = Date.now();
    yield* session.note(operation, { type: "session", format: journalFormat, session: name, at });
  }
  yield* session.doubtWhatIsGone(operation);
}
