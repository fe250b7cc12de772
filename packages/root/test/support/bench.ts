/** Where calls are compared: one side acts on its own copy of a tree, and what it did is told. */

import * as fs from "node:fs";
import { mkdirSync, mkdtempSync } from "node:fs";
import { join } from "node:path";
import { readTreeSync, writeTree } from "@holdfast/testing";
import type { RootSyncOptions } from "../../src/index.ts";
import { removeTree } from "../../../atomic/test/support/temp-dir.ts";
import { outcomeOf, type Outcome } from "./outcome.ts";
import type { OpenSide, Side } from "./sides.ts";
import type { Path, Surface } from "./surface.ts";

/**
 * A tree to act on. The root is the directory `root` in it; what is beside that is outside. Parts that
 * depend on where it is stand in functions of its path.
 */
export interface Fixture {
  readonly lines: (base: string) => readonly string[];
  /** What the lines cannot say. */
  readonly extras?: (base: string) => void;
  /** Undoes what calls may have done to things that copies share. */
  readonly restore?: () => void;
}

/** What a call came to, and the whole tree afterwards, outside included. */
export interface Act {
  readonly outcome: Outcome;
  readonly tree: readonly string[];
}

interface Stage extends OpenSide {
  readonly base: string;
  readonly before: readonly string[];
  used: boolean;
}

/** One side with its copies of a tree. A copy that was not changed serves again. */
export class Bench {
  private readonly side: Side;
  private readonly fixture: Fixture;
  private readonly parent: string;
  private readonly options: RootSyncOptions;
  private stage: Stage | undefined;

  constructor(side: Side, fixture: Fixture, parent: string, options: RootSyncOptions = {}) {
    this.side = side;
    this.fixture = fixture;
    this.parent = parent;
    this.options = options;
  }

  /** @param path may depend on where the copy is */
  async act(
    run: (on: Surface, path: Path, outside: string) => Promise<unknown>,
    path: Path | ((base: string) => Path),
  ): Promise<Act> {
    const stage = await this.pristine();
    const { base, before, surface } = stage;
    stage.used = true;
    const given = typeof path === "function" ? path(base) : path;
    const outcome = await outcomeOf(run(surface, given, base), base, given);
    const tree = snapshot(base);
    if (!sameLines(tree, before)) await this.dismiss();
    return { outcome, tree };
  }

  /** Whether nothing was done yet to the copy that is next. */
  get isNew(): boolean {
    return this.stage === undefined || !this.stage.used;
  }

  /** The tree before anything is done to it. */
  async before(): Promise<readonly string[]> {
    return (await this.pristine()).before;
  }

  async dismiss(): Promise<void> {
    const { stage } = this;
    this.stage = undefined;
    if (stage === undefined) return;
    await stage.close();
    removeTree(stage.base);
    this.fixture.restore?.();
  }

  private async pristine(): Promise<Stage> {
    this.stage ??= await this.set();
    return this.stage;
  }

  private async set(): Promise<Stage> {
    const base = mkdtempSync(join(this.parent, "copy-"));
    mkdirSync(join(base, "root"));
    await writeTree(fs, base, this.fixture.lines(base));
    this.fixture.extras?.(base);
    const before = snapshot(base);
    const opened = await this.side.open(join(base, "root"), this.options);
    if (opened.containment !== this.side.containment) {
      throw new Error(`wanted ${this.side.containment}, got ${opened.containment}`);
    }
    return { ...opened, base, before, used: false };
  }
}

const other = " (other)";

/** All of a copy, in lines that are the same for every copy. */
export function snapshot(base: string): readonly string[] {
  return readTreeSync(fs, base).map((line) => {
    if (!line.endsWith(other)) return line.replaceAll(base, "<base>");
    const { mode } = fs.lstatSync(join(base, line.slice(0, -other.length)));
    return `"${line.slice(0, -other.length)} with mode ${mode.toString(8)}"${other}`;
  });
}

export function sameLines(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((line, index) => line === other[index]);
}
