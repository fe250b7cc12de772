import { wait, type Steps } from "@holdfast/fs/steps";

/**
 * Writes to one path run in the order in which they were asked for: finding the place takes trips to
 * the thread pool, and a later call could overtake an earlier one on the way. Only the spelling counts
 * here; two spellings of one file are brought together by the replacement itself.
 */
export class PathTurns {
  private readonly last = new Map<string, Promise<void>>();

  *take<T>(path: string, steps: () => Steps<T>): Steps<T> {
    const before = this.last.get(path);
    let end!: () => void;
    const mine = new Promise<void>((resolve) => {
      end = resolve;
    });
    // An aborted call leaves the line at once, but whoever is behind still waits for those before it.
    const over = before === undefined ? mine : Promise.all([before, mine]).then(() => {});
    this.last.set(path, over);
    try {
      if (before !== undefined) yield* wait(before);
      return yield* steps();
    } finally {
      end();
      void over.then(() => {
        if (this.last.get(path) === over) this.last.delete(path);
      });
    }
  }
}
