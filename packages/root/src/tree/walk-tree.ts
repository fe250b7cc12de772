import {
  attempt,
  closeFlushed,
  errorCode,
  HoldfastError,
  Operation,
  runAsync,
  runSync,
  type Steps,
} from "@holdfast/fs/steps";
import { performAsync, performSync, type Method } from "../call/perform.ts";
import type { RootCall } from "../call/root-call.ts";
import type { RootCore } from "../call/root-core.ts";
import type { RootPath, WalkEntry, WalkOptions } from "../options.ts";
import { shownName } from "../path/names.ts";
import { findAgain } from "../walk/find-again.ts";
import { holdOn } from "../walk/hold-on.ts";
import { listEntries, type Met } from "../walk/list-entries.ts";
import type { Directory } from "../walk/strategy.ts";
import { allNames, findDirectory, parse } from "../walk/walker.ts";
import { TreeWalk, type Level } from "./tree-walk.ts";

/**
 * From this depth on the directory in which another was met last stays open until that one is listed:
 * so deep, finding that one again from the root takes a call for each name.
 */
const heldFrom = 100;

/**
 * Each directory is a call of its own, found again from the root by its names: between them nothing is
 * under way and (but see {@link heldFrom}) nothing is open, the root can be closed, and `audit` is told
 * of each. One that is gone or swapped for something else by the time it is looked into is as if it
 * were empty: unlike Node's `readdir`, which fails, because a walk takes as long as the caller takes,
 * who may be removing what he meets. What a rule has closed, and another mount that may not be
 * crossed, is met and not entered.
 */
export async function* walkAsync(
  core: RootCore,
  path: RootPath = ".",
  options: WalkOptions = {},
): AsyncGenerator<WalkEntry, void> {
  const op = "walk";
  const walk = new TreeWalk(core, op, shownArgument(path), options);
  const listing = new Listing(core, walk, path);
  try {
    for (let next = walk.next(); next !== undefined; next = walk.next()) {
      if ("list" in next) {
        const args = [next.list.place, options];
        const listed = await performAsync(core, op, listing.of(next.list), args);
        listing.end(next.list, listed as Listed);
        continue;
      }
      const { signal } = options;
      if (signal?.aborted === true) throw aborted(op, shownArgument(path), signal);
      yield next.met;
    }
  } finally {
    await runAsync(listing.letGo(), new Operation({ op, fileSystem: core.fileSystem }));
  }
}

export function* walkSync(
  core: RootCore,
  path: RootPath = ".",
  options: Omit<WalkOptions, "signal"> = {},
): Generator<WalkEntry, void> {
  const op = "walkSync";
  const walk = new TreeWalk(core, op, shownArgument(path), options);
  const listing = new Listing(core, walk, path);
  try {
    for (let next = walk.next(); next !== undefined; next = walk.next()) {
      if ("met" in next) {
        yield next.met;
        continue;
      }
      const args = [next.list.place, options];
      listing.end(next.list, performSync(core, op, listing.of(next.list), args) as Listed);
    }
  } finally {
    runSync(listing.letGo(), new Operation({ op, fileSystem: core.fileSystem }));
  }
}

interface Listed {
  readonly entries: readonly Met[];
  /** The directory, if it stays open. */
  readonly held: Directory | undefined;
}

/** How the directories of one walk are looked at, one call after the other. */
class Listing {
  private readonly core: RootCore;
  private readonly walk: TreeWalk;
  private readonly path: RootPath;
  /** The directory that was listed last, if it stayed open. */
  private held: { readonly level: Level; readonly directory: Directory } | undefined;

  constructor(core: RootCore, walk: TreeWalk, path: RootPath) {
    this.core = core;
    this.walk = walk;
    this.path = path;
  }

  of(level: Level): Method {
    return { paths: 1, options: 1, body: (call: RootCall) => this.list(call, level) };
  }

  end(level: Level, { entries, held }: Listed): void {
    this.walk.listed(level, entries);
    if (held !== undefined) this.held = { level, directory: held };
  }

  *letGo(): Steps<void> {
    const handle = this.held?.directory.handle;
    this.held = undefined;
    if (handle !== undefined) yield* closeFlushed(handle);
  }

  private *list(call: RootCall, level: Level): Steps<Listed> {
    const found = yield* attempt(this.find(call, level));
    if (!found.ok && !(level.above !== undefined && isNothingToEnter(found.error))) {
      throw found.error;
    }
    const directory = found.ok ? found.value : undefined;
    if (directory === undefined) return { entries: [], held: undefined };
    const listed = yield* attempt(listEntries(directory, level.place));
    if (!listed.ok) {
      // Removed after it was found.
      if (level.above === undefined || errorCode(listed.error) !== "ENOENT") throw listed.error;
      return { entries: [], held: undefined };
    }
    const entries = listed.value;
    const stays = level.depth >= heldFrom && entries.some(({ entry }) => entry.isDirectory());
    if (!stays || directory.handle === undefined) return { entries, held: undefined };
    const held = yield* holdOn(call, directory);
    if (this.held?.directory.handle !== undefined) call.hold(this.held.directory.handle);
    this.held = undefined; // a second run of this body has to go all the way
    call.handOut(() => closeFlushed(held.handle!));
    return { entries, held };
  }

  private *find(call: RootCall, level: Level): Steps<Directory | undefined> {
    if (level.above === undefined) {
      const base = yield* findDirectory(call, allNames(parse(call, this.path)));
      call.mayRead(base.names);
      this.walk.base = base.names;
      return base;
    }
    const { held } = this;
    const nearest = held?.level === level.above ? held.directory : undefined;
    return yield* findAgain(call, this.walk.namesOf(level), nearest);
  }
}

/** What was a directory when it was met: gone, something else by now, or on another mount. */
function isNothingToEnter(error: unknown): boolean {
  const code = errorCode(error);
  return code === "ENOENT" || code === "ENOTDIR" || code === "ERR_OTHER_MOUNT";
}

function shownArgument(path: RootPath): string {
  return typeof path === "string" ? path : shownName(Buffer.from(path));
}

function aborted(op: string, path: string, signal: AbortSignal): HoldfastError {
  return new HoldfastError({ code: "ABORT_ERR", op, path, effect: "none", cause: signal.reason });
}
