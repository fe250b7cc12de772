import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import { nameOf } from "@holdfast/fs/steps";

/** In bytes; what Linux, macOS and Windows have in common. */
const longestName = 255;

/**
 * The name under which something of a file is kept beside it: `<name>.<kind>-<time>-<random>`, of a name
 * that leaves no room for that as much as there is room for.
 */
export function keptName(path: string, kind: string): string {
  const time = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, "");
  const suffix = `.${kind}-${time}-${randomBytes(4).toString("hex")}`;
  const name = nameOf(path);
  const characters = Array.from(name);
  while (Buffer.byteLength(characters.join("")) + suffix.length > longestName) characters.pop();
  return path.slice(0, path.length - name.length) + characters.join("") + suffix;
}
