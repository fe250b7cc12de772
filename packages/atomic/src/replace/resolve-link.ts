import { isAbsolute } from "node:path";
import {
  attempt,
  errorCode,
  lstat,
  readlink,
  Refusal,
  sameIdentity,
  stat,
  type Steps,
} from "@holdfast/fs/steps";
import { directoryOf, joinName } from "../durable/paths.ts";

/** As many as the kernel follows (path_resolution(7)). */
const maxLinks = 40;

/**
 * Follows a symbolic link to the path where its chain ends, whether something is there or not. Link
 * by link, because the kernel follows a link as a whole only if it leads to something; relative
 * links continue from the directory that really holds them, without normalising.
 */
export function* resolveLink(start: string): Steps<string> {
  let path = start;
  for (let links = 0; ; links++) {
    const found = yield* attempt(lstat(path));
    if (!found.ok && errorCode(found.error) !== "ENOENT") throw found.error;
    if (!found.ok || !found.value.isSymbolicLink()) {
      yield* agreeWithKernel(start, found.ok ? found.value : undefined);
      return path;
    }
    if (links === maxLinks) throw new Refusal("ELOOP");
    const target = yield* readlink(path);
    if (typeof target !== "string") {
      throw new Refusal("ERR_SYMLINK", {
        problem: "a symbolic link leads to a name that is not valid UTF-8",
      });
    }
    path = isAbsolute(target) ? target : joinName(directoryOf(path), target);
  }
}

/**
 * Asks the kernel to follow the same link. It refuses links that somebody planted in a sticky
 * directory (`fs.protected_symlinks`, proc_sys_fs(5)), which following by hand would get around; and
 * if it arrives elsewhere, the chain was changed while we walked it.
 */
function* agreeWithKernel(
  start: string,
  found: Parameters<typeof sameIdentity>[0] | undefined,
): Steps<void> {
  const kernel = yield* attempt(stat(start));
  if (!kernel.ok && errorCode(kernel.error) !== "ENOENT") throw kernel.error;
  const exists = kernel.ok;
  const same =
    exists && found !== undefined
      ? sameIdentity(kernel.value, found) !== false
      : exists === (found !== undefined);
  if (!same) {
    throw new Refusal("ERR_CHANGED", {
      problem: "a symbolic link was changed while it was followed",
    });
  }
}
