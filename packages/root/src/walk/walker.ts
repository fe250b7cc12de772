import {
  attempt,
  errorCode,
  readlink,
  Refusal,
  type PathArgument,
  type Steps,
} from "@holdfast/fs/steps";
import { namesOf, type RootCall } from "../call/root-call.ts";
import { joinName } from "../path/names.ts";
import {
  escapes,
  isAbsoluteTarget,
  parsePath,
  splitTarget,
  unifySeparators,
  wantsDirectory,
  type ParsedPath,
} from "../path/parse-path.ts";
import { insideNames } from "./absolute-target.ts";
import type { Directory, Pin, Place } from "./strategy.ts";

/**
 * The one walker: from a path to a directory that is held and a last name in it. Everything that a
 * method does begins here; nothing else in this package looks up a path of more than one name.
 */

/** Takes a path of the caller apart, before any I/O. */
export function parse(call: RootCall, path: unknown, name = "path"): ParsedPath {
  return parsePath(call.method, name, path, call.operation.platform);
}

/**
 * The directory that names lead to, links resolved inside. The kernel's answer for the whole way is
 * taken where there is no link on it; otherwise the way is gone name by name.
 *
 * @throws `ENOENT`, `ENOTDIR`, `EACCES`, `ELOOP` as plain fs does; `ERR_PATH_ESCAPES`, `ERR_SYMLINK`
 */
export function* findDirectory(call: RootCall, names: readonly PathArgument[]): Steps<Directory> {
  const { strategy, top } = call.core;
  if (names.length === 0) return top;
  if (!names.includes("..")) {
    call.mayRead(names);
    const found = yield* attempt(strategy.openDirectory(call, names));
    if (found.ok && found.value !== undefined) return found.value;
    if (!found.ok && found.error instanceof Refusal) throw found.error;
  }
  // Also after a failure of the system: "no such file" can be a link that leads out, and then must be called that.
  const pending = names.toReversed();
  let directory = top;
  try {
    while (pending.length > 0) {
      const name = pending.pop()!;
      if (name === "..") {
        directory = yield* parentOf(call, directory, pending);
        continue;
      }
      // By identity each step looks at all that is above once more.
      const above = strategy.containment === "identity" ? directory.names.length : 0;
      call.countSteps(1 + above / 10);
      // Whether there is anything in a closed place is not to be found out either.
      call.mayRead([...directory.names, name]);
      const found = yield* strategy.enter(call, directory, name);
      if ("target" in found) {
        call.countLink();
        const target = unifySeparators(found.target, call.operation.platform);
        if (isAbsoluteTarget(target, call.operation.platform)) {
          pending.push(...(yield* insideNames(call, target)).toReversed());
          yield* call.release(directory);
          directory = top;
        } else {
          pending.push(...splitTarget(target).toReversed());
        }
        continue;
      }
      yield* call.release(directory);
      directory = found;
    }
    return directory;
  } catch (error) {
    yield* call.release(directory);
    throw error;
  }
}

/** The directory above, by its names from the root: it is looked up again, never climbed to. */
function* parentOf(
  call: RootCall,
  directory: Directory,
  pending: PathArgument[],
): Steps<Directory> {
  const { strategy, top } = call.core;
  const above = directory.names.slice(0, -1);
  if (directory.names.length === 0) {
    throw escapes(
      call.hasFollowed
        ? "a symbolic link on the way leads above the root"
        : '".." on the way leads above the root',
      "Nothing above the root can be reached.",
    );
  }
  yield* call.release(directory);
  call.countSteps(above.length / 10); // the kernel goes all the way again
  if (above.length === 0) return top;
  const found = yield* attempt(strategy.openDirectory(call, above));
  if (found.ok && found.value !== undefined) return found.value;
  pending.push(...above.toReversed());
  return top;
}

/** The place of a name that a call is about, as a name: what is there is not looked at. */
export function* findPlace(call: RootCall, path: ParsedPath): Steps<Place> {
  const { last: name, slash } = path;
  return { directory: yield* findDirectory(call, path.directories), name, slash };
}

/**
 * The path for a call that adds or removes a name. A slash that the caller put after it stays: those
 * calls never follow because of it (path_resolution(7)), and the kernel judges it as for plain fs.
 */
export function pathOf({ directory, name, slash }: Place): PathArgument {
  const path = joinName(directory.path, name);
  return slash === true ? joinName(path, "") : path;
}

/** The place of something, where a slash or dots after it lead into it as a directory. */
export function* findEntry(call: RootCall, path: ParsedPath): Steps<Place> {
  if (!meansDirectory(path)) {
    return { directory: yield* findDirectory(call, path.directories), name: path.last };
  }
  return { directory: yield* findDirectory(call, allNames(path)), name: "." };
}

/**
 * Finds and holds what a path leads to. `"follow"`: through links, also as the last component;
 * `"nofollow"`: a link as the last component is itself what is found.
 */
export function* findObject(
  call: RootCall,
  path: ParsedPath,
  last: "follow" | "nofollow",
): Steps<Pin> {
  const { strategy } = call.core;
  const names = allNames(path);
  const direct = !meansDirectory(path) && !names.includes("..");
  const first = direct ? yield* strategy.pinAtOnce(call, names) : undefined;
  let place = first?.place ?? (yield* findEntry(call, path));
  for (let pin = first; ; pin = undefined) {
    call.mayRead(namesOf(place)); // before it is known whether there is anything
    pin ??= yield* strategy.pin(call, place);
    if (last === "nofollow" || !pin.stats.isSymbolicLink()) return pin;
    const next = yield* followLink(call, place);
    yield* call.release(pin);
    if (next === undefined) continue; // somebody has put something else there: look again
    yield* call.release(place.directory);
    place = next;
  }
}

/**
 * Where the link at a place leads, one link far; `undefined` if there is none any more. Of a link that
 * leads to nothing it is where that would be.
 */
export function* followLink(call: RootCall, place: Place): Steps<Place | undefined> {
  call.countLink();
  const read = yield* attempt(readlink(joinName(place.directory.path, place.name)));
  if (!read.ok) {
    if (errorCode(read.error) === "EINVAL") return undefined;
    throw read.error;
  }
  const { platform } = call.operation;
  const target = unifySeparators(read.value, platform);
  const names = isAbsoluteTarget(target, platform)
    ? yield* insideNames(call, target)
    : [...place.directory.names, ...splitTarget(target)];
  if (wantsDirectory(target) || names.length === 0) {
    return { directory: yield* findDirectory(call, names), name: "." };
  }
  return { directory: yield* findDirectory(call, names.slice(0, -1)), name: names.at(-1)! };
}

/** Whether a path can only lead to a directory: `dir/`, `.`, `dir/..`. */
export function meansDirectory({ last, slash }: ParsedPath): boolean {
  return slash || last === "." || last === "..";
}

/** All components of a path that leads to a directory. */
export function allNames({ directories, last }: ParsedPath): readonly PathArgument[] {
  return last === "." ? directories : [...directories, last];
}
