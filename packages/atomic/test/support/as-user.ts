import { runScript, type NodeScript } from "./node-script.ts";

/** Somebody who is not root and owns nothing: `nobody` on Linux. */
export const nobody: User = { uid: 65_534, gid: 65_534 };

export interface User {
  readonly uid: number;
  readonly gid: number;
}

/**
 * Runs a script as another user, without root's groups (libuv drops them when it sets a uid), and
 * returns what it reported. Ask `needs("other-user")` first.
 */
export function asUser<Report>(user: User, script: NodeScript): Report {
  return runScript<Report>(script, user);
}
