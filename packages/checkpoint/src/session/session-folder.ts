import { createHash } from "node:crypto";

/**
 * Names that are stored as they are. Without capitals: on a disk that folds case `Work` and `work` would be one
 * folder, with the history of one of them in that of the other.
 */
const plain = /^[a-z0-9_-]{1,64}$/;
const readable = /^[A-Za-z0-9_-]{1,64}$/;
/** Windows opens a device by these names, in every directory. */
const devices = /^(?:con|prn|aux|nul|com\d|lpt\d)$/;

/** The name of the folder of a session: no two sessions have the same, whatever the disk makes of it. */
export function sessionFolder(session: string): string {
  if (plain.test(session) && !devices.test(session)) return session;
  const hash = createHash("sha256").update(session).digest("hex");
  return readable.test(session) ? `${session}~${hash.slice(0, 16)}` : `~${hash}`;
}
