import { type Steps, wait } from "@holdfast/fs/steps";

/** One after the other for each key, in the order of the calls. */
export class Turns {
  private readonly last = new Map<string, Promise<void>>();

  *take<T>(key: string, steps: () => Steps<T>): Steps<T> {
    const before = this.last.get(key);
    let end!: () => void;
    const own = new Promise<void>((resolve) => (end = resolve));
    // Who gives up waiting hands on only when those before it have ended.
    const chain = before === undefined ? own : before.then(() => own);
    this.last.set(key, chain);
    try {
      if (before !== undefined) yield* wait(before);
      return yield* steps();
    } finally {
      end();
      if (this.last.get(key) === chain) this.last.delete(key);
    }
  }
}
