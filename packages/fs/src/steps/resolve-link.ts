import { isAbsolute } from "node:path";
import { errorCode } from "../errors/error-codes.ts";
import { Refusal } from "../errors/holdfast-error.ts";
import { directoryOf, joinName } from "../platform/paths.ts";
import { lstat, readlink, stat } from "./calls.ts";
import { attempt } from "./operation.ts";
import type { Steps } from "./step.ts";

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
      yield* askKernel(start);
      return path;
    }
    if (links === maxLinks) throw new Refusal("ELOOP");
    const read = yield* attempt(readlink(path));
    if (!read.ok) {
      const code = errorCode(read.error);
      if (code !== "EINVAL" && code !== "ENOENT") throw read.error;
      // Replaced by a file or removed since: the caller looks again at what is there now.
      yield* askKernel(start);
      return path;
    }
    const target = read.value;
    if (typeof target !== "string") {
      throw new Refusal("ERR_SYMLINK", {
        problem: "a symbolic link leads to a name that is not valid UTF-8",
      });
    }
    path = isAbsolute(target) ? target : joinName(directoryOf(path), target);
  }
}

/**
 * Asks the kernel to follow the same link: it refuses links that somebody planted in a sticky
 * directory (`fs.protected_symlinks`, proc_sys_fs(5)), which following by hand would get around.
 * Where it arrives is not compared: an honest writer may be replacing that file at this moment.
 */
function* askKernel(start: string): Steps<void> {
  const kernel = yield* attempt(stat(start));
  if (!kernel.ok && errorCode(kernel.error) !== "ENOENT") throw kernel.error;
}
