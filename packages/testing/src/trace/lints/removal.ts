/** What a program removes that may be somebody else's. */

import { basename, dirname } from "node:path";
import { isLockName, looksStaged } from "../name-patterns.ts";
import { isWithin } from "../paths.ts";
import type { Lint, Suspicion } from "./lint.ts";

/**
 * Old files are the program's business, and so is a whole directory with what is in it. A lock or a
 * staged file that was there before is somebody's who may be running.
 */
export function removal(): Lint {
  /** By directory: the names that the trace has had so far. */
  const names = new Map<string, Set<string>>();
  let removed: Suspicion[] = [];
  return {
    begin(call) {
      for (const path of call.paths) {
        const known = names.get(dirname(path)) ?? new Set();
        names.set(dirname(path), known.add(basename(path)));
      }
      return [];
    },

    end(call, files) {
      if (call.error !== undefined) return [];
      const [path] = call.paths as [string];
      if (call.name === "rmdir") removed = removed.filter((one) => !isWithin(path, one.path));
      if (call.name !== "unlink" || files.at(path).made !== undefined) return [];
      const name = basename(path);
      if (isLockName(name) || looksStaged(name, names.get(dirname(path)))) {
        removed.push({ rule: "unlink-foreign", path, call });
      }
      return [];
    },

    finish: () => removed,
  };
}
