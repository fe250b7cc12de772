import { lstatSync, readFileSync, readdirSync, readlinkSync } from "node:fs";
import { join } from "node:path";

/** A tree as lines: names, kinds, contents and permission bits, without times. */
export function snapshot(directory: string, prefix = ""): string[] {
  return readdirSync(directory)
    .toSorted()
    .flatMap((name) => {
      const path = join(directory, name);
      const stats = lstatSync(path);
      const shown = prefix + name;
      if (stats.isSymbolicLink()) return [`${shown} -> ${readlinkSync(path)}`];
      const bits = (stats.mode & 0o7777).toString(8);
      if (stats.isDirectory()) return [`${shown}/ ${bits}`, ...snapshot(path, `${shown}/`)];
      const content = stats.isFile() ? JSON.stringify(readFileSync(path, "latin1")) : "special";
      return [`${shown} ${bits} ${content}`];
    });
}
