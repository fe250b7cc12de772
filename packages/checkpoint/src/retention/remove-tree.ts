import { Buffer } from "node:buffer";
import {
  attempt,
  errorCode,
  joinName,
  lstat,
  readdir,
  rmdir,
  unlink,
  type PathArgument,
  type Steps,
} from "@holdfast/fs/steps";

/**
 * Removes what has a name in the store, and what is in it. Links are removed, never followed.
 *
 * @returns how many bytes the files had
 */
export function* removeTree(path: PathArgument): Steps<number> {
  const found = yield* attempt(lstat(path));
  if (!found.ok) {
    if (errorCode(found.error) === "ENOENT") return 0;
    throw found.error;
  }
  if (!found.value.isDirectory()) {
    yield* unlink(path);
    return found.value.isFile() ? Number(found.value.size) : 0;
  }
  let bytes = 0;
  for (const name of yield* readdir(path)) bytes += yield* removeTree(inside(path, name));
  yield* rmdir(path);
  return bytes;
}

/** What a user had may have a name that is not UTF-8. */
function inside(path: PathArgument, name: PathArgument): PathArgument {
  if (typeof path === "string" && typeof name === "string") return joinName(path, name);
  return Buffer.concat([Buffer.from(path), Buffer.from("/"), Buffer.from(name)]);
}
