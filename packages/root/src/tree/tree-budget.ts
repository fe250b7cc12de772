import { Refusal } from "@holdfast/fs/steps";
import { readBytes } from "../call/policy.ts";
import type { TreeBudget as Options } from "../options.ts";

/** Counts what a call meets in a tree. */
export class TreeBudget {
  private readonly maxEntries: number;
  private readonly maxDepth: number;
  private met = 0;

  constructor(op: string, { maxEntries, maxDepth }: Options) {
    this.maxEntries = readBytes(op, "maxEntries", maxEntries, Infinity);
    this.maxDepth = readBytes(op, "maxDepth", maxDepth, Infinity);
  }

  /**
   * Counts what a directory holds, before anything is done with it.
   *
   * @param depth 0 for what the first directory holds
   * @throws `ERR_TOO_LARGE`
   */
  meet(depth: number, entries: number): void {
    this.met += entries;
    if (this.met > this.maxEntries) {
      throw new Refusal("ERR_TOO_LARGE", {
        problem: `the tree has more than the ${this.maxEntries} entries allowed`,
      });
    }
    if (depth > this.maxDepth && entries > 0) {
      throw new Refusal("ERR_TOO_LARGE", {
        problem: `the tree is deeper than the ${this.maxDepth} directories allowed`,
      });
    }
  }
}
