import { attempt, errorCode, type Operation, rmdir, type Steps } from "@holdfast/fs/steps";
import { shareName } from "./lock-names.ts";
import type { OwnFile } from "./own-file.ts";
import { makeSharesDirectory, sharesRefusal } from "./shares-directory.ts";

/** How often the directory of the shares may vanish between being made and being used. */
const maxTries = 100;

/**
 * From the one who holds it to one of those who share, in one step: nobody else has it in between.
 * `false` if it is lost.
 */
export function* moveToShares(operation: Operation, file: OwnFile): Steps<boolean> {
  const { names } = file;
  const to = shareName(names, file.nonce);
  try {
    for (let tries = 1; ; tries++) {
      yield* makeSharesDirectory(operation, file);
      const moved = yield* attempt(file.rename(operation, names.entry, to));
      if (moved.ok) {
        if (moved.value) file.at = to;
        return moved.value;
      }
      const code = errorCode(moved.error);
      // The last one who shared it has just removed the directory; or somebody was killed before it was
      // open to others. If there is nobody in it, we make it ourselves.
      const gone =
        code === "ENOENT" || (code === "EACCES" && (yield* attempt(rmdir(names.shares))).ok);
      if (!gone || tries === maxTries) throw yield* sharesRefusal(moved.error, names.shares);
    }
  } finally {
    if (file.at !== to) yield* operation.cleanUp(attempt(rmdir(names.shares)));
  }
}
