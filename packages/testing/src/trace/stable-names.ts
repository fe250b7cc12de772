import { dirname, relative, resolve, sep } from "node:path";
import { createdBy, NameLives, namedBy } from "./name-lives.ts";
import { commonDirectory, isWithin } from "./paths.ts";
import type { TracedCall, TracedEntry } from "./trace.ts";

/** Paths as a trace shows them: from one directory, and with names that are the same in each run. */
export class StableNames {
  readonly #root: string | undefined;
  /** What stands for the last name of a path. */
  readonly #staged = new Map<string, string>();

  constructor(entries: readonly TracedEntry[], root?: string) {
    const calls = entries.filter((entry) => entry.kind === "call");
    const lives = new NameLives(calls);
    for (const call of calls) {
      const path = createdBy(call);
      if (path === undefined || this.#staged.has(path)) continue;
      if (call.name !== "mkdtemp" && !lives.isStaged(path)) continue;
      const count = this.#staged.size + 1;
      this.#staged.set(path, count === 1 ? "staged" : `staged ${count}`);
    }
    const paths = calls.flatMap(namedBy);
    this.#root = root === undefined ? this.#outside(commonDirectory(paths), calls) : resolve(root);
  }

  show(path: string): string {
    if (this.#root === undefined || !isWithin(this.#root, path)) return this.#withStaged(path);
    const shown = relative(this.#root, this.#withStaged(path));
    return shown === "" ? "." : shown;
  }

  /** A directory that was made has a name of its own: it is shown from the one that it was made in. */
  #outside(common: string | undefined, calls: readonly TracedCall[]): string | undefined {
    const created = new Set(calls.map(createdBy));
    let root = common;
    while (root !== undefined && created.has(root)) root = dirname(root);
    return root;
  }

  #withStaged(path: string): string {
    const parent = dirname(path);
    if (parent === path || path === this.#root) return path;
    const start = this.#withStaged(parent);
    const name =
      this.#staged.get(path) ??
      path.slice(parent.endsWith(sep) ? parent.length : parent.length + 1);
    return start.endsWith(sep) ? start + name : start + sep + name;
  }
}
