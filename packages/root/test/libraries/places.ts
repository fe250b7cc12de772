import {
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { tempDir } from "../../../atomic/test/support/temp-dir.ts";
import { openRoot, type Root, type RootOptions } from "../../src/index.ts";

/** Two directories for one library: one that it is to work in, and one that is none of its business. */
export interface Places {
  readonly inside: string;
  readonly outside: string;
  readonly root: Root;
  /** Everything below `outside`, as it was made: for `toEqual`. */
  readonly untouched: readonly string[];
}

/** Nothing is flushed: that is tested elsewhere, and libraries make many small calls. */
export async function makePlaces(options: RootOptions = {}): Promise<Places> {
  const folder = tempDir();
  const inside = join(folder, "inside");
  const outside = join(folder, "outside");
  mkdirSync(inside);
  mkdirSync(join(outside, "directory"), { recursive: true });
  writeFileSync(join(outside, "canary"), "canary");
  writeFileSync(join(outside, "directory", "a.txt"), "canary");
  const root = await openRoot(inside, { durable: false, ...options });
  onTestFinished(() => root.close());
  return { inside, outside, root, untouched: treeOf(outside) };
}

/** Ways out that somebody has put there: to a directory, to a file, and to what is not there yet. */
export function plantLinks({ inside, outside }: Places): void {
  symlinkSync("../outside/directory", join(inside, "to-directory"));
  symlinkSync(join(outside, "canary"), join(inside, "to-file"));
  symlinkSync("../outside/new", join(inside, "to-nothing"));
}

/** A line per entry: what is in a tree, apart from times. */
export function treeOf(directory: string, skip: (path: string) => boolean = () => false): string[] {
  return [...linesOf(directory, "")].filter((line) => !skip(line)).toSorted();
}

function* linesOf(top: string, below: string): Generator<string> {
  for (const entry of readdirSync(join(top, below), { withFileTypes: true })) {
    const path = join(below, entry.name);
    const full = join(top, path);
    if (entry.isSymbolicLink()) {
      yield `${path} -> ${readlinkSync(full)}`;
      continue;
    }
    const mode = (lstatSync(full).mode & 0o777).toString(8);
    if (!entry.isDirectory()) {
      yield `${path} ${mode} ${readFileSync(full, "latin1")}`;
      continue;
    }
    yield `${path}/ ${mode}`;
    yield* linesOf(top, path);
  }
}

/** The code with which a call failed; `"ok"` if it did not. */
export async function codeOf(call: Promise<unknown>): Promise<unknown> {
  try {
    await call;
    return "ok";
  } catch (error) {
    return (error as { code?: unknown }).code ?? error;
  }
}
