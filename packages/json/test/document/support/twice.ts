/** A call in both forms, each in a directory of its own: what they return, throw and leave must be the same. */

import { readdirSync, readFileSync, lstatSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { tempDir } from "../../../../atomic/test/support/temp-dir.ts";
import * as json from "../../../src/index.ts";

type Answer<T> = T | Promise<T>;

/** The functions by the names of their asynchronous forms, in one of the two. */
export interface Functions {
  readonly half: "async" | "sync";
  readonly readJson: (target: json.JsonTarget, options?: object) => Answer<unknown>;
  readonly readJsonIfExists: (target: json.JsonTarget, options?: object) => Answer<unknown>;
  readonly writeJson: (
    target: json.JsonTarget,
    value: unknown,
    options?: object,
  ) => Answer<json.ReplaceFileReceipt | undefined>;
  readonly updateJson: (
    target: json.JsonTarget,
    // oxlint-disable-next-line typescript/no-explicit-any -- each test knows what is in its file
    fn: (value: any) => unknown,
    options?: object,
  ) => Answer<unknown>;
}

export const asynchronous: Functions = { half: "async", ...json };
export const synchronous: Functions = {
  half: "sync",
  readJson: json.readJsonSync,
  readJsonIfExists: json.readJsonIfExistsSync,
  writeJson: json.writeJsonSync,
  updateJson: json.updateJsonSync,
};
export const halves: readonly Functions[] = [asynchronous, synchronous];

/** How a call ended: a value, or what can be said of what it threw. */
export interface Ended {
  readonly value?: unknown;
  readonly error?: Error & Record<string, unknown>;
}

/** How a call ended, and what is in the directory now. */
export interface Outcome extends Ended {
  readonly dir: string;
  readonly files: Readonly<Record<string, string>>;
}

/** Calls a function to its end, whatever that is. */
export async function endOf(call: () => unknown): Promise<Ended> {
  try {
    return { value: await call() };
  } catch (error) {
    return { error: error as Ended["error"] & {} };
  }
}

/** Makes a call in both forms, and returns how the asynchronous one ended. */
export async function twice(
  call: (json: Functions, dir: string) => unknown,
  prepare: (dir: string) => unknown = () => {},
): Promise<Outcome> {
  const outcomes: Outcome[] = [];
  for (const half of halves) {
    const dir = tempDir();
    await prepare(dir);
    const ended = await endOf(() => call(half, dir));
    outcomes.push({ ...ended, dir, files: filesIn(dir) });
  }
  const [one, other] = outcomes.map(compared);
  expect(other).toEqual(one);
  return outcomes[0]!;
}

/** Every name in a directory with its content, or with what it is. */
export function filesIn(dir: string): Record<string, string> {
  const files: Record<string, string> = {};
  for (const name of readdirSync(dir, { recursive: true, encoding: "utf8" }).toSorted()) {
    const stats = lstatSync(join(dir, name));
    files[name] = stats.isFile() ? readFileSync(join(dir, name), "latin1") : kindOf(stats);
  }
  return files;
}

const kindOf = (stats: ReturnType<typeof lstatSync>): string =>
  stats!.isDirectory() ? "<directory>" : stats!.isSymbolicLink() ? "<link>" : "<other>";

/** Without what two directories and two names cannot have in common. */
function compared({ value, error, dir, files }: Outcome): unknown {
  const { path, bytes, ...receipt } = (value ?? {}) as Record<string, unknown>;
  const same = (text: unknown): string =>
    String(text)
      .replaceAll(dir, "<dir>")
      .replaceAll(/\b(read\w+|write\w+|update\w+)Sync\b/g, "$1");
  if (error === undefined) {
    const isReceipt = typeof path === "string" && typeof bytes === "number";
    return isReceipt
      ? { ...receipt, bytes, path: same(path), version: "", files }
      : { value, files };
  }
  const { cause, stack: _stack, ...fields } = error;
  return {
    fields: Object.fromEntries(Object.entries(fields).map(([key, one]) => [key, same(one)])),
    name: error.name,
    message: same(error.message),
    cause: (cause as { code?: unknown } | undefined)?.code,
    files,
  };
}
