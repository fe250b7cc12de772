import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import {
  attempt,
  errorCode,
  invalidType,
  mkdir,
  Refusal,
  type PathArgument,
  type Steps,
} from "@holdfast/fs/steps";
import { syncDirectoryAt } from "@holdfast/atomic/steps";
import { readFlag } from "../call/policy.ts";
import { namesOf, type RootCall } from "../call/root-call.ts";
import { shownPath } from "../path/names.ts";
import { escapes, type ParsedPath } from "../path/parse-path.ts";
import type { Directory, Place } from "../walk/strategy.ts";
import { allNames, findDirectory, findObject, findPlace, parse, pathOf } from "../walk/walker.ts";
import { holdForFlush } from "./hold-for-flush.ts";
import { confirmMade, lookAt, lookMade, makeChange } from "./make-change.ts";
import { encodeName, readNameEncoding } from "./name-encoding.ts";
import { readPermissions } from "./permission-mode.ts";
import { refuseDots } from "./refuse-dots.ts";

/** Others may remove what was made or found, again and again: then it is not there. */
const maxTries = 40;

/**
 * The directory that names lead to; what is missing on the way is made, name by name, as `mkdir -p`
 * does. What somebody else makes meanwhile is as good.
 *
 * @param made told of each directory that was made, the outermost first, with the number of its name
 */
export function* findOrMakeDirectory(
  call: RootCall,
  names: readonly PathArgument[],
  mode = 0o777,
  made: (place: Place, index: number) => void = () => {},
): Steps<Directory> {
  const found = yield* attempt(findDirectory(call, names));
  if (found.ok) return found.value;
  if (errorCode(found.error) !== "ENOENT") throw found.error;
  let directory = call.core.top;
  let tries = 0;
  for (let index = 0; index < names.length;) {
    const name = names[index]!;
    const next = yield* step(call, directory, name);
    if (next !== undefined) {
      yield* call.release(directory);
      directory = next;
      index++;
    } else if (++tries > names.length + maxTries) {
      throw found.error;
    } else {
      refuseAbove(directory, names.slice(index));
      const place = { directory, name };
      yield* makeOne(call, place, mode, () => made(place, index));
    }
  }
  return directory;
}

/** What is missing will be plain directories: so where `..` leads then is known before any is made. */
function refuseAbove(directory: Directory, names: readonly PathArgument[]): void {
  let depth = directory.names.length;
  for (const name of names) {
    depth += name === ".." ? -1 : 1;
    if (depth < 0) throw escapes('".." on the way leads above the root');
  }
}

/** One name further, links followed; `undefined` where nothing has the name. */
function* step(
  call: RootCall,
  directory: Directory,
  name: PathArgument,
): Steps<Directory | undefined> {
  call.forgetLinks();
  if (name !== "..") {
    const entered = yield* attempt(call.core.strategy.enter(call, directory, name));
    if (!entered.ok && errorCode(entered.error) === "ENOENT") return undefined;
    if (!entered.ok) throw entered.error;
    if (!("target" in entered.value)) return entered.value;
  }
  return yield* findDirectory(call, [...directory.names, name]);
}

function* makeOne(call: RootCall, place: Place, mode: number, made: () => void): Steps<void> {
  yield* call.mayChange(namesOf(place));
  const tried = yield* attempt(mkdir(pathOf(place), mode));
  if (!tried.ok && (yield* lookAt(place)) === undefined) throw tried.error;
  if (tried.ok) made();
  // Somebody else may not have flushed theirs yet.
  if (call.policy.durable) yield* syncDirectoryAt(call.operation, place.directory.path);
}

export function* mkdirMethod(
  call: RootCall,
  path: unknown,
  options?: unknown,
): Steps<string | undefined> {
  const parsed = parse(call, path);
  const { recursive, mode } = readOptions(call.method, options);
  if (recursive) return yield* makeAll(call, parsed, mode);
  const place = yield* findPlace(call, parsed);
  refuseDots(place, "EEXIST");
  yield* makeDurably(call, place, mode);
  return undefined;
}

function* makeDurably(call: RootCall, place: Place, mode: number): Steps<void> {
  const flush = yield* holdForFlush(call, place.directory);
  yield* call.mayChange(namesOf(place));
  yield* makeChange(call, mkdir(pathOf(place), mode), lookMade(place));
  yield* confirmMade(call, place);
  yield* flush();
}

function* makeAll(call: RootCall, path: ParsedPath, mode: number): Steps<string | undefined> {
  const names = allNames(path);
  const found = yield* attempt(findDirectory(call, names));
  if (found.ok) return undefined;
  if (errorCode(found.error) !== "ENOENT") throw yield* judge(call, path, found.error);
  const { operation } = call;
  let first: string | undefined;
  const shown = (index: number): string =>
    shownPath(names.slice(0, index + 1)) + (path.slash && index + 1 === names.length ? "/" : "");
  const made = (_: Place, index: number): void => {
    operation.effect = "partial";
    first ??= shown(index);
  };
  const [parents, last] = [names.slice(0, -1), names.at(-1)!];
  const dots = last === ".." || path.last === ".";
  const way = yield* attempt(findOrMakeDirectory(call, dots ? names : parents, mode, made));
  // What is missing was made: so this is a dangling link, of which Node's promises say this.
  if (!way.ok) throw errorCode(way.error) === "ENOENT" ? new Refusal("ENOTDIR") : way.error;
  if (dots) return first;
  const directory = way.value;
  call.forgetLinks();
  const tried = yield* attempt(makeDurably(call, { directory, name: last }, mode));
  if (tried.ok) return first ?? shown(names.length - 1);
  if (first !== undefined && operation.effect === "none") operation.effect = "partial";
  if (errorCode(tried.error) !== "EEXIST") throw tried.error;
  const again = yield* attempt(findDirectory(call, names));
  if (!again.ok) throw yield* judge(call, path, again.error);
  return first;
}

/** "Not a directory" is "exists" where something else has the name: it is in the way, not on it. */
function* judge(call: RootCall, path: ParsedPath, error: unknown): Steps<unknown> {
  if (errorCode(error) !== "ENOTDIR") return error;
  call.forgetLinks();
  const found = yield* attempt(findObject(call, path, "follow"));
  return found.ok ? new Refusal("EEXIST") : error;
}

function readOptions(op: string, options: unknown): { recursive: boolean; mode: number } {
  const given = (typeof options === "object" ? options : { mode: options }) as {
    recursive?: unknown;
    mode?: unknown;
  } | null;
  const mode = given?.mode;
  return {
    recursive: readFlag(op, "recursive", given?.recursive, false),
    mode: mode === undefined ? 0o777 : readPermissions(op, "mode", mode),
  };
}

/** As many tries for a name that nobody has as there is reason for: of six characters, few collide. */
const maxNames = 100;

export function* mkdtemp(call: RootCall, prefix: unknown, options?: unknown): Steps<unknown> {
  const bytes = prefix instanceof Uint8Array ? Buffer.from(prefix) : undefined;
  if (bytes === undefined && typeof prefix !== "string") {
    throw invalidType(call.method, "prefix", "a string or bytes", prefix);
  }
  const encoding = readNameEncoding(call.method, options);
  if ((prefix as string | Uint8Array).length === 0) parse(call, prefix, "prefix"); // which throws: a path that is empty
  for (let tried = 1; ; tried++) {
    const path =
      bytes === undefined
        ? (prefix as string) + randomName()
        : Buffer.concat([bytes, Buffer.from(randomName())]);
    const place = yield* findPlace(call, parse(call, path, "prefix"));
    const made = yield* attempt(makeDurably(call, place, 0o700));
    if (made.ok) return encodeName(path, encoding);
    if (errorCode(made.error) !== "EEXIST" || tried === maxNames) throw made.error;
    yield* call.release(place.directory);
    call.forgetLinks();
  }
}

const characters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/** Six characters, as mkdtemp(3) adds. */
function randomName(): string {
  // The remainder favours some characters by a little; it is the many of them that counts.
  return Array.from(randomBytes(6), (byte) => characters[byte % characters.length]).join("");
}
