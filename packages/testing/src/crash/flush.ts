import type { InodeId } from "../memory/effect.ts";
import { changesSize } from "./disk.ts";
import type { Disk, Pending } from "./disk.ts";
import { fullyDurable, halfDurable, notDurable } from "./fate.ts";
import type { Durability } from "./fate.ts";
import type { NameChange } from "./timeline.ts";

type Settled = readonly [Pending, Durability];

/** What a flush that succeeded makes durable, by the rules of the disk's model. */
export function covered(
  disk: Disk,
  { inode, dataOnly }: { readonly inode: InodeId; readonly dataOnly: boolean },
): Settled[] {
  const open = disk.pending.filter(({ durable, stuck }) => durable !== fullyDurable && !stuck);
  // fdatasync(2): metadata is flushed if it is needed to read the data, which a new size is.
  const sizesOnly = dataOnly && disk.inode(inode).type !== "directory";
  const metadata = !sizesOnly || sizeChanged(open, inode);
  const rule = disk.model.fsync;
  // ext4 waits for the transaction of the inode's last change, xfs writes its log up to there: of what
  // came later, and if there was none, an fsync says nothing.
  const committed =
    rule === "everything" ? disk.lastChanges(inode)[sizesOnly ? "size" : "any"] : -1;
  const settled: Settled[] = open.flatMap((pending): Settled[] => {
    const durable =
      pending.change.kind !== "write" && pending.change.id <= committed
        ? fullyDurable
        : ownOf(pending, inode, sizesOnly);
    if (durable === halfDurable && disk.model.order === "prefix") return [[pending, fullyDurable]];
    return durable === notDurable ? [] : [[pending, durable]];
  });
  if (rule !== "names" || !metadata) return settled;
  const names = namesOf(disk, open, inode);
  return [
    ...settled.filter(([{ change }]) => change.kind !== "names"),
    ...names.map((pending): Settled => [pending, fullyDurable]),
  ];
}

function sizeChanged(open: readonly Pending[], inode: InodeId): boolean {
  return open.some(({ change }) => change.inode === inode && changesSize(change));
}

/** What is durable of a change because `inode` itself was flushed. */
function ownOf({ change }: Pending, inode: InodeId, dataOnly: boolean): Durability {
  if (change.kind === "names") {
    const at = change.settings.findIndex(({ directory }) => directory === inode);
    if (at === -1) return notDurable;
    // The old name's directory was flushed: with its removal goes the new name, never without.
    const old = change.settings.length === 2 && change.settings[1]!.directory === inode;
    return change.crossing && !old ? halfDurable : fullyDurable;
  }
  if (change.inode !== inode) return notDurable;
  return change.kind === "attributes" && dataOnly ? notDurable : fullyDurable;
}

/**
 * The changes that bring the names of a flushed inode, the names in it if it is a directory, and the
 * directories that lead to them.
 */
function namesOf(disk: Disk, open: readonly Pending[], flushed: InodeId): Pending<NameChange>[] {
  const names = open.filter((one): one is Pending<NameChange> => one.change.kind === "names");
  const chosen = new Set<Pending<NameChange>>();
  const inodes = new Set<InodeId>([flushed]);
  const isDirectory = disk.inode(flushed).type === "directory";
  for (let before = -1; before !== chosen.size;) {
    before = chosen.size;
    const taken = new Set<number>();
    for (const pending of names.toReversed()) {
      const { inode, settings } = pending.change;
      const wanted =
        inodes.has(inode) ||
        (isDirectory && settings.some(({ directory }) => directory === flushed)) ||
        // Who took this name over was logged, and so is who had it before: or it would have none.
        settings.some(({ slot }) => taken.has(slot));
      if (!wanted) continue;
      chosen.add(pending);
      for (const { slot, directory } of settings) {
        taken.add(slot);
        inodes.add(directory);
      }
    }
  }
  return names.filter((one) => chosen.has(one));
}
