/** What becomes of the names in a trace, which is known only at its end. */

import { basename, dirname, resolve } from "node:path";
import { O_CREAT, O_EXCL } from "../calls/constants.ts";
import { looksRandom, looksShortLived } from "./name-patterns.ts";
import type { TracedCall } from "./trace.ts";

export class NameLives {
  /** How each name came to be, as far as the trace knows: the first that it tells of it. */
  readonly #first = new Map<string, "made" | "arrived" | "there">();
  /** Renamed or linked to another name, or meant to be. */
  readonly #moved = new Set<string>();
  readonly #removed = new Set<string>();
  /** By directory: the names that are used in it. */
  readonly #names = new Map<string, Set<string>>();

  constructor(calls: readonly TracedCall[]) {
    for (const call of calls) {
      this.#noteFirst(call);
      const [path] = call.paths as [string];
      if (call.name === "rename" || call.name === "link") this.#moved.add(path);
      if (call.name === "unlink" || call.name === "rmdir") this.#removed.add(path);
      for (const named of namedBy(call)) this.#siblings(named).add(basename(named));
    }
  }

  /**
   * Whether a name is one on the way: made in the trace and moved on, or removed again under a name
   * that a person does not choose; or left there with one that differs from run to run. A name that
   * was there before is none, whatever is done with it.
   */
  isStaged(path: string): boolean {
    const name = basename(path);
    const first = this.#first.get(path);
    if (first === "there") return false;
    if (first === "made" && this.#moved.has(path)) return true;
    const shortLived = this.#moved.has(path) || this.#removed.has(path);
    return shortLived ? looksShortLived(name) : looksRandom(name, this.#siblings(path));
  }

  #siblings(path: string): Set<string> {
    const directory = dirname(path);
    const known = this.#names.get(directory) ?? new Set();
    this.#names.set(directory, known);
    return known;
  }

  #noteFirst(call: TracedCall): void {
    const created = createdBy(call);
    for (const path of namedBy(call)) {
      if (this.#first.has(path)) continue;
      if (call.error !== undefined) {
        if (call.error === "EEXIST" && path === created) this.#first.set(path, "there");
      } else if (path !== created) {
        this.#first.set(path, "there");
      } else if (call.name === "rename") {
        this.#first.set(path, "arrived"); // nobody says whether there was one before
      } else {
        this.#first.set(path, wasThere(call) ? "there" : "made");
      }
    }
  }
}

function wasThere({ name, args, existed, target }: TracedCall): boolean {
  if (name !== "open" || ((args[1] as number) & O_EXCL) !== 0) return false;
  return existed !== false || target !== undefined; // a link that leads nowhere is there too
}

/** The name that a call makes, or means to. */
export function createdBy({ name, args, paths, result }: TracedCall): string | undefined {
  switch (name) {
    case "open":
      return ((args[1] as number) & O_CREAT) === 0 ? undefined : paths[0];
    case "mkdir":
      return paths[0];
    case "mkdtemp":
      return result === undefined ? undefined : resolve((result as string | Buffer).toString());
    case "link":
    case "symlink":
    case "rename":
      return paths[1];
    default:
      return undefined;
  }
}

/** The paths of a call; the text of a symbolic link is none. */
export const namedBy = ({ name, paths }: TracedCall): readonly string[] =>
  name === "symlink" ? paths.slice(1) : paths;
