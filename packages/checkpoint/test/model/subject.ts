import { type Checkpoints, openCheckpoints } from "../../src/index.ts";
import { type Change, ModelHistory, type ModelRestore } from "./history.ts";
import type { Tree } from "./tree.ts";
import { Process, type World } from "./world.ts";

const maxFileBytes = 64;
export const maxSnapshots = 3;

/** A restore that was killed, and what the workspace was before, when it died, and would be after. */
export interface Pending {
  readonly restore: ModelRestore;
  readonly before: Tree;
  readonly atDeath: Tree;
  readonly after: Tree;
  readonly arrived: readonly Change[];
}

type Called<T> = { readonly value: T } | { readonly error: unknown } | "killed";

/** How often sequences came to something: what none of them comes to is not tested. */
export type Reached = Map<string, number>;

/** A session that is open, the model of it, and the process that it is in. */
export class Subject {
  readonly world: World;
  readonly history: ModelHistory;
  pending: Pending | undefined;
  /** Answers of `trackBeforeEdit` that need no I/O, by path as given and turn. */
  readonly receipts: Map<string, string> = new Map();
  /** What happened to the model is not known any more, by rights: the rest is left out. */
  isOver = false;
  process!: Process;
  checkpoints!: Checkpoints;
  private readonly reached: Reached;

  constructor(world: World, reached: Reached) {
    this.world = world;
    this.reached = reached;
    this.history = new ModelHistory(world.work, maxFileBytes);
  }

  async open(): Promise<void> {
    const { store, work } = this.world;
    this.process = new Process(this.world);
    this.checkpoints = await openCheckpoints({
      store,
      roots: [work],
      session: "model",
      retention: "manual",
      limits: { maxFileBytes, maxSnapshots },
      lockTimeoutMs: 0,
      fileSystem: this.process.fs,
    });
    this.receipts.clear();
  }

  /** The dead one lets go of what it has in memory; its locks are those of a process which is no more. */
  async openAfterDeath(): Promise<void> {
    this.process.dieAfter(0);
    await this.checkpoints.close().catch(() => {});
    const { fs, store } = this.world;
    for (const folder of [store, `${store}/sessions/model`]) {
      for (const name of fs.readdirSync(folder) as string[]) {
        if (name.includes(".lock")) fs.rmSync(`${folder}/${name}`, { recursive: true });
      }
    }
    await this.open();
  }

  async call<T>(work: (checkpoints: Checkpoints) => Promise<T>): Promise<Called<T>> {
    let called: Called<T>;
    try {
      called = { value: await work(this.checkpoints) };
    } catch (error) {
      called = { error };
    }
    if (!this.process.isDead) return called;
    await this.openAfterDeath();
    return "killed";
  }

  /** A call that may be made again when the process died in it: twice is as good as once. */
  async insist<T>(
    work: (checkpoints: Checkpoints) => Promise<T>,
  ): Promise<{ readonly value: T; readonly again: boolean }> {
    let called = await this.call(work);
    const again = called === "killed";
    if (called === "killed") called = await this.call(work);
    if (called === "killed") throw new Error("died twice");
    if ("error" in called) throw called.error;
    return { value: called.value, again };
  }

  absolute(name: string): string {
    return `${this.world.work}/${name}`;
  }

  isOutside(path: string): boolean {
    return !path.startsWith(`${this.world.work}/`);
  }

  choose(which: number): string | undefined {
    const { snapshots } = this.history;
    return snapshots[which % snapshots.length]?.id;
  }

  reach(what: string): void {
    this.reached.set(what, (this.reached.get(what) ?? 0) + 1);
  }
}
