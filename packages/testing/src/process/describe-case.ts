import {
  closeSync,
  openSync,
  readSync,
  readdirSync,
  readlinkSync,
  statSync,
  type Dirent,
} from "node:fs";
import { join } from "node:path";
import type { Disturbance, ProcessExit, ProcessOutcome } from "./outcome.ts";

const shownLines = 30;
const shownBytes = 60;

/** The calls, one line each, with what was done to them. */
export function describeCalls({ calls, disturbed }: ProcessOutcome): string[] {
  return calls.map(({ index, text, error }) => {
    const failed = error === undefined ? "" : `: ${error}`;
    const here = disturbed?.call.index === index;
    return `${index} ${text}${failed}${here ? `   <- ${deedOf(disturbed)}` : ""}`;
  });
}

function deedOf({ verb, when }: Disturbance): string {
  if (verb === "fail") return "made to fail";
  return `${verb === "kill" ? "killed" : "raced"} ${when}`;
}

/** How the program ended, and what is in its directory. */
export function describeState(dir: string, exit: ProcessExit): string[] {
  const end = exit.signal === null ? `exit code ${exit.code}` : exit.signal;
  const said = exit.stderr
    .trimEnd()
    .split("\n")
    .slice(-5)
    .filter((line) => line !== "");
  return [
    `ended: ${end}`,
    ...said.map((line) => `stderr: ${line}`),
    ...shortened(treeOf(dir)).map((line) => `on disk: ${line}`),
  ];
}

function shortened(lines: readonly string[]): string[] {
  if (lines.length === 0) return ["nothing"];
  if (lines.length <= shownLines) return [...lines];
  return [...lines.slice(0, shownLines), `… and ${lines.length - shownLines} more`];
}

function treeOf(dir: string, below = ""): string[] {
  return entriesOf(join(dir, below))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(below, entry.name);
      return [lineOf(dir, path, entry), ...(entry.isDirectory() ? treeOf(dir, path) : [])];
    });
}

/** A program may take from its directories what a test needs to look into them. */
function unlessForbidden<Result>(look: () => Result, otherwise: Result): Result {
  try {
    return look();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EACCES") return otherwise;
    throw error;
  }
}

const entriesOf = (directory: string): Dirent[] =>
  unlessForbidden(() => readdirSync(directory, { withFileTypes: true }), []);

function lineOf(dir: string, path: string, entry: Dirent): string {
  const whole = join(dir, path);
  if (entry.isDirectory()) return `${path}/`;
  if (entry.isSymbolicLink()) return `${path} => ${readlinkSync(whole)}`;
  if (!entry.isFile()) return `${path} (no regular file)`;
  const { size } = statSync(whole);
  const text = unlessForbidden(() => JSON.stringify(startOf(whole)), "?");
  return size > shownBytes ? `${path} = ${text}… (${size} bytes)` : `${path} = ${text}`;
}

function startOf(file: string): string {
  const fd = openSync(file, "r");
  try {
    const start = Buffer.alloc(shownBytes);
    return start.subarray(0, readSync(fd, start, 0, shownBytes, 0)).toString();
  } finally {
    closeSync(fd);
  }
}

/** What is wrong, in one line. */
export const firstLineOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split("\n", 1)[0]!;
