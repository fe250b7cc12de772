import { createHash } from "node:crypto";
import { lstatSync, readFileSync, readdirSync, readlinkSync } from "node:fs";
import { join } from "node:path";

/** What is in a tree, down to the byte: of each path its kind, permission bits, and SHA-256 or target. */
export function listingOf(folder) {
  return new Map(namesIn(folder, "").map((name) => [name, entryOf(join(folder, name))]));
}

// Not `readdir` with `recursive`, which goes on behind symbolic links.
function namesIn(folder, prefix) {
  return readdirSync(join(folder, prefix), { withFileTypes: true }).flatMap((entry) => {
    const name = `${prefix}${entry.name}`;
    return entry.isDirectory() ? [name, ...namesIn(folder, `${name}/`)] : [name];
  });
}

function entryOf(path) {
  const stats = lstatSync(path);
  if (stats.isSymbolicLink()) return `link to ${readlinkSync(path)}`;
  const mode = (stats.mode & 0o7777).toString(8);
  if (stats.isDirectory()) return `directory ${mode}`;
  return `file ${mode} ${createHash("sha256").update(readFileSync(path)).digest("hex")}`;
}

/** The paths in which two listings differ. */
export function differing(one, other) {
  const names = new Set([...one.keys(), ...other.keys()]);
  return [...names].filter((name) => one.get(name) !== other.get(name));
}
