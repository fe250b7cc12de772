/** What must be true of a file or a tree after a power cut. */

import type { NodeFileSystem } from "@holdfast/testing";

/** What a file holds; `undefined` if there is none. */
export function textAt(fs: NodeFileSystem, path: string): string | undefined {
  return fs.existsSync(path) ? fs.readFileSync(path, "utf8") : undefined;
}

/**
 * The file is one of its versions, whole, and not older than the last one that was acknowledged.
 *
 * @param versions in the order in which they are written; `undefined`: there is no file. The
 *   acknowledgement of a version is its number here.
 */
export function oneVersion(
  fs: NodeFileSystem,
  path: string,
  versions: readonly (string | undefined)[],
  acks: readonly number[],
): void {
  const found = textAt(fs, path);
  const version = versions.lastIndexOf(found);
  if (found === undefined && version === -1) throw new Error(`${path} is missing`);
  if (version === -1) throw new Error(`${path} is torn: ${JSON.stringify(found)}`);
  if (version < Math.max(0, ...acks)) throw new Error(`${path} is older than acknowledged`);
}

/** Permission bits, owner and group: `"640 7:8"`. */
export function ownedAt(fs: NodeFileSystem, path: string): string {
  const { mode, uid, gid } = fs.statSync(path);
  return `${(mode & 0o7777).toString(8)} ${uid}:${gid}`;
}

/** Names of ours in a directory. */
export function stagedIn(fs: NodeFileSystem, directory: string): string[] {
  return fs.readdirSync(directory).filter((name) => name.startsWith(".holdfast-"));
}

/** Everything in a tree in one line, links as links: `"a/ a/x=text a/y->x"`. */
export function treeAt(fs: NodeFileSystem, path: string): string {
  const stats = fs.lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return "missing";
  if (!stats.isDirectory()) return entry(fs, path, "");
  const lines = fs
    .readdirSync(path)
    .toSorted()
    .map((name) => below(fs, `${path}/${name}`, name));
  return lines.length === 0 ? "empty" : lines.join(" ");
}

function below(fs: NodeFileSystem, path: string, name: string): string {
  if (!fs.lstatSync(path).isDirectory()) return entry(fs, path, name);
  const inner = fs.readdirSync(path).toSorted();
  return [`${name}/`, ...inner.map((one) => below(fs, `${path}/${one}`, `${name}/${one}`))].join(
    " ",
  );
}

function entry(fs: NodeFileSystem, path: string, name: string): string {
  return fs.lstatSync(path).isSymbolicLink()
    ? `${name}->${fs.readlinkSync(path)}`
    : `${name}=${fs.readFileSync(path, "utf8")}`;
}
