import { missingOn, stateOf, type State, type Tree } from "./tree.ts";

/** What was done, in order: all that a session needs to know. */
type Event =
  | {
      readonly type: "touch" | "look";
      readonly path: string;
      readonly state: State;
      readonly missing: string | undefined;
      readonly turn: string | undefined;
      /** The snapshot made last before it. */
      readonly after: string | undefined;
    }
  | { readonly type: "wrote"; readonly path: string; readonly state: State }
  | { readonly type: "snapshot"; readonly id: string };

export interface ModelSnapshot {
  readonly id: string;
  readonly turn: string;
  readonly kind: "turn" | "restore";
  pinned: boolean;
}

/** A change of one path. */
export interface Change {
  readonly path: string;
  readonly from: State;
  readonly to: State;
  /** Of a directory that goes because it was made for what was in it: itself. Else what is missing on the way. */
  readonly created: string | undefined;
}

export interface ModelRestore {
  readonly id: string;
  readonly snapshot: string;
  readonly before: string;
  readonly changes: readonly Change[];
}

export interface ModelTarget {
  readonly path: string;
  readonly state: State;
  readonly missing: string | undefined;
}

/** The history of a session as its documentation has it: a list of events, and questions answered by going through it. */
export class ModelHistory {
  private readonly top: string;
  private readonly maxFileBytes: number;
  events: Event[] = [];
  snapshots: ModelSnapshot[] = [];
  restores: ModelRestore[] = [];

  constructor(top: string, maxFileBytes: number) {
    this.top = top;
    this.maxFileBytes = maxFileBytes;
  }

  stateOf(tree: Tree, path: string): State {
    return stateOf(tree, this.top, path, this.maxFileBytes);
  }

  touch(tree: Tree, path: string, turn: string): void {
    const missing = missingOn(tree, this.top, path);
    const after = this.snapshots.at(-1)?.id;
    this.events.push({
      type: "touch",
      path,
      state: this.stateOf(tree, path),
      missing,
      turn,
      after,
    });
  }

  look(tree: Tree, path: string): void {
    const missing = missingOn(tree, this.top, path);
    this.events.push({
      type: "look",
      path,
      state: this.stateOf(tree, path),
      missing,
      turn: undefined,
      after: undefined,
    });
  }

  wrote(path: string, state: State): void {
    this.events.push({ type: "wrote", path, state });
  }

  makeSnapshot(snapshot: ModelSnapshot, tree: Tree, looked: Iterable<string>): void {
    for (const path of looked) this.look(tree, path);
    this.events.push({ type: "snapshot", id: snapshot.id });
    this.snapshots.push(snapshot);
  }

  /** A restore touches what it changes. */
  begin(restore: ModelRestore, tree: Tree): void {
    this.restores.push(restore);
    for (const { path, from } of restore.changes) {
      const missing = from.kind === "absent" ? missingOn(tree, this.top, path) : undefined;
      const after = restore.before;
      this.events.push({ type: "touch", path, state: from, missing, turn: undefined, after });
    }
  }

  /** All paths that are tracked. */
  get paths(): string[] {
    const paths = this.events.flatMap((event) =>
      event.type === "touch" || event.type === "look" ? [event.path] : [],
    );
    return [...new Set(paths)].toSorted();
  }

  lastWritten(path: string): State | undefined {
    const last = this.events.findLast((event) => event.type === "wrote" && event.path === path);
    return last?.type === "wrote" ? last.state : undefined;
  }

  hasMade(path: string): boolean {
    return this.events.some(
      (event) => event.type === "wrote" && event.path === path && event.state.kind !== "absent",
    );
  }

  /** The pre-image of a path in a turn: since the last snapshot. */
  preImage(path: string, turn: string): State | undefined {
    const since = this.events.findLastIndex(({ type }) => type === "snapshot");
    for (const event of this.events.slice(since + 1)) {
      if (event.type === "touch" && event.path === path && event.turn === turn) return event.state;
    }
    return undefined;
  }

  targetOf(path: string, id: string): ModelTarget | undefined {
    const at = this.positionOf(id);
    const touches = this.events.filter((event) => event.type === "touch" && event.path === path);
    const before = this.events
      .slice(0, at)
      .findLast(
        (event) => (event.type === "touch" || event.type === "look") && event.path === path,
      );
    const decides =
      touches.find((event) => event.type === "touch" && event.after === id) ??
      before ??
      touches.find((event) => this.events.indexOf(event) > at);
    if (decides?.type !== "touch" && decides?.type !== "look") return undefined;
    return { path, state: decides.state, missing: decides.missing };
  }

  targetsOf(id: string): ModelTarget[] {
    return this.paths.flatMap((path) => this.targetOf(path, id) ?? []);
  }

  /** How many paths were touched between a snapshot and the next. */
  touchedAfter(id: string): number {
    const touched = new Set<string>();
    for (const event of this.events) {
      if (event.type === "touch" && event.after === id) touched.add(event.path);
    }
    return touched.size;
  }

  /** The oldest go; what is pinned stays, and the newest. */
  prune(maxSnapshots: number): string[] {
    const removed: string[] = [];
    for (const { id, pinned } of this.snapshots.slice(0, -1)) {
      if (this.snapshots.length - removed.length <= maxSnapshots) break;
      if (!pinned) removed.push(id);
    }
    this.events = this.events.filter(
      (event) => event.type !== "snapshot" || !removed.includes(event.id),
    );
    this.snapshots = this.snapshots.filter(({ id }) => !removed.includes(id));
    return removed;
  }

  private positionOf(id: string): number {
    return this.events.findIndex((event) => event.type === "snapshot" && event.id === id);
  }
}
