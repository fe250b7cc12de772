import { closeSync, existsSync, openSync, writeSync } from "node:fs";
import type { ProcessIdentity } from "@holdfast/fs/steps";
import { claimOf, goOf, journalOf, stoppedOf, type JournalEntry } from "../control.ts";
import { die } from "./die.ts";
import { isOrphan } from "./watch-parent.ts";

// Taken before `node:fs` is patched: what is written here is not the program's.
const original = { closeSync, existsSync, openSync, writeSync };
const { pid } = process;

/**
 * What the child tells its parent. Each entry is in the kernel when `write` returns, so that a SIGKILL
 * right after it loses nothing.
 */
export class Journal {
  readonly #folder: string;
  readonly #parent: ProcessIdentity;
  #fd: number | undefined;
  #mine: boolean | undefined;

  constructor(folder: string, parent: ProcessIdentity) {
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
    if (this.#mine === undefined) {
      this.#mine = this.#claimNow();
      if (!this.#mine) this.write({ kind: "elsewhere", pid });
    }
    return this.#mine;
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
      if (waited % 256 === 255 && isOrphan(this.#parent)) die();
    }
  }
}
