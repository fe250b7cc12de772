/** The staged files of this thread that exist at the moment are removed when the process ends. */

import type { FileSystem } from "@holdfast/fs/steps";
import { atExit, notAtExit, Operation, runSync, unlink } from "@holdfast/fs/steps";

/** Call before the file is created: the process may end while that call is under way. */
export function registerStaged(path: string, fileSystem: FileSystem | undefined): void {
  // One that stays behind is still found by `findStagedFiles`.
  atExit(path, () => {
    if (fileSystem !== undefined && fileSystem.unlinkSync === undefined) return;
    runSync(unlink(path), new Operation({ op: "removeStaged", path, fileSystem }));
  });
}

/** Call when the name is gone, or when the file must outlive the process. */
export const unregisterStaged: (path: string) => void = notAtExit;
