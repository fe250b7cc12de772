import { Operation, readSignal, runAsync } from "@holdfast/fs/steps";
import { CheckpointSession } from "./checkpoint-session.ts";
import type { Checkpoints } from "./checkpoints.ts";
import type { CheckpointOptions } from "./options.ts";
import { readSessionRequest } from "./read-options.ts";
import { openSession } from "./session/open-session.ts";

/**
 * Opens the history of a session, or begins one.
 *
 * Afterwards this process alone has the session open; every snapshot that was made in it before is there, and
 * so is each pre-image that was taken since, whatever ended the process that took it. A restore that was cut
 * off is in `interrupted`.
 *
 * Promised: the store is 0700 and what is in it 0600, from creation. The files of the roots are read, never written,
 * before a restore is asked for. Not promised: anything on a store whose file system has no hard links (there are no
 * locks), or one that several machines write to at once.
 *
 * @throws `TypeError` or `RangeError` (`ERR_INVALID_ARG`), before any I/O for bad options; also if the store lies
 *   in a root and is not excluded
 * @throws `HoldfastError`, effect `"none"` (directories may have been made): `ERR_LOCK_TIMEOUT` while another process
 *   has the session open, `ERR_JSON_VERSION` if a newer program made the store, `ABORT_ERR`, the errno of the store
 *
 * @example
 * ```ts
 * await using checkpoints = await openCheckpoints({ store, roots: [workspace], session: "demo" });
 * await checkpoints.makeSnapshot("turn 1");
 * await checkpoints.trackBeforeEdit(path, "turn 1");
 * ```
 */
export async function openCheckpoints(options: CheckpointOptions): Promise<Checkpoints> {
  const op = "openCheckpoints";
  const request = readSessionRequest(op, options);
  const { store: path, fileSystem, offload } = request;
  const signal = readSignal(op, options.signal);
  const operation = new Operation({ op, path, fileSystem, signal, offload });
  return new CheckpointSession(await runAsync(openSession(operation, request), operation));
}
