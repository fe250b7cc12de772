import { hostname } from "node:os";
import { type ProcessIdentity, processIdentity } from "@holdfast/fs/steps";
import { noncePattern } from "./lock-names.ts";

/** What every file of a lock holds: who made it. */
export interface LockRecord extends ProcessIdentity {
  readonly nonce: string;
  readonly hostName: string;
  readonly purpose: string | undefined;
  /** An ISO date. */
  readonly since: string;
  readonly shared: boolean;
}

const formatVersion = 1;
/** More than any record has: 200 characters of purpose take 1,200 bytes at most. */
export const largestRecord = 4096;

/** One line. Of the same length whenever it is written, so that it can be written over. */
export function formatRecord(
  nonce: string,
  { purpose, shared }: { readonly purpose: string | undefined; readonly shared: boolean },
): Buffer {
  const { pid, threadId, startTicks, host } = processIdentity();
  const record = {
    version: formatVersion,
    nonce,
    pid,
    threadId: threadId ?? null,
    startTicks: startTicks ?? null,
    host: host ?? null,
    hostName: hostname(),
    purpose: purpose ?? null,
    since: new Date().toISOString(),
    shared,
  };
  return Buffer.from(`${JSON.stringify(record)}\n`);
}

/** `undefined` for anything that is not exactly such a line: after a power cut it can be anything. */
export function parseRecord(bytes: Uint8Array): LockRecord | undefined {
  const text = Buffer.from(bytes).toString("utf8");
  if (!text.endsWith("}\n")) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const { version, nonce, pid, threadId, startTicks, host, hostName, purpose, since, shared } =
    value as Record<string, unknown>;
  const valid =
    version === formatVersion &&
    typeof nonce === "string" &&
    noncePattern.test(nonce) &&
    isProcessNumber(pid) &&
    (threadId === null || isProcessNumber(threadId)) &&
    isTextOrNull(startTicks) &&
    isTextOrNull(host) &&
    typeof hostName === "string" &&
    isTextOrNull(purpose) &&
    typeof since === "string" &&
    !Number.isNaN(Date.parse(since)) &&
    typeof shared === "boolean";
  if (!valid) return undefined;
  return {
    nonce,
    pid,
    threadId: threadId ?? undefined,
    startTicks: startTicks ?? undefined,
    host: host ?? undefined,
    hostName,
    purpose: purpose ?? undefined,
    since,
    shared,
  };
}

/** Never 0 or less: to kill(2) those mean groups of processes, which always exist. */
const isProcessNumber = (value: unknown): value is number =>
  Number.isSafeInteger(value) && (value as number) > 0;
const isTextOrNull = (value: unknown): value is string | null =>
  value === null || typeof value === "string";
