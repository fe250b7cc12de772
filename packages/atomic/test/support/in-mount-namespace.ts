import { runScript, type NodeScript } from "./node-script.ts";
import type { User } from "./as-user.ts";

/** A mount of mount(8), made in this order. */
export type Mount =
  | { readonly type: "tmpfs"; readonly target: string; readonly options?: string }
  /** Also a single file may be bound over a single file. */
  | { readonly type: "bind"; readonly source: string; readonly target: string }
  /** A bind of a place over itself that cannot be written to. */
  | { readonly type: "read-only"; readonly target: string };

/**
 * Runs a script in a mount namespace of its own, where only it sees the mounts and with which they
 * end, and returns what it reported. Ask `needs("mount-namespace")` first.
 *
 * @param setup shell commands run as root after the mounts and before the script, say to put files
 *   into a tmpfs
 */
export function inMountNamespace<Report>({
  mounts,
  setup = "",
  user,
  ...script
}: NodeScript & {
  readonly mounts: readonly Mount[];
  readonly setup?: string;
  readonly user?: User;
}): Report {
  const lines = ["set -e", ...mounts.flatMap(commandsOf), setup, 'exec "$@"'];
  const become =
    user === undefined
      ? []
      : ["setpriv", `--reuid=${user.uid}`, `--regid=${user.gid}`, "--clear-groups"];
  const shell = ["sh", "-c", lines.join("\n"), "sh"];
  return runScript<Report>(script, {
    prefix: ["unshare", "--mount", "--propagation", "private", ...shell, ...become],
  });
}

function commandsOf(mount: Mount): string[] {
  const target = quoted(mount.target);
  switch (mount.type) {
    case "tmpfs":
      return [`mount -t tmpfs -o ${quoted(mount.options ?? "mode=0777")} tmpfs ${target}`];
    case "bind":
      return [`mount --bind ${quoted(mount.source)} ${target}`];
    case "read-only":
      // Two calls: mount(2) ignores MS_RDONLY in the call that makes a bind mount.
      return [`mount --bind ${target} ${target}`, `mount -o remount,bind,ro ${target}`];
  }
}

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
