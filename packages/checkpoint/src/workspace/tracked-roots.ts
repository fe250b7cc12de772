import {
  absolute,
  all,
  sameIdentity,
  type FileStats,
  type Operation,
  type Steps,
} from "@holdfast/fs/steps";
import { CaseFolding } from "./case-folding.ts";
import type { TrackedRoot } from "./open-workspace.ts";
import { followFrom, followWay, pathAlong, type Way } from "./way.ts";
import type { Located, TrackedPath, Workspaces } from "./workspaces.ts";

/** The roots of a session, and what in them is left out. */
export class TrackedRoots implements Workspaces {
  private readonly roots: readonly TrackedRoot[];
  private readonly exclude: readonly string[];
  private folding: CaseFolding | undefined;
  /** Keys of what is left out. */
  private excluded: readonly string[] | undefined;

  constructor(roots: readonly TrackedRoot[], exclude: readonly string[]) {
    this.roots = roots;
    this.exclude = exclude;
  }

  *locate(operation: Operation, path: string): Steps<Located> {
    const ways = yield* this.waysOfRoots();
    const way = yield* this.follow(operation, ways, absolute(path));
    const found = this.innermost(ways, way);
    if (found === undefined) return outside(pathAlong(way));
    const { root, rest } = found;
    const place = joinWays(found.way, way, rest);
    const inside = place.names.slice(found.way.names.length).join("/");
    const key = yield* this.foldingOf(operation).keyOf(place);
    const real = pathAlong(place);
    // A root is no entry of itself: it cannot be replaced, and is not removed.
    if (inside === "" || ways.some((other) => isSameNames(other, place))) return outside(real);
    return yield* this.unlessExcluded(operation, { path: real, key, inside, workspace: root });
  }

  *recall(operation: Operation, path: string, key: string | undefined): Steps<Located> {
    const ways = yield* this.waysOfRoots();
    let innermost: TrackedPath | undefined;
    let length = -1;
    for (const [index, way] of ways.entries()) {
      const start = way.names.length === 0 ? pathAlong(way) : `${pathAlong(way)}/`;
      if (!path.startsWith(start) || start.length <= length || path === start) continue;
      length = start.length;
      const workspace = this.roots[index]!;
      innermost = { path, key: key ?? path, inside: path.slice(length), workspace };
    }
    return innermost === undefined
      ? outside(path)
      : yield* this.unlessExcluded(operation, innermost);
  }

  async close(): Promise<void> {
    await Promise.all(this.roots.map((root) => root.close()));
  }

  /** Mostly a path begins with a root, whose own way is known. */
  private *follow({ platform }: Operation, ways: readonly Way[], path: string): Steps<Way> {
    for (const way of ways) {
      const followed = yield* followFrom(way, platform, path);
      if (followed !== undefined) return followed;
    }
    return yield* followWay(platform, path);
  }

  private *waysOfRoots(): Steps<Way[]> {
    return yield* all(this.roots.map((root) => root.way()));
  }

  /**
   * The root that is met last on the way. By identity: a disk that folds case, or is mounted twice, has it under more
   * than one path. By name where it is missing.
   */
  private innermost(
    ways: readonly Way[],
    way: Way,
  ): { root: TrackedRoot; way: Way; rest: number } | undefined {
    for (let rest = way.names.length; rest >= 0; rest--) {
      const met = { top: way.top, names: way.names.slice(0, rest), stats: way.stats };
      const stats = rest === 0 ? undefined : way.stats[rest - 1];
      const index = ways.findIndex(
        (root) => isSameNames(root, met) || isSameDirectory(root.stats.at(-1), stats),
      );
      if (index !== -1) return { root: this.roots[index]!, way: ways[index]!, rest };
    }
    return undefined;
  }

  private foldingOf({ platform }: Operation): CaseFolding {
    return (this.folding ??= new CaseFolding(platform));
  }

  private *unlessExcluded(operation: Operation, tracked: TrackedPath): Steps<Located> {
    const excluded = (this.excluded ??= yield* this.keysOfExcluded(operation));
    const { key, path } = tracked;
    const isIn = excluded.some((left) => key === left || key.startsWith(`${left}/`));
    return isIn ? outside(path) : { inside: tracked };
  }

  /** Of a link that is left out, also what it leads to. */
  private *keysOfExcluded(operation: Operation): Steps<string[]> {
    const folding = this.foldingOf(operation);
    const ways = yield* this.waysOfRoots();
    const keys: string[] = [];
    for (const path of this.exclude) {
      for (const spelling of [path, `${path}/`]) {
        const way = yield* followWay(operation.platform, absolute(spelling));
        const found = this.innermost(ways, way);
        const place = found === undefined ? way : joinWays(found.way, way, found.rest);
        keys.push(yield* folding.keyOf(place));
      }
    }
    return keys;
  }
}

const outside = (path: string): Located => ({ inside: undefined, path, reason: "outside" });

const isSameNames = (a: Pick<Way, "top" | "names">, b: Pick<Way, "top" | "names">): boolean =>
  pathAlong(a) === pathAlong(b);

const isSameDirectory = (a: FileStats | undefined, b: FileStats | undefined): boolean =>
  a?.isDirectory() === true && b?.isDirectory() === true && sameIdentity(a, b) === true;

/** A way by that of the root on it, and what follows from there. */
function joinWays(root: Way, way: Way, from: number): Way {
  return {
    top: root.top,
    names: [...root.names, ...way.names.slice(from)],
    stats: [...root.stats, ...way.stats.slice(from)],
  };
}
