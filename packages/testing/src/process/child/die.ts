const kill = process.kill.bind(process);
const { pid } = process;

/** Ends this process as the kernel ends one: no handler runs, nothing is flushed. */
export function die(): never {
  kill(pid, "SIGKILL");
  // The signal is delivered before kill(2) returns (POSIX); this only tells the compiler so.
  for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000);
}

/** The same for all in its process group, if it is the one that a test has started. */
export function dieWithGroup(): never {
  try {
    kill(-pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error; // it leads no group
  }
  return die();
}
