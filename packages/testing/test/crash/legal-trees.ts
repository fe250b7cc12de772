/** What may be on the disk, as trees in text: for tests that say the whole set by hand. */

import { facesOf } from "../../src/calls/faces.ts";
import type { NodeFileSystem } from "../../src/calls/node-file-system.ts";
import { markChosen } from "../../src/crash/chosen-times.ts";
import { cellsOf, diskAt, disksAt } from "../../src/crash/crash-point.ts";
import type { Disk } from "../../src/crash/disk.ts";
import { Identities } from "../../src/crash/identity.ts";
import { everyState, imageOf } from "../../src/crash/legal-states.ts";
import { powerLossModels } from "../../src/crash/models.ts";
import type { ModelName, PowerLossModel } from "../../src/crash/models.ts";
import { Recorder } from "../../src/crash/recorder.ts";
import type { Timeline } from "../../src/crash/timeline.ts";
import type { Image } from "../../src/memory/effect.ts";
import { MemoryBackend } from "../../src/memory/memory-backend.ts";

type Act = (fs: NodeFileSystem) => void;

/** What a program did after `setup`, which is durable. */
export function timelineOf(run: Act, setup: Act = () => {}, failSync = 0): Timeline {
  const first = new MemoryBackend();
  setup(facesOf(first));
  const base = first.snapshot();
  for (const { attributes } of base.inodes.values()) markChosen(attributes);
  const backend = new MemoryBackend({}, base);
  const recorder = new Recorder(backend, base, failSync);
  run(recorder.fs);
  return recorder;
}

/** Times before it are a test's own, later ones are those of the clock. */
const firstOfClock = 1e9;

/**
 * `"d/ d/a=text b(600)=x· c@5="`: a directory, a file, one with another mode and a byte of zeros, one
 * that was given a time: 5 seconds after the epoch.
 */
export function treeIn({ root, inodes }: Image): string {
  const lines: string[] = [];
  const list = (directory: number, prefix: string): void => {
    const inode = inodes.get(directory)!;
    if (inode.type !== "directory") throw new TypeError(`${prefix} is no directory`);
    for (const [name, id] of [...inode.entries].sort(([one], [other]) => (one < other ? -1 : 1))) {
      const child = inodes.get(id)!;
      const path = `${prefix}${name}`;
      const { mode, mtimeMs } = child.attributes;
      const usual = { directory: 0o755, file: 0o644, symlink: 0o777 }[child.type];
      const timed = mtimeMs < firstOfClock ? `${path}@${mtimeMs / 1000}` : path;
      const shown = mode === usual ? timed : `${timed}(${mode.toString(8)})`;
      if (child.type === "directory") {
        lines.push(`${shown}/`);
        list(id, `${path}/`);
      } else if (child.type === "symlink") lines.push(`${shown}=>${child.target}`);
      else lines.push(`${shown}=${Buffer.from(child.data).toString().replaceAll("\0", "·")}`);
    }
  };
  list(root, "");
  return lines.join(" ");
}

/** Every tree that may be there if the power goes after `events` events (default: all). */
export function treesAt(
  timeline: Timeline,
  model: ModelName | PowerLossModel,
  events: number = timeline.events.length,
): string[] {
  const data = typeof model === "string" ? powerLossModels[model] : model;
  return treesOf(diskAt(timeline, data, events), new Identities());
}

function treesOf(disk: Disk, identities: Identities): string[] {
  const trees = new Set<string>();
  const all = everyState(disk, 1e6, identities, (_key, tree, variants) => {
    trees.add(treeIn(imageOf(disk, { tree, variants })));
    return true;
  });
  if (!all) throw new Error("too many states to list them");
  return [...trees].sort();
}

/** The same at each point that `exploreCrashes` stops at, with disks taken from point to point. */
export function treesAtPoints(
  timeline: Timeline,
  models: readonly ModelName[],
): { readonly model: string; readonly events: number; readonly trees: string[] }[] {
  const identities = new Identities();
  const rules = models.map((name) => powerLossModels[name]);
  const found: { model: string; events: number; trees: string[] }[] = [];
  for (const { cell, disk } of disksAt(timeline, cellsOf(timeline, rules))) {
    const trees = treesOf(disk, identities); // now: at the next point the disk is another
    found.push({ model: cell.model.name, events: cell.point.events, trees });
  }
  return found;
}

/** Makes a file durable, or the names in a directory. */
export function flush(
  fs: NodeFileSystem,
  path: string,
  call: "fsyncSync" | "fdatasyncSync" = "fsyncSync",
): void {
  const fd = fs.openSync(path, "r");
  fs[call](fd);
  fs.closeSync(fd);
}

/** Names that no flush or disk distinguishes from files: for tests of names alone. */
export function touch(fs: NodeFileSystem, ...paths: readonly string[]): void {
  for (const path of paths) fs.closeSync(fs.openSync(path, "wx"));
}
