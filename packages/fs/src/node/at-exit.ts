/**
 * What this thread still has to undo when the process ends: on a normal exit, `process.exit()`, an
 * uncaught error, and on the signals below. Nothing is installed on `process` while there is nothing.
 */

import { isMainThread } from "node:worker_threads";

const actions = new Map<string, () => void>();

/**
 * Installing three signal handlers costs as much as a rename (15 to 20 us on Linux): a program that
 * writes one file after the other keeps them until it has paused for this long.
 */
const idleMs = 10;

const signals: readonly NodeJS.Signals[] = ["SIGINT", "SIGTERM", "SIGHUP"];
let installed = false;
let removalPlanned = false;
/** Whether something was added since the last look. */
let busy = false;

/**
 * Has `action` called when the process ends, synchronously. What it throws is swallowed: there is nobody
 * to tell.
 *
 * @param key for `notAtExit`; anything that names what is to be undone
 */
export function atExit(key: string, action: () => void): void {
  actions.set(key, action);
  busy = removalPlanned;
  if (installed) return;
  installed = true;
  process.on("exit", undoAll);
  // Worker threads get no signals. The main thread's default action ends them too.
  if (!isMainThread) return;
  // In front: a listener of `once` is off the list when it runs, and would not be seen behind it.
  for (const signal of signals) process.prependListener(signal, onSignal);
}

/** It is undone, or must outlive the process. */
export function notAtExit(key: string): void {
  if (!actions.delete(key) || actions.size > 0 || removalPlanned) return;
  removalPlanned = true;
  setTimeout(uninstallIfIdle, idleMs).unref();
}

function uninstallIfIdle(): void {
  const later = (): void => {
    busy = false;
    setTimeout(uninstallIfIdle, 50).unref();
  };
  if (actions.size > 0 || busy) return later();
  // A signal that came while other code ran is still on its way through the event loop, and would be
  // lost with its listener: so one round of the loop passes first, in which nothing else ran for long.
  const began = performance.now();
  setImmediate(() => {
    if (actions.size > 0 || busy || performance.now() - began > 1) return later();
    removalPlanned = false;
    uninstall();
  });
}

function uninstall(): void {
  installed = false;
  process.off("exit", undoAll);
  for (const signal of signals) process.off(signal, onSignal);
}

function undoAll(): void {
  for (const action of actions.values()) {
    try {
      action();
    } catch {
      // The process is ending: there is nobody to tell.
    }
  }
  actions.clear();
}

/** Marks the listener for other copies of this package in the process. */
const mark = Symbol.for("@holdfast/fs.onSignal");
const onSignal = Object.assign(
  (signal: NodeJS.Signals): void => {
    // Somebody else handles this signal: then it is for them to say whether the process ends, and if
    // it does, "exit" comes. What is being written goes on.
    if (isHandled(signal)) return;
    undoAll();
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
