import { closeSync, existsSync, openSync, writeSync } from "node:fs";
import { claimOf, goOf, journalOf, stoppedOf, type JournalEntry } from "../control.ts";

// Taken before `node:fs` is patched: what is written here is not the program's.
const original = { closeSync, existsSync, openSync, writeSync };
const kill = process.kill.bind(process);
const { pid } = process;

/**
 * What the child tells its parent. Each entry is in the kernel when `write` returns, so that a SIGKILL
 * right after it loses nothing.
 */
export class Journal {
  readonly #folder: string;
  readonly #parent: number;
  #fd: number | undefined;
  #mine: boolean | undefined;

  constructor(folder: string, parent: number) {
    this.#folder = folder;
    this.#parent = parent;
  }

  /** Appends: the processes of one program share the journal. */
  write(entry: JournalEntry): void {
    this.#fd ??= original.openSync(journalOf(this.#folder), "a");
    original.writeSync(this.#fd, `${JSON.stringify(entry)}\n`);
  }

  /** Whether this process is the one that is swept: the first that asks. */
  claim(): boolean {
    return (this.#mine ??= this.#claimNow());
  }

  #claimNow(): boolean {
    try {
      const fd = original.openSync(claimOf(this.#folder), "wx");
      original.writeSync(fd, String(pid));
      original.closeSync(fd);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
      throw error;
    }
  }

  /** Blocks the thread, and so every call that would come next, until the parent lets it go on. */
  stop(): void {
    original.closeSync(original.openSync(stoppedOf(this.#folder), "w"));
    const nothing = new Int32Array(new SharedArrayBuffer(4));
    for (let waited = 0; !original.existsSync(goOf(this.#folder)); waited++) {
      Atomics.wait(nothing, 0, 0, 1);
      // A parent that is gone will never answer.
      if (waited % 256 === 255 && !isAlive(this.#parent)) die();
    }
  }
}

/** Ends this process as the kernel ends one: no handler runs, nothing is flushed. */
export function die(): never {
  kill(pid, "SIGKILL");
  // The signal is delivered before kill(2) returns (POSIX); this only tells the compiler so.
  for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000);
}

/** Whether there is such a process (or somebody else's of that number). */
export function isAlive(other: number): boolean {
  try {
    return kill(other, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
