import {
  invalidCombination,
  invalidType,
  Refusal,
  type Effect,
  type Steps,
} from "@holdfast/fs/steps";
import { isPromise } from "@holdfast/atomic/steps";
import { readFlag } from "../call/policy.ts";
import type { RootCall } from "../call/root-call.ts";
import type { CopyTreeOptions } from "../options.ts";
import { TreeBudget } from "./tree-budget.ts";

/** One call of `cp`: what was asked for, and what has come of it so far. */
export class CopyRun {
  readonly call: RootCall;
  readonly recursive: boolean;
  readonly preserveTimestamps: boolean;
  readonly budget: TreeBudget;
  readonly filter: CopyTreeOptions["filter"];
  private readonly force: boolean;
  private readonly errorOnExist: boolean;
  /** Whether it is about one entry and not a tree. */
  single = false;
  private changed = false;

  constructor(call: RootCall, options: CopyTreeOptions) {
    const { method } = call;
    this.call = call;
    this.recursive = readFlag(method, "recursive", options.recursive, false);
    this.force = readFlag(method, "force", options.force, true);
    this.errorOnExist = readFlag(method, "errorOnExist", options.errorOnExist, false);
    this.preserveTimestamps = readFlag(
      method,
      "preserveTimestamps",
      options.preserveTimestamps,
      false,
    );
    this.budget = new TreeBudget(method, options);
    if ((options as { dereference?: unknown }).dereference === true) {
      throw invalidCombination(method, '"dereference" is not there: links are copied as they are');
    }
    this.filter = options.filter;
    if (this.filter !== undefined && typeof this.filter !== "function") {
      throw invalidType(method, "filter", "a function", this.filter);
    }
  }

  /** Whether the caller wants it. @throws `ERR_HOOK` */
  accepts(source: string, destination: string): boolean {
    if (this.filter === undefined) return true;
    let answer: unknown;
    try {
      answer = this.filter(source, destination);
    } catch (error) {
      throw new Refusal("ERR_HOOK", { problem: '"filter" failed', cause: error });
    }
    if (!isPromise(answer)) return Boolean(answer);
    answer.then(undefined, () => {}); // its failure has nobody else to go to
    // A promise is true: what it would have left out would be copied.
    throw new Refusal("ERR_HOOK", { problem: '"filter" returned a promise' });
  }

  /** Whether what exists is replaced: otherwise it stays. @throws `EEXIST` */
  get replaces(): boolean {
    if (!this.force && this.errorOnExist) throw new Refusal("EEXIST");
    return this.force;
  }

  /** Whether a file that is made may take the place of one that comes at the same moment. */
  get exclusive(): boolean {
    return !this.force;
  }

  /** Something was made on the way. */
  note(): void {
    this.changed = true;
    this.call.operation.effect = "partial";
  }

  /**
   * Makes one of many changes: what the operation says then is of all of them, and the signal counts
   * again for the next.
   */
  *change<T>(steps: Steps<T>): Steps<T> {
    const { operation } = this.call;
    let done = false;
    operation.effect = "none";
    try {
      const value = yield* steps;
      done = true;
      return value;
    } finally {
      operation.committed = false;
      const effect = operation.effect as Effect;
      const complete = done || effect === "complete";
      this.changed ||= complete;
      if (this.single && complete) operation.effect = "complete";
      else if (this.changed) operation.effect = "partial";
    }
  }
}
