/** Programs for the sweeps: Node knows nothing of TypeScript here, so they are JavaScript in files. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { sweepProcess, type ProcessOutcome } from "../../src/process.ts";
import { tempDir } from "../../../atomic/test/support/temp-dir.ts";

/**
 * The command line of a program with this text, outside of the directory that it works in. The preload
 * module that it loads is the built one.
 */
export function program(text: string, extension: "mjs" | "cjs" = "mjs"): string[] {
  const file = join(tempDir(), `program.${extension}`);
  writeFileSync(file, text);
  return [process.execPath, file];
}

/** For those that write into their working directory. */
export const cwd = (dir: string): string => dir;

/** What the sweep sees of one undisturbed run. */
export async function outcomeOf(
  command: readonly string[],
  prepare: (dir: string) => void = () => {},
): Promise<ProcessOutcome> {
  let seen: ProcessOutcome | undefined;
  const check = (outcome: ProcessOutcome): void => {
    seen = outcome;
  };
  await sweepProcess({ command, cwd, prepare, verb: "kill", only: "undisturbed", check });
  return seen!;
}

/** The calls that count, one line each; throws if the program failed. */
export async function callsOf(
  command: readonly string[],
  prepare?: (dir: string) => void,
): Promise<string[]> {
  const { calls, exit } = await outcomeOf(command, prepare);
  if (exit.code !== 0) throw new Error(`the program failed: ${exit.stderr}`);
  return calls.map(({ text }) => text);
}
