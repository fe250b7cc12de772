import { attempt, errorCode, nodeReaddir, type PathArgument, type Steps } from "@holdfast/fs/steps";
import { readFlag } from "../call/policy.ts";
import type { RootCall } from "../call/root-call.ts";
import { joinName, shownName } from "../path/names.ts";
import { findAgain } from "../walk/find-again.ts";
import { joinPlace, listEntries, relocate } from "../walk/list-entries.ts";
import type { Directory } from "../walk/strategy.ts";
import { allNames, findDirectory, parse } from "../walk/walker.ts";
import { encodeName, readNameEncoding, type NameEncoding } from "./name-encoding.ts";

export function* readdir(
  call: RootCall,
  path: string | Uint8Array,
  options?: unknown,
): Steps<unknown[]> {
  const encoding = readNameEncoding(call.method, options);
  const given = (typeof options === "object" ? options : {}) as Record<string, unknown> | null;
  const withFileTypes = readFlag(call.method, "withFileTypes", given?.["withFileTypes"], false);
  const recursive = readFlag(call.method, "recursive", given?.["recursive"], false);
  const directory = yield* findDirectory(call, allNames(parse(call, path)));
  call.mayRead(directory.names);
  if (recursive) {
    return yield* listTree(call, directory, { encoding, withFileTypes });
  }
  const listed = yield* nodeReaddir(directory.path, { encoding, withFileTypes });
  if (withFileTypes) relocate(listed as object[], path);
  return listed;
}

/** A directory that has been met and is to be listed. Its names are spelt out when they are needed. */
interface Met {
  readonly above: Met | undefined;
  readonly name: PathArgument;
  /** From the directory that is listed. */
  readonly path: PathArgument;
  /** The path that the caller could have given. */
  readonly place: string;
}

/**
 * Goes through a tree without going down in it: each directory is looked up again from the root, so
 * that there are never more than a few open, and a path is never longer than a system call takes.
 *
 * As in Node, one that is gone by the time it is looked into fails the call (`ENOENT`). What a rule has
 * closed, another mount that may not be crossed, and what is a link by now, are listed and not entered.
 */
function* listTree(
  call: RootCall,
  base: Directory,
  { encoding, withFileTypes }: { encoding: NameEncoding; withFileTypes: boolean },
): Steps<unknown[]> {
  const given = call.operation.path ?? ".";
  const found: unknown[] = [];
  const pending: Met[] = [];
  let last: { readonly met: Met | undefined; readonly directory: Directory } | undefined;
  for (let at: Met | undefined; ; at = pending.pop()!) {
    // Where the way is long, it is gone from the directory in which something was met last.
    const nearest = at !== undefined && last?.met === at.above ? last!.directory : base;
    const directory = at === undefined ? base : yield* enter(call, base, nearest, at);
    const listed = directory === undefined ? [] : yield* listEntries(directory, at?.place ?? given);
    const before = pending.length;
    for (const { name, entry } of listed) {
      const path = at === undefined ? name : joinName(at.path, name);
      if (withFileTypes) found.push(Object.assign(entry, { name: encodeName(name, encoding) }));
      else found.push(encodeName(path, encoding));
      if (!entry.isDirectory()) continue;
      pending.push({ above: at, name, path, place: joinPlace(at?.place, given, shownName(name)) });
    }
    const done = pending.length === before ? directory : last?.directory;
    if (directory !== undefined && directory !== done) last = { met: at, directory };
    if (done !== undefined && done !== base) yield* call.release(done);
    if (pending.length === 0) return found;
  }
}

function* enter(
  call: RootCall,
  base: Directory,
  nearest: Directory,
  met: Met,
): Steps<Directory | undefined> {
  const below: PathArgument[] = [];
  for (let at: Met | undefined = met; at !== undefined; at = at.above) below.push(at.name);
  const names = [...base.names, ...below.toReversed()];
  if (!call.isReadable(names)) return undefined;
  const found = yield* attempt(findAgain(call, names, nearest));
  if (found.ok) return found.value;
  if (errorCode(found.error) === "ERR_OTHER_MOUNT") return undefined;
  throw found.error;
}
