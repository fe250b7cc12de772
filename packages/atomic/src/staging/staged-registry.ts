import { isMainThread } from "node:worker_threads";
import type { FileSystem } from "@holdfast/fs";
import { runSync, Operation, unlink } from "@holdfast/fs/steps";

/**
 * The staged files of this thread that exist at the moment, so that they are removed when the
 * process ends with them open: on a normal exit, `process.exit()`, an uncaught error, and on the
 * signals below. Nothing is installed on `process` while there are none.
 */
const staged = new Map<string, FileSystem | undefined>();

const signals: readonly NodeJS.Signals[] = ["SIGINT", "SIGTERM", "SIGHUP"];
let installed = false;
let removalPlanned = false;
/** Whether a file was staged since the last look. */
let busy = false;

/** Call before the file is created: the process may end while that call is under way. */
export function registerStaged(path: string, fileSystem: FileSystem | undefined): void {
  staged.set(path, fileSystem);
  busy = removalPlanned;
  if (installed) return;
  installed = true;
  process.on("exit", removeStaged);
  // Worker threads get no signals. The main thread's default action ends them too.
  if (isMainThread) for (const signal of signals) process.on(signal, onSignal);
}

/** Call when the name is gone, or when the file must outlive the process. */
export function unregisterStaged(path: string): void {
  if (!staged.delete(path) || staged.size > 0 || removalPlanned) return;
  removalPlanned = true;
  setImmediate(uninstallIfIdle).unref();
}

/**
 * Installing three signal handlers costs as much as a rename (15 to 20 us on Linux): a program that
 * writes one file after the other keeps them until it pauses.
 */
function uninstallIfIdle(): void {
  if (staged.size > 0 || busy) {
    busy = false;
    setTimeout(uninstallIfIdle, 50).unref();
    return;
  }
  removalPlanned = false;
  uninstall();
}

function uninstall(): void {
  installed = false;
  process.off("exit", removeStaged);
  for (const signal of signals) process.off(signal, onSignal);
}

function removeStaged(): void {
  for (const [path, fileSystem] of staged) {
    if (fileSystem !== undefined && fileSystem.unlinkSync === undefined) continue;
    try {
      runSync(unlink(path), new Operation({ op: "removeStaged", path, fileSystem }));
    } catch {
      // The process is ending: there is nobody to tell. `findStagedFiles` still finds it.
    }
  }
  staged.clear();
}

function onSignal(signal: NodeJS.Signals): void {
  // Somebody else handles this signal: then it is for them to say whether the process ends, and if
  // it does, "exit" comes. What is being written goes on.
  if (process.listenerCount(signal) > 1) return;
  removeStaged();
  uninstall();
  // Without a listener the default action applies: the parent sees an end by this signal.
  process.kill(process.pid, signal);
}
