import { atExit, notAtExit, Operation, runAsync } from "@holdfast/fs/steps";
import { AppendLog } from "./append/json-log.ts";
import { openLog } from "./append/open-log.ts";
import type { JsonLog, JsonLogOptions, LogTarget } from "./options.ts";
import { readSettings } from "./append/read-settings.ts";

let opened = 0;

/**
 * Opens a log for appending, one JSON value a line, and creates it (and missing directories) if need be.
 *
 * Any number of processes may append to one log. Promised: an append that was resolved is there, flushed
 * as `durability` says. One that was not resolved may be missing, or cut short at the end of a crash; it never
 * damages the records of others. A record is written by one system call, however long it is.
 *
 * While it is open it holds a share of the lock `<name>.lock`, so that `repairJsonLog` knows that there are
 * writers. If nobody else has the log open, an end without newline is what a crash left, and is healed:
 * a whole record gets its newline, anything else is moved to `<name>.torn-…` beside it. If others have it
 * open, it may be on its way, and is left alone: the first record then begins with a newline, and
 * readers skip empty lines.
 *
 * A log whose file was moved (rotated) or removed, its directory too, is created anew at the next append, with
 * its permission bits (or `mode`); what was written to a file without a name is written again.
 *
 * A log that is not closed does not keep the process alive, but for what is under way, and with
 * `durability: "interval"` for the flush that is due. What waits to be written is written when the process exits.
 *
 * @throws `TypeError` or `RangeError` (`ERR_INVALID_ARG`), before any I/O, for bad options
 * @throws `HoldfastError`, effect `"none"`, or `"partial"` if a new, empty log or a directory stayed, or
 *   its end was healed: the errno of the file system; `ERR_NOT_FILE`, `EISDIR`; `ABORT_ERR`;
 *   `ERR_LOCK_TIMEOUT` while somebody repairs it; `ERR_UNSUPPORTED` where there are no locks
 *
 * @example
 * ```ts
 * await using log = await openJsonLog("session.jsonl");
 * await log.append({ role: "user", text });
 * ```
 */
export async function openJsonLog(
  target: LogTarget,
  options: JsonLogOptions = {},
): Promise<JsonLog> {
  const op = "openJsonLog";
  const settings = readSettings(op, target, options);
  const { file, signal, offload } = settings;
  const { shown: path, fileSystem } = file;
  const operation = new Operation({ op, path, fileSystem, signal, offload });
  const exitKey = `log ${++opened} ${file.path}`;
  // What is undone first was there first: what waits is written before the lock is given back.
  atExit(exitKey, () => {});
  try {
    return new AppendLog(await runAsync(openLog(operation, settings), operation), exitKey);
  } catch (error) {
    notAtExit(exitKey);
    throw error;
  }
}
