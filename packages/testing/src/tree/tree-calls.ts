/** The calls of `node:fs` that reading and writing a tree takes, made in whichever face there is. */

import { invalidCombination } from "@holdfast/fs/steps";
import { memberOf, type FileSystemLike } from "../calls/node-file-system.ts";
import { bytesOfName } from "../memory/names.ts";

/** A method of `node:fs/promises` with what to call it with; the answer is what it returns. */
type TreeCall = readonly [method: string, ...args: readonly unknown[]];
// The answers are of as many types as there are methods.
// oxlint-disable-next-line typescript/no-explicit-any
export type TreeSteps<Result> = Generator<TreeCall, Result, any>;

/** Makes the calls with the `…Sync` methods. */
export function runTreeSync<Result>(
  op: string,
  fs: FileSystemLike,
  steps: TreeSteps<Result>,
): Result {
  let step = steps.next();
  while (step.done !== true) {
    const [name, ...args] = step.value;
    const method = methodOf(op, fs, `${name}Sync`);
    let answer: unknown;
    try {
      answer = method(...args);
    } catch (error) {
      step = steps.throw(error);
      continue;
    }
    step = steps.next(answer);
  }
  return step.value;
}

/** Makes them with the promises of a file system that has no `…Sync` methods. */
export async function runTree<Result>(
  op: string,
  fs: FileSystemLike,
  steps: TreeSteps<Result>,
): Promise<Result> {
  if (typeof memberOf(fs, "readdirSync") === "function") return runTreeSync(op, fs, steps);
  const promises = (fs.promises ?? fs) as FileSystemLike;
  let step = steps.next();
  while (step.done !== true) {
    const [name, ...args] = step.value;
    const method = methodOf(op, promises, name);
    let answer: unknown;
    try {
      answer = await method(...args);
    } catch (error) {
      step = steps.throw(error);
      continue;
    }
    step = steps.next(answer);
  }
  return step.value;
}

function methodOf(
  op: string,
  fs: FileSystemLike,
  name: string,
): (...args: readonly unknown[]) => unknown {
  const method = memberOf(fs, name);
  if (typeof method !== "function") throw invalidCombination(op, `"fs.${name}" is not a function`);
  return (...args) => Reflect.apply(method, fs, args) as unknown;
}

const loneSurrogate = /\p{Surrogate}/u;

/** A path that a string can hold is passed as one: not every file system takes bytes. */
export function bytesIfNeeded(path: string): string | Buffer {
  return loneSurrogate.test(path) ? bytesOfName(path) : path;
}
