import { createHash, randomUUID } from "node:crypto";
import { processIdentity, type ProcessIdentity } from "@holdfast/fs/steps";

/** The default of `tempPrefix`. */
export const defaultPrefix = ".holdfast-";

// <pid>-<thread>-<start of the thread>-<host>-<random>.tmp, so that whoever finds one can tell
// whose it was. Never derived from the target's name: that may be 255 bytes long already.
// The prefix is in the tag of the host: one that ends in a digit, read as a shorter one, would make
// another pid of ours, and a living file somebody's who is dead.
const form = /^(\d{1,10})-(\d{1,10})-(\d{1,20})-([0-9a-f]{8})-[0-9a-f-]{36}\.tmp$/;

let own: { readonly prefix: string; readonly start: string } | undefined;

/** A name that nobody can guess, for a staged file of this thread. */
export function newStagedName(prefix: string): string {
  if (own?.prefix !== prefix) {
    const { pid, threadId, startTicks, host } = processIdentity();
    const parts = [pid, threadId ?? 0, startTicks ?? 0, hostTag(prefix, host)];
    own = { prefix, start: `${prefix}${parts.join("-")}-` };
  }
  return `${own.start}${randomUUID()}.tmp`;
}

/** Whose staged file a name says it is; `undefined` if the name is not of our form. */
export function parseStagedName(name: string, prefix: string): ProcessIdentity | undefined {
  const match = name.startsWith(prefix) ? form.exec(name.slice(prefix.length)) : null;
  if (match === null) return undefined;
  const { host } = processIdentity();
  return {
    pid: Number(match[1]),
    threadId: Number(match[2]) || undefined,
    startTicks: match[3] === "0" ? undefined : match[3],
    // Another host's tag cannot be turned back into its name, and need not be.
    host: match[4] === hostTag(prefix, host) ? host : match[4],
  };
}

function hostTag(prefix: string, host: string | undefined): string {
  return host === undefined
    ? "00000000"
    : createHash("sha256").update(`${prefix}\0${host}`).digest("hex").slice(0, 8);
}
