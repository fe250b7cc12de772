/**
 * The models said a second time, in the slowest way: every combination of fates of every change of the
 * whole run, each judged by rules that look at the run from its start. Nothing is folded, shared or
 * left out. `everyState` must find exactly these.
 */

import { fatesOf } from "../../src/crash/fate.ts";
import type { Fate } from "../../src/crash/fate.ts";
import { powerLossModels } from "../../src/crash/models.ts";
import type { ModelName } from "../../src/crash/models.ts";
import type { Change, Timeline } from "../../src/crash/timeline.ts";
import type { Image, ImageInode } from "../../src/memory/effect.ts";
import { treeIn } from "./legal-trees.ts";

export function treesByBruteForce(
  timeline: Timeline,
  model: Exclude<ModelName, "btrfs">,
  events: number,
): string[] {
  const past = timeline.events.slice(0, events);
  const changes = past.flatMap((event) => (event.kind === "change" ? [event.change] : []));
  const rules = powerLossModels[model];
  const trees = new Set<string>();
  const fates: Fate[] = [];
  const go = (): void => {
    const change = changes[fates.length];
    if (change === undefined) {
      if (model !== "posix" && !isPrefix(changes, fates)) return;
      trees.add(treeIn(imageAfter(timeline, changes, fates)));
      return;
    }
    for (const fate of fatesOf(rules, change, 0)) {
      if (!isAllowed(model, timeline, past, change, fate)) continue;
      fates.push(fate);
      go();
      fates.pop();
    }
  };
  go();
  return [...trees].sort();
}

/** Whether no flush of the run forbids it. */
function isAllowed(
  model: ModelName,
  timeline: Timeline,
  past: Timeline["events"],
  change: Change,
  fate: Fate,
): boolean {
  if (fate.kind === "all") return true;
  const at = past.findIndex((event) => event.kind === "change" && event.change === change);
  return past.every((event, index) => {
    if (index < at || event.kind !== "sync") return true;
    const own = change.kind !== "names" && change.inode === event.inode;
    const isFile = typeOf(timeline, event.inode) === "file";
    if (change.kind === "write") return !own;
    if (model !== "posix") {
      const grew = past
        .slice(0, index)
        .some(
          (earlier, place) =>
            earlier.kind === "change" &&
            earlier.change.inode === event.inode &&
            (earlier.change.kind === "truncate" ||
              (earlier.change.kind === "write" &&
                earlier.change.offset + earlier.change.bytes.length > earlier.change.sizeBefore)) &&
            !past
              .slice(place, index)
              .some((flush) => flush.kind === "sync" && flush.inode === event.inode),
        );
      return isFile && event.dataOnly && !grew;
    }
    if (change.kind === "truncate") return !own;
    if (change.kind === "attributes") return !own || (event.dataOnly && isFile);
    const [to, from] = change.settings;
    if (fate.kind === "half") return from!.directory !== event.inode;
    return change.settings.every(({ directory }) => directory !== event.inode) || to === undefined;
  });
}

function isPrefix(changes: readonly Change[], fates: readonly Fate[]): boolean {
  const metadata = fates.filter((_, index) => changes[index]!.kind !== "write");
  const missing = metadata.findIndex(({ kind }) => kind !== "all");
  return missing === -1 || metadata.slice(missing).every(({ kind }) => kind === "lost");
}

const typeOf = ({ base, births }: Timeline, inode: number): ImageInode["type"] =>
  (births.get(inode) ?? base.inodes.get(inode))!.type;

/** Applies one change after the other to copies of everything. */
function imageAfter(timeline: Timeline, changes: readonly Change[], fates: readonly Fate[]): Image {
  const { base, births } = timeline;
  const inodes = new Map<number, ImageInode & { entries?: Map<string, number> }>();
  for (const [id, inode] of base.inodes) {
    inodes.set(
      id,
      inode.type === "directory" ? { ...inode, entries: new Map(inode.entries) } : { ...inode },
    );
  }
  for (const [id, birth] of births) {
    if (birth.type === "symlink") inodes.set(id, birth);
    else if (birth.type === "directory")
      inodes.set(id, { ...birth, type: "directory", entries: new Map<string, number>() });
    else inodes.set(id, { ...birth, type: "file", data: new Uint8Array(0) });
  }
  for (const [index, change] of changes.entries()) {
    const fate = fates[index]!;
    if (fate.kind === "lost") continue;
    const inode = inodes.get(change.inode)!;
    if (change.kind === "attributes") {
      inodes.set(change.inode, { ...inode, attributes: change.attributes });
    } else if (change.kind === "names") {
      for (const { directory, name, inode: to } of change.settings.slice(
        0,
        fate.kind === "half" ? 1 : 2,
      )) {
        const { entries } = inodes.get(directory)!;
        if (to === undefined) entries!.delete(name);
        else entries!.set(name, to);
      }
    } else if (inode.type === "file") {
      inodes.set(change.inode, {
        ...inode,
        data: Uint8Array.from(bytesAfter([...inode.data], change, fate)),
      });
    }
  }
  return { root: base.root, inodes };
}

function bytesAfter(bytes: number[], change: Change, fate: Fate): number[] {
  if (change.kind === "truncate") {
    while (bytes.length < change.size) bytes.push(0);
    return bytes.slice(0, change.size);
  }
  if (change.kind !== "write") return bytes;
  const count = fate.kind === "part" ? fate.bytes : change.bytes.length;
  for (let at = 0; at < count; at++) {
    while (bytes.length < change.offset + at) bytes.push(0);
    bytes[change.offset + at] = fate.kind === "zeros" ? 0 : change.bytes[at]!;
  }
  return bytes;
}
