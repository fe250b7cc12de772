import { attempt, errorCode, lstat, Refusal, type Steps } from "@holdfast/fs/steps";
import { readFlag } from "../call/policy.ts";
import { namesOf, type RootCall } from "../call/root-call.ts";
import { denied, isAbove } from "../call/rules.ts";
import type { RemoveOptions } from "../options.ts";
import { joinName } from "../path/names.ts";
import type { ParsedPath } from "../path/parse-path.ts";
import { listEntries } from "../walk/list-entries.ts";
import type { Place } from "../walk/strategy.ts";
import { allNames, findDirectory, findPlace, meansDirectory, parse } from "../walk/walker.ts";
import { Descent } from "./descent.ts";
import { mostLooks, removeName, type Doomed } from "./remove-name.ts";
import { TreeBudget } from "./tree-budget.ts";

/**
 * As plain `rm`, with errnos for Node's own codes: a directory without `recursive` is `EISDIR` (Node:
 * `ERR_FS_EISDIR`, errno EISDIR). A path that ends in dots is `EINVAL`, so the root itself cannot be
 * removed. `link/` is `ENOTDIR`, as in plain `rmSync`; plain `rm` says nothing and does nothing.
 *
 * Links are removed and never followed. What others put into the tree meanwhile is removed too, a
 * bounded number of times; then it is `ENOTEMPTY`. That something is gone is not flushed.
 */
export function* rm(call: RootCall, path: unknown, options?: unknown): Steps<void> {
  const given = (options ?? {}) as RemoveOptions;
  const recursive = readFlag(call.method, "recursive", given.recursive, false);
  const force = readFlag(call.method, "force", given.force, false);
  const budget = new TreeBudget(call.method, given);
  const parsed = parse(call, path);
  const found = yield* attempt(findDoomed(call, parsed, recursive));
  if (!found.ok) {
    if (force && errorCode(found.error) === "ENOENT") return;
    throw found.error;
  }
  const { place, kind } = found.value;
  if (kind === "directory") refuseClosed(call, place);
  yield* removeTree(call, place, kind, budget);
}

/** Looks at what the path names, and refuses what a plain `rm` would. */
function* findDoomed(
  call: RootCall,
  parsed: ParsedPath,
  recursive: boolean,
): Steps<{ place: Place; kind: Doomed["kind"] }> {
  if (parsed.last === "." || parsed.last === "..") {
    yield* findDirectory(call, allNames(parsed)); // first of all it must be there
    throw recursive
      ? new Refusal("EINVAL", { problem: "a path that ends in dots" })
      : isDirectory();
  }
  const { directory, name } = yield* findPlace(call, parsed);
  const stats = yield* lstat(joinName(directory.path, name));
  if (meansDirectory(parsed) && !stats.isDirectory()) {
    if (!stats.isSymbolicLink()) throw new Refusal("ENOTDIR");
    yield* findDirectory(call, allNames(parsed));
    throw recursive ? new Refusal("ENOTDIR") : isDirectory();
  }
  if (stats.isDirectory() && !recursive) throw isDirectory();
  return { place: { directory, name }, kind: stats.isDirectory() ? "directory" : "file" };
}

const isDirectory = (): Refusal =>
  new Refusal("EISDIR", { hint: "A directory is removed with recursive: true." });

/** A closed place in the tree: refused before anything is gone, and before anybody is asked. */
function refuseClosed(call: RootCall, place: Place): void {
  const { denyRead, denyWrite, fold } = call.core.rules;
  const names = namesOf(place);
  for (const places of [denyRead, denyWrite]) {
    if (isAbove(names, places, fold)) throw denied("change", names);
  }
}

/** A directory on the way to where the removal is. */
interface Level {
  readonly doomed: Doomed;
  readonly entries: Doomed[];
  /** Why it could not be listed: which only matters if it is not empty. */
  readonly unlisted: unknown;
}

/** No recursion: a tree may be deeper than the stack. */
function* removeTree(
  call: RootCall,
  top: Place,
  kind: Doomed["kind"],
  budget: TreeBudget,
): Steps<void> {
  const descent = new Descent(call, top.directory);
  const levels: Level[] = [];
  let next: Doomed | undefined = { name: top.name, kind, looks: 0 };
  for (let lost = 0; ;) {
    if (next?.kind === "directory") {
      const inside: Level | Doomed | undefined = yield* goInto(call, descent, next, budget);
      if (inside !== undefined && "kind" in inside) {
        next = again(inside);
        continue;
      }
      if (inside !== undefined) levels.push(inside);
    } else {
      const level: Level | undefined = next === undefined ? levels.pop() : undefined;
      if (level !== undefined && !(yield* descent.leave())) {
        // Somebody has moved where we were. What is still below the name is looked for anew.
        if (++lost > mostLooks) throw new Refusal("ERR_CHANGED");
        yield* descent.startOver();
        levels.length = 0;
        next = { name: top.name, kind: "directory", looks: lost };
        continue;
      }
      const doomed: Doomed = next ?? level!.doomed;
      const place = { directory: descent.directory, name: doomed.name };
      const removal = yield* removeName(call, place, doomed.kind, levels.length === 0);
      if (removal.is !== "gone") {
        if (doomed.looks >= mostLooks) throw removal.error;
        if (removal.is === "full" && level?.unlisted !== undefined) throw level.unlisted;
        next = removal.is === "full" ? { ...doomed, looks: doomed.looks + 1 } : again(doomed);
        continue;
      }
    }
    if (levels.length === 0) return;
    next = levels.at(-1)!.entries.pop();
  }
}

/** Something that is of the other kind by now. */
function again({ name, kind, looks }: Doomed): Doomed {
  return { name, kind: kind === "file" ? "directory" : "file", looks: looks + 1 };
}

/** Returns the directory, or the same entry if it is none, or nothing if it is gone. */
function* goInto(
  call: RootCall,
  descent: Descent,
  doomed: Doomed,
  budget: TreeBudget,
): Steps<Level | Doomed | undefined> {
  const entered = yield* attempt(descent.enter(doomed.name));
  if (!entered.ok) {
    const code = errorCode(entered.error);
    if (code === "ENOENT") return undefined;
    if (code === "ENOTDIR" && doomed.looks < mostLooks) return doomed;
    throw entered.error;
  }
  if (entered.value !== undefined) return doomed;
  const listed = yield* attempt(listEntries(descent.directory, ""));
  if (!listed.ok && errorCode(listed.error) !== "EACCES") throw listed.error;
  const entries = (listed.ok ? listed.value : []).map(({ name, entry }): Doomed => {
    return { name, kind: entry.isDirectory() ? "directory" : "file", looks: 0 };
  });
  budget.meet(descent.depth - 1, entries.length);
  return { doomed, entries, unlisted: listed.ok ? undefined : listed.error };
}
