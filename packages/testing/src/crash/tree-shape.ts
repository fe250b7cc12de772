import type { InodeId } from "../memory/effect.ts";
import type { Disk } from "./disk.ts";
import type { Oddity } from "./fate.ts";
import type { Identities } from "./identity.ts";
import type { Setting } from "./timeline.ts";

/** Which names are there and where they lead, without what is in the files. */
export interface TreeShape {
  /** Equal for trees with the same names, types and hard links, whatever their inodes are called. */
  readonly id: number;
  /** In the order in which they are met, the root first. */
  readonly inodes: readonly InodeId[];
  /** Of those of `inodes` that are directories. */
  readonly entries: readonly (ReadonlyMap<string, InodeId> | undefined)[];
  /** The changes to names that this tree lacks. */
  readonly odd: readonly Oddity[];
}

/** What was decided about names: by slot, the newest setting that reached the disk. */
export type Decided = ReadonlyMap<number, Setting>;

/** The tree that a disk has if, on top of what is certain, these names were set. */
export function shapeOf(
  disk: Disk,
  decided: Decided,
  odd: readonly Oddity[],
  identities: Identities,
): TreeShape {
  const changed = new Map<InodeId, Map<string, InodeId>>();
  const homes = new Map<InodeId, Setting>();
  for (const setting of decided.values()) {
    const { directory, name, inode } = setting;
    let entries = changed.get(directory);
    if (entries === undefined) {
      entries = new Map(disk.entries(directory));
      changed.set(directory, entries);
    }
    if (inode === undefined) entries.delete(name);
    else entries.set(name, inode);
    // `decided` has the newest first.
    if (inode !== undefined && !homes.has(inode) && disk.inode(inode).type === "directory") {
      homes.set(inode, setting);
    }
  }
  const entriesOf = (id: InodeId): ReadonlyMap<string, InodeId> =>
    changed.get(id) ?? disk.entries(id);
  return { ...walk(disk, entriesOf, homes, identities), odd };
}

function walk(
  disk: Disk,
  entriesOf: (directory: InodeId) => ReadonlyMap<string, InodeId>,
  homes: ReadonlyMap<InodeId, Setting>,
  identities: Identities,
): Omit<TreeShape, "odd"> {
  const inodes: InodeId[] = [];
  const entries: (ReadonlyMap<string, InodeId> | undefined)[] = [];
  const seen = new Map<InodeId, number>();
  let text = "";
  const enter = (id: InodeId): void => {
    const at = inodes.length;
    seen.set(id, at);
    inodes.push(id);
    const inode = disk.inode(id);
    if (inode.type !== "directory") {
      entries.push(undefined);
      text += inode.type === "file" ? "f" : `l${inode.target!.length}:${inode.target!}`;
      return;
    }
    entries.push(entriesOf(id));
    text += "d";
    for (const name of sortedNames(entriesOf(id))) {
      const child = entriesOf(id).get(name)!;
      const met = seen.get(child);
      const home = homes.get(child);
      const elsewhere = home !== undefined && (home.directory !== id || home.name !== name);
      if (elsewhere || (met !== undefined && disk.inode(child).type === "directory")) {
        entries[at] = without(entries[at]!, name);
        continue;
      }
      text += `/${name}/`;
      if (met === undefined) enter(child);
      else text += `=${met}`;
    }
    text += "/";
  };
  enter(disk.timeline.base.root);
  return { id: identities.tree(text), inodes, entries };
}

const sorted = new WeakMap<ReadonlyMap<string, InodeId>, readonly string[]>();
/** So few are sorted faster than they are found again. */
const fewNames = 16;

function sortedNames(entries: ReadonlyMap<string, InodeId>): readonly string[] {
  if (entries.size <= fewNames) return [...entries.keys()].sort();
  let names = sorted.get(entries);
  if (names === undefined) sorted.set(entries, (names = [...entries.keys()].sort()));
  return names;
}

function without(
  entries: ReadonlyMap<string, InodeId>,
  name: string,
): ReadonlyMap<string, InodeId> {
  const rest = new Map(entries);
  rest.delete(name);
  return rest;
}
