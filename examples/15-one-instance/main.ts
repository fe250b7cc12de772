// A program of which one instance runs at a time. Who comes second is told who is first, and goes on at
// once when that one has been killed: no stale lock file to remove by hand.
import { inspectLock, tryAcquireLock, type Lock } from "@holdfast/lock";

export type Start =
  | { readonly running: true; readonly lock: Lock }
  | { readonly running: false; readonly because: string };

export async function start(dataFolder: string): Promise<Start> {
  const lock = await tryAcquireLock(dataFolder, { purpose: "the server" });
  if (lock !== undefined) return { running: true, lock };
  const { owners } = await inspectLock(dataFolder);
  const [owner] = owners;
  if (owner === undefined) return { running: false, because: "somebody had it a moment ago" };
  const { pid, hostName, purpose, since } = owner;
  return {
    running: false,
    because: `${purpose} runs already: process ${pid} on ${hostName}, since ${since.toISOString()}`,
  };
}

if (import.meta.filename === process.argv[1]) {
  const outcome = await start(process.argv[2] ?? "data");
  if (outcome.running) {
    console.log("running; end it with Ctrl-C, or kill it");
    setInterval(() => outcome.lock.assertHeld(), 1000); // whatever happens: not two of us
  } else {
    console.error(outcome.because);
    process.exitCode = 1;
  }
}
