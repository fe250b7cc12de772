import { attempt, errorCode, mkdir, type Operation, rmdir, type Steps } from "@holdfast/fs/steps";
import { shareName } from "./lock-names.ts";
import type { OwnFile } from "./own-file.ts";

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
      const made = yield* attempt(mkdir(names.shares, 0o777));
      if (!made.ok && errorCode(made.error) !== "EEXIST") throw made.error;
      const moved = yield* attempt(file.rename(operation, names.entry, to));
      if (moved.ok) {
        if (moved.value) file.at = to;
        return moved.value;
      }
      // The last one who shared it has just removed the directory.
      if (errorCode(moved.error) !== "ENOENT" || tries === maxTries) throw moved.error;
    }
  } finally {
    if (file.at !== to) yield* operation.cleanUp(attempt(rmdir(names.shares)));
  }
}
