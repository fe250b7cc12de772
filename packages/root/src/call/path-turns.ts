import { wait, type Steps } from "@holdfast/fs/steps";

/** One call's search for its place. */
export interface Search {
  /** Waits for the searches that began before: their calls go ahead in the same moment. */
  afterEarlier(): Steps<void>;
  /** Whether no other call is looking: then none can overtake this one now. */
  isAlone(): boolean;
  /** It is found, or there will be none. */
  found(): void;
}

/** A search takes microseconds. One that takes this long is stuck, and must not hold up all others. */
const longestSearchMs = 1000;

/**
 * Writes to one path run in the order in which they were asked for: finding the place takes trips to
 * the thread pool, and a later call could overtake an earlier one on the way. Two spellings of one file
 * are brought together by the replacement itself, in the order in which it is called: so a call whose
 * place is found waits until all that began before it have found theirs.
 */
export class PathTurns {
  /** The end of all searches that have begun; how many are under way. */
  private searches: Promise<unknown> | undefined;
  private searching = 0;
  private readonly last = new Map<string, Promise<void>>();

  /** Says that a call has begun to look for its place. */
  search(): Search {
    let end!: () => void;
    const mine = new Promise<void>((resolve) => {
      end = resolve;
    });
    const earlier = this.searches;
    const all = earlier === undefined ? mine : Promise.all([earlier, mine]);
    this.searches = all;
    this.searching++;
    let over = false;
    return {
      isAlone: () => this.searching === 1,
      found: () => {
        if (over) return;
        over = true;
        end();
        if (--this.searching === 0) this.searches = undefined;
      },
      *afterEarlier() {
        if (earlier !== undefined) yield* wait(orAfter(earlier, longestSearchMs));
      },
    };
  }

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

function orAfter(event: Promise<unknown>, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    void event.then(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
