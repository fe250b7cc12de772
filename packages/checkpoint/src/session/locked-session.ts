import { attempt, Refusal, shielded, wait, type Operation, type Steps } from "@holdfast/fs/steps";
import type { HeldLock } from "@holdfast/lock/steps";
import type { MemoryHistory } from "../history/memory-history.ts";
import type { Journal, JournalEntry } from "../journal/journal.ts";
import type { JournalRecord } from "../journal/records.ts";
import type { ObjectStore } from "../objects/object-store.ts";
import type { Workspaces } from "../workspace/workspaces.ts";
import { missingObjects } from "./objects-kept.ts";
import type { OpenSession, SessionRequest } from "./open-session.ts";

/** What a session is made of. */
export interface SessionParts {
  readonly request: SessionRequest;
  readonly folder: string;
  readonly lock: HeldLock;
  readonly journal: Journal;
  readonly history: MemoryHistory;
  readonly objects: ObjectStore;
  readonly workspaces: Workspaces;
}

/** A session whose lock we hold. */
export class LockedSession implements OpenSession {
  readonly request: SessionRequest;
  readonly folder: string;
  readonly objects: ObjectStore;
  readonly history: MemoryHistory;
  readonly workspaces: Workspaces;
  private readonly lock: HeldLock;
  private readonly journal: Journal;

  constructor(parts: SessionParts) {
    this.request = parts.request;
    this.folder = parts.folder;
    this.objects = parts.objects;
    this.history = parts.history;
    this.workspaces = parts.workspaces;
    this.lock = parts.lock;
    this.journal = parts.journal;
  }

  *note(operation: Operation, ...records: JournalRecord[]): Steps<void> {
    if (records.length === 0) return;
    yield* this.lock.check(operation);
    // Told of each: also of those before one that failed, for whoever reads the journal will find them.
    yield* this.journal.append(records, (record) => this.history.apply(record));
    if ((yield* this.doubtMissing(operation, records)) === 0) return;
    throw new Refusal("ERR_CHANGED", {
      problem:
        "another process removed bytes from the store at the moment in which they were needed again",
      hint: "The same call once more keeps them again.",
    });
  }

  /**
   * After a crash between the journal and the look at the objects in `note`: of what it can have been. The objects of a whole
   * history are looked at when they are needed.
   */
  *doubtWhatIsGone(operation: Operation): Steps<void> {
    yield* this.doubtMissing(operation, this.history.lastNoted());
  }

  private *doubtMissing(operation: Operation, records: readonly JournalRecord[]): Steps<number> {
    const { store } = this.request;
    // The records are written: an abort comes too late for them.
    const looked = yield* attempt(shielded(missingObjects(operation, store, records)));
    for (const record of records) {
      if (record.type !== "look" || record.state.kind !== "file") continue;
      const { sha256 } = record.state;
      if (!looked.ok || looked.value.has(sha256)) this.history.doubt(record);
    }
    if (!looked.ok) throw looked.error;
    return looked.value.size;
  }

  *replaceJournal(operation: Operation, entries: readonly JournalEntry[]): Steps<void> {
    yield* this.lock.check(operation);
    yield* this.journal.rewrite(operation, entries);
    this.history.replaceBy(entries);
  }

  *checkLock(operation: Operation): Steps<void> {
    yield* this.lock.check(operation);
  }

  *close(operation: Operation): Steps<void> {
    try {
      yield* this.closeFiles();
    } finally {
      yield* operation.cleanUp(this.lock.release(operation));
    }
  }

  *closeFiles(): Steps<void> {
    try {
      yield* this.journal.close();
    } finally {
      yield* wait(this.workspaces.close());
    }
  }
}
