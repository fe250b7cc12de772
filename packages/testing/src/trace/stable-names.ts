import { dirname, relative, resolve, sep } from "node:path";
import { O_CREAT, O_EXCL } from "../calls/constants.ts";
import { commonDirectory, isWithin } from "./paths.ts";
import type { TracedCall, TracedEntry } from "./trace.ts";

/** Paths as a trace shows them: from one directory, and with names that are the same in each run. */
export class StableNames {
  readonly #root: string | undefined;
  /** What stands for the last name of a path. */
  readonly #staged = new Map<string, string>();

  constructor(entries: readonly TracedEntry[], root?: string) {
    const calls = entries.filter((entry) => entry.kind === "call");
    const moved = new Set(calls.filter(renames).map((call) => call.paths[0]!));
    for (const call of calls) this.#nameWhatIsCreated(call, moved);
    const paths = calls.flatMap(({ name, paths: all }) =>
      name === "symlink" ? all.slice(1) : all,
    );
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

  #nameWhatIsCreated(call: TracedCall, moved: ReadonlySet<string>): void {
    const path = createdBy(call);
    if (path === undefined || this.#staged.has(path)) return;
    const name = path.slice(path.lastIndexOf(sep) + 1);
    const onItsWay = call.name === "open" && isExclusive(call) && moved.has(path);
    if (call.name !== "mkdtemp" && !onItsWay && !looksRandom(name)) return;
    const count = this.#staged.size + 1;
    this.#staged.set(path, count === 1 ? "staged" : `staged ${count}`);
  }
}

function createdBy({ name, args, paths, result }: TracedCall): string | undefined {
  switch (name) {
    case "open":
      return ((args[1] as number) & O_CREAT) === 0 ? undefined : paths[0];
    case "mkdir":
      return paths[0];
    case "mkdtemp":
      return result === undefined ? undefined : resolve((result as string | Buffer).toString());
    case "link":
    case "symlink":
      return paths[1];
    default:
      return undefined;
  }
}

const renames = ({ name }: TracedCall): boolean => name === "rename" || name === "link";
const isExclusive = ({ args }: TracedCall): boolean => ((args[1] as number) & O_EXCL) !== 0;

/**
 * Whether a name can be expected to differ from run to run: it has a process id or a time in it, or
 * what generators of names make of random bits. A guess: it errs for names like "utf8mb4".
 */
export function looksRandom(name: string): boolean {
  const parts = name.split(/[^A-Za-z0-9]+/);
  if (/~$|\b(te?mp|part|swp)\b/i.test(name) && parts.some((part) => /\d/.test(part))) return true;
  return parts.some((part) => {
    if (/^\d{3,}$/.test(part)) return true;
    // Letters and digits in turn: "k3j9x2", "aB3dEf", "0c5e3f", and not "version2" or "readMe".
    const runs = part.match(/[A-Z]?[a-z]+|[A-Z]+|\d+/g) ?? [];
    return part.length >= 6 && runs.length >= 3 && part.length / runs.length <= 2;
  });
}
