/** Why a duty is done: this process exits, or a signal would end it. */
type Ending = "exit" | NodeJS.Signals;

type Duty = (ending: Ending) => void;

/** What a terminal, a test runner or an operating system ends a process with, and can be caught. */
const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

const duties = new Set<Duty>();

function doAll(ending: Ending): void {
  const failures: unknown[] = [];
  // The youngest first: processes are ended before their directories are removed.
  for (const duty of [...duties].toReversed()) {
    try {
      duty(ending);
    } catch (error) {
      failures.push(error); // a directory that cannot be removed must not keep a process alive
    }
  }
  if (failures.length > 0) throw failures[0];
}

const onExit = (): void => doAll("exit");

function onSignal(signal: NodeJS.Signals): void {
  try {
    doAll(signal);
  } finally {
    duties.clear();
    stopListening();
    // Nobody else listens: without us the signal had ended this process, and whoever waits for it is
    // to see that. Else those who listen are called next, and decide.
    if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
  }
}

function startListening(): void {
  process.on("exit", onExit);
  // First of all: a listener that was added with `once` is gone from the list when it has been called,
  // and one that ends the process leaves no time.
  for (const signal of signals) process.prependListener(signal, onSignal);
}

function stopListening(): void {
  process.off("exit", onExit);
  for (const signal of signals) process.off(signal, onSignal);
}

/**
 * Runs `duty` when this process exits or gets a signal that asks it to, unless the returned function
 * was called before: for a test runner that gives up waiting, a Ctrl-C, a `process.exit` in a check.
 * Listens only as long as there is a duty.
 */
export function atExit(duty: Duty): () => void {
  if (duties.size === 0) startListening();
  duties.add(duty);
  return () => {
    if (duties.delete(duty) && duties.size === 0) stopListening();
  };
}
