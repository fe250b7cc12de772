/** Sessions for tests: opened with the options that matter, and driven. */

import { Operation, runAsync, type FileSystem, type Steps } from "@holdfast/fs/steps";
import type { JournalRecord, LookRecord, SnapshotRecord } from "../../src/journal/records.ts";
import {
  openSession,
  type Limits,
  type OpenSession,
  type SessionRequest,
} from "../../src/session/open-session.ts";

const limits: Limits = {
  maxSnapshots: 100,
  maxFileBytes: 10 * 1024 * 1024,
  maxStoreBytes: 500 * 1024 * 1024,
  maxAgeMs: 30 * 24 * 60 * 60 * 1000,
  maxPaths: 2000,
};

/** An operation of a test. */
function operationOf(fileSystem?: FileSystem, signal?: AbortSignal): Operation {
  return new Operation({ op: "test", path: "store", fileSystem, signal });
}

/** Drives steps to their end. */
export async function drive<T>(
  steps: (operation: Operation) => Steps<T>,
  fileSystem?: FileSystem,
): Promise<T> {
  const operation = operationOf(fileSystem);
  return await runAsync(steps(operation), operation);
}

export function requestFor(
  store: string,
  more: Partial<Omit<SessionRequest, "limits">> & { readonly limits?: Partial<Limits> } = {},
): SessionRequest {
  return {
    store,
    roots: [],
    exclude: [],
    session: "one",
    retention: "manual",
    lockTimeoutMs: 0,
    fileSystem: undefined,
    offload: undefined,
    ...more,
    limits: { ...limits, ...more.limits },
  };
}

/** Opens a session. */
export async function open(
  store: string,
  more?: Parameters<typeof requestFor>[1],
): Promise<OpenSession> {
  const request = requestFor(store, more);
  return await drive((operation) => openSession(operation, request), request.fileSystem);
}

export async function note(session: OpenSession, ...records: JournalRecord[]): Promise<void> {
  await drive((operation) => session.note(operation, ...records), session.request.fileSystem);
}

export async function close(session: OpenSession): Promise<void> {
  await drive((operation) => session.close(operation), session.request.fileSystem);
}

/** Keeps bytes and notes a look at a path that has them. */
export async function touch(
  session: OpenSession,
  path: string,
  content: string,
  more: Partial<LookRecord> = {},
): Promise<LookRecord> {
  const { sha256, size } = await drive(
    (operation) => session.objects.putBytes(operation, Buffer.from(content)),
    session.request.fileSystem,
  );
  const state = { kind: "file", sha256, size, mode: 0o644 } as const;
  const after = session.history.snapshots.at(-1)?.id;
  const why = { cause: "touch", turn: "t", ...(after !== undefined && { after }) } as const;
  const record: LookRecord = { type: "look", path, ...why, state, ...more };
  await note(session, record);
  return record;
}

export function snapshotRecord(id: string, more: Partial<SnapshotRecord> = {}): SnapshotRecord {
  return { type: "snapshot", id, turn: "t", kind: "turn", at: Date.now(), ...more };
}
