import { isMainThread } from "node:worker_threads";
import type { FileSystem } from "@holdfast/fs/steps";
import { runSync, Operation, unlink } from "@holdfast/fs/steps";

/**
 * The staged files of this thread that exist at the moment, so that they are removed when the
 * process ends with them open: on a normal exit, `process.exit()`, an uncaught error, and on the
 * signals below. Nothing is installed on `process` while there are none.
 */
const staged = new Map<string, FileSystem | undefined>();

/**
 * Installing three signal handlers costs as much as a rename (15 to 20 us on Linux): a program that
 * writes one file after the other keeps them until it has paused for this long.
 */
const idleMs = 10;

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
  if (!isMainThread) return;
  // In front: a listener of `once` is off the list when it runs, and would not be seen behind it.
  for (const signal of signals) process.prependListener(signal, onSignal);
}

/** Call when the name is gone, or when the file must outlive the process. */
export function unregisterStaged(path: string): void {
  if (!staged.delete(path) || staged.size > 0 || removalPlanned) return;
  removalPlanned = true;
  setTimeout(uninstallIfIdle, idleMs).unref();
}

function uninstallIfIdle(): void {
  const later = (): void => {
    busy = false;
    setTimeout(uninstallIfIdle, 50).unref();
  };
  if (staged.size > 0 || busy) return later();
  // A signal that came while other code ran is still on its way through the event loop, and would be
  // lost with its listener: so one round of the loop passes first, in which nothing else ran for long.
  const began = performance.now();
  setImmediate(() => {
    if (staged.size > 0 || busy || performance.now() - began > 1) return later();
    removalPlanned = false;
    uninstall();
  });
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

/** Marks the listener for other copies of this package in the process. */
const mark = Symbol.for("@holdfast/atomic.onSignal");
const onSignal = Object.assign(
  (signal: NodeJS.Signals): void => {
    // Somebody else handles this signal: then it is for them to say whether the process ends, and if
    // it does, "exit" comes. What is being written goes on.
    if (isHandled(signal)) return;
    removeStaged();
    uninstall();
    // Without a listener the default action applies: the parent sees an end by this signal. Listeners
    // that are left are of the same kind, and the last of them does this.
    if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
  },
  { [mark]: true },
);

/**
 * Whether there is a listener that does more than clean up and let the signal end the process. Other
 * copies of this package do only that, and so does signal-exit, which many programs have somewhere:
 * it waits to be alone, as we do, and two that wait for each other would swallow the signal.
 */
function isHandled(signal: NodeJS.Signals): boolean {
  const others = process.listeners(signal).filter((listener) => !(mark in listener));
  return others.length > signalExitListeners();
}

/** How many listeners signal-exit (4, then 3) says it has on each signal. */
function signalExitListeners(): number {
  const emitters = [
    Reflect.get(globalThis, Symbol.for("signal-exit emitter")),
    Reflect.get(process, "__signal_exit_emitter__"),
  ] as readonly ({ readonly count?: unknown } | undefined)[];
  return emitters.reduce((sum, emitter) => sum + (Number(emitter?.count) || 0), 0);
}
