/** Checks of what one file holds, whatever was acknowledged. */

import { dirname } from "node:path";
import { CheckFailed, type Check } from "./check.ts";
import {
  checkContents,
  checkPath,
  explainDamage,
  isSame,
  readIfThere,
  showContent,
  type Content,
} from "./content.ts";

/**
 * The file holds one of `versions`, whole: never a mixture, never a part.
 *
 * @param versions text or bytes; `undefined` if it may also be missing
 * @throws `TypeError` (`ERR_INVALID_ARG`) for versions that are none
 * @example
 * check: oldOrNew("/state", ["old", "new"])
 */
export function oldOrNew(path: string, versions: readonly Content[]): Check {
  checkPath("oldOrNew", path);
  checkContents("oldOrNew", "versions", versions);
  return (fs) => {
    const found = readIfThere(fs, path);
    if (versions.some((version) => isSame(found, version))) return;
    const damage = found === undefined ? "" : explainDamage(found, versions);
    throw new CheckFailed(
      `${path}: found ${showContent(found)}${damage && ` (${damage})`}; expected ${listed(versions)}`,
    );
  };
}

/** `one of "a", "b"` */
function listed(versions: readonly Content[]): string {
  const shown = versions.map(showContent);
  return shown.length === 1 ? shown[0]! : `one of ${shown.join(", ")}`;
}

/**
 * There is always something of that name, whatever it holds.
 *
 * @throws `TypeError` (`ERR_INVALID_ARG`) for a path that is none
 */
export function neverMissing(path: string): Check {
  checkPath("neverMissing", path);
  return (fs) => {
    try {
      fs.lstatSync(path);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== "ENOENT" && code !== "ENOTDIR") throw error;
      const directory = dirname(path);
      let instead: string;
      try {
        const names = fs.readdirSync(directory);
        instead =
          names.length === 0 ? `${directory} is empty` : `${directory} has ${names.join(", ")}`;
      } catch {
        instead = `${directory} is missing, too`;
      }
      throw new CheckFailed(`${path} is missing; ${instead}`, { cause: error });
    }
  };
}
