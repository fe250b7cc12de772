import { HoldfastError, invalidType, type PathArgument } from "@holdfast/fs/steps";
import { readBytes } from "../call/policy.ts";
import type { RootCore } from "../call/root-core.ts";
import { isWithin } from "../call/rules.ts";
import type { WalkEntry, WalkOptions } from "../options.ts";
import { shownName } from "../path/names.ts";
import { joinPlace, type Met } from "../walk/list-entries.ts";

/** A directory of a walk. What is above it is on the way to it. */
export interface Level {
  readonly above: Level | undefined;
  readonly name: PathArgument;
  /** The path that the caller could have given for it. */
  readonly place: string;
  /** Of what is in it. */
  readonly depth: number;
}

/** A directory that was listed, and how far the walk has come in it. */
interface Listed {
  readonly level: Level;
  readonly entries: readonly Met[];
  next: number;
}

/** What comes next: something to tell of, or a directory that has to be listed first. */
export type Next = { readonly met: WalkEntry } | { readonly list: Level };

/**
 * The order of a walk, and when it ends: everything but looking. A directory comes before what is in
 * it, and what is in it before what comes after it. Whether to enter one is asked when the walk goes on
 * from it, so that whoever walks may have removed it.
 */
export class TreeWalk {
  /** Where it began, from the root, once that has been found. */
  base: readonly PathArgument[] | undefined;

  private readonly core: RootCore;
  private readonly op: string;
  private readonly given: string;
  private readonly maxEntries: number;
  private readonly maxDepth: number;
  private readonly mayEnter: (entry: WalkEntry) => boolean;
  private readonly way: Listed[] = [];
  private entries = 0;
  /** The directory that was met last, or the one with which it begins. */
  private pending: { readonly level: Level; readonly met: WalkEntry | undefined } | undefined;

  constructor(core: RootCore, op: string, given: string, options: WalkOptions) {
    const { maxEntries, maxDepth, enter = (): boolean => true } = options;
    this.core = core;
    this.op = op;
    this.given = given;
    this.maxEntries = readBytes(op, "maxEntries", maxEntries, Infinity);
    this.maxDepth = readBytes(op, "maxDepth", maxDepth, Infinity);
    if (typeof enter !== "function") throw invalidType(op, "enter", "a function", enter);
    this.mayEnter = enter;
    const level = { above: undefined, name: ".", place: given, depth: 0 };
    this.pending = { level, met: undefined };
  }

  /** @throws `ERR_TOO_LARGE` */
  next(): Next | undefined {
    const { pending } = this;
    this.pending = undefined;
    if (pending !== undefined && this.goesInto(pending)) return { list: pending.level };
    for (;;) {
      const at = this.way.at(-1);
      if (at === undefined) return undefined;
      if (at.next < at.entries.length) return { met: this.meet(at, at.entries[at.next++]!) };
      this.way.pop();
    }
  }

  listed(level: Level, entries: readonly Met[]): void {
    this.way.push({ level, entries, next: 0 });
  }

  /** The names from the root. */
  namesOf(level: Level): PathArgument[] {
    const below: PathArgument[] = [];
    for (let at = level; at.above !== undefined; at = at.above) below.push(at.name);
    return [...(this.base ?? []), ...below.toReversed()];
  }

  private goesInto({ level, met }: NonNullable<typeof this.pending>): boolean {
    if (met === undefined) return true;
    const { denyRead, fold } = this.core.rules;
    if (denyRead.length > 0 && isWithin(this.namesOf(level), denyRead, fold)) return false;
    return this.mayEnter(met);
  }

  private meet({ level }: Listed, { name, entry }: Met): WalkEntry {
    const shown = shownName(name);
    const above = level.above === undefined ? undefined : level.place;
    const place = joinPlace(above, this.given, shown);
    const met: WalkEntry = { path: place, name: shown, depth: level.depth, entry };
    if (++this.entries > this.maxEntries) throw this.tooLarge(`${this.maxEntries} entries`);
    if (level.depth > this.maxDepth) throw this.tooLarge(`${this.maxDepth} directories in depth`);
    if (entry.isDirectory()) {
      this.pending = { level: { above: level, name, place, depth: level.depth + 1 }, met };
    }
    return met;
  }

  private tooLarge(limit: string): HoldfastError {
    return new HoldfastError({
      code: "ERR_TOO_LARGE",
      op: this.op,
      path: this.given,
      effect: "none",
      problem: `the tree is larger than the ${limit} allowed`,
    });
  }
}
