/**
 * The models said a second time, in the slowest way: every combination of what may have become of every
 * change of the whole run, each judged by rules that look at the run from its start. Nothing is folded,
 * shared or left out. `everyState` must find exactly these.
 */

import type { ModelName } from "../../src/crash/models.ts";
import type { Change, NameChange, Timeline, WriteChange } from "../../src/crash/timeline.ts";
import type { Image, ImageInode } from "../../src/memory/effect.ts";
import { treeIn } from "./legal-trees.ts";

type File = Extract<ImageInode, { type: "file" }>;

/**
 * What became of a change: all of it, or nothing, or of a rename only its new name, or of a write only
 * the size, or only the bytes that `kept` says.
 */
type Outcome = "all" | "nothing" | "new name" | "size" | { readonly kept: (at: number) => boolean };

const page = 4096;

export function treesByBruteForce(
  timeline: Timeline,
  model: Exclude<ModelName, "btrfs">,
  events: number,
): string[] {
  const past = timeline.events.slice(0, events);
  const changes = past.flatMap((event) => (event.kind === "change" ? [event.change] : []));
  const trees = new Set<string>();
  const outcomes: Outcome[] = [];
  const go = (): void => {
    const change = changes[outcomes.length];
    if (change === undefined) {
      if (model !== "posix" && !isPrefix(changes, outcomes)) return;
      trees.add(treeIn(imageAfter(timeline, changes, outcomes)));
      return;
    }
    for (const outcome of outcomesOf(change, model)) {
      if (!isAllowed(model, timeline, past, change, outcome)) continue;
      outcomes.push(outcome);
      go();
      outcomes.pop();
    }
  };
  go();
  return [...trees].sort();
}

function outcomesOf(change: Change, model: ModelName): Outcome[] {
  if (change.kind === "write") return ["nothing", "size", ...piecesOf(change), "all"];
  const halves = model === "posix" && change.kind === "names" && change.crossing;
  return halves ? ["nothing", "new name", "all"] : ["nothing", "all"];
}

/** The pieces of a write that are tried, found by walking over its bytes. */
function piecesOf({ offset, bytes: { length } }: WriteChange): Outcome[] {
  const starts: number[] = []; // of pages, but for the one in which the write begins
  for (let at = 1; at < length; at++) if ((offset + at) % page === 0) starts.push(at);
  const first = starts.at(0) ?? NaN;
  const middle = starts[Math.trunc(starts.length / 2)] ?? NaN;
  const last = starts.at(-1) ?? NaN;
  const half = length > page ? NaN : Math.trunc(length / 2);
  const ends = [first, middle, last, half, length - 1].filter((end) => end > 0);
  return [
    ...ends.map((end) => ({ kept: (at: number) => at < end })),
    ...[first, last]
      .filter((start) => start > 0)
      .map((start) => ({ kept: (at: number) => at >= start })),
  ];
}

/** Whether no flush of the run forbids it. */
function isAllowed(
  model: ModelName,
  timeline: Timeline,
  past: Timeline["events"],
  change: Change,
  outcome: Outcome,
): boolean {
  if (outcome === "all") return true;
  const at = past.findIndex((event) => event.kind === "change" && event.change === change);
  return past.every((event, index) => {
    if (index < at || event.kind !== "sync") return true;
    const own = change.kind !== "names" && change.inode === event.inode;
    const isFile = typeOf(timeline, event.inode) === "file";
    if (change.kind === "write") return !own;
    if (model !== "posix") {
      // Committed with it: what was done to the flushed thing, at or after this change.
      return !past
        .slice(at, index)
        .some(
          (later) =>
            later.kind === "change" &&
            (isFile && event.dataOnly
              ? later.change.inode === event.inode && resizes(later.change)
              : concerns(later.change, event.inode)),
        );
    }
    if (change.kind === "truncate") return !own;
    if (change.kind === "attributes") return !own || (event.dataOnly && isFile);
    if (outcome === "new name") return oldHome(change) !== event.inode;
    return change.settings.every(({ directory }) => directory !== event.inode);
  });
}

const oldHome = ({ settings }: NameChange): number | undefined => settings[1]?.directory;

const resizes = (change: Change): boolean =>
  change.kind === "truncate" ||
  (change.kind === "write" && change.sizeBefore < change.offset + change.bytes.length);

/** Whether a change is one of this file or directory, be it of a name in it. */
function concerns(change: Change, inode: number): boolean {
  const places = change.kind === "names" ? change.settings.map(({ directory }) => directory) : [];
  return [change.inode, ...places].includes(inode);
}

function isPrefix(changes: readonly Change[], outcomes: readonly Outcome[]): boolean {
  const metadata = outcomes.filter((_, index) => changes[index]!.kind !== "write");
  const missing = metadata.findIndex((outcome) => outcome !== "all");
  return missing === -1 || metadata.slice(missing).every((outcome) => outcome === "nothing");
}

const typeOf = ({ base, births }: Timeline, inode: number): ImageInode["type"] =>
  (births.get(inode) ?? base.inodes.get(inode))!.type;

/** Applies one change after the other to copies of everything. */
function imageAfter(
  timeline: Timeline,
  changes: readonly Change[],
  outcomes: readonly Outcome[],
): Image {
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
    const outcome = outcomes[index]!;
    if (outcome === "nothing") continue;
    const inode = inodes.get(change.inode)!;
    if (change.kind === "attributes") {
      inodes.set(change.inode, { ...inode, attributes: change.attributes });
    } else if (change.kind === "names") {
      for (const { directory, name, inode: to } of change.settings.slice(
        0,
        outcome === "new name" ? 1 : 2,
      )) {
        const { entries } = inodes.get(directory)!;
        if (to === undefined) entries!.delete(name);
        else entries!.set(name, to);
      }
    } else if (inode.type === "file") inodes.set(change.inode, fileAfter(inode, change, outcome));
  }
  return { root: base.root, inodes };
}

function fileAfter(file: File, change: Exclude<Change, NameChange>, outcome: Outcome): File {
  if (change.kind === "attributes") throw new TypeError("not a change of contents");
  const bytes = [...file.data];
  if (change.kind === "truncate") {
    while (bytes.length < change.size) bytes.push(0);
    bytes.length = change.size;
  } else {
    for (const [at, byte] of change.bytes.entries()) {
      const kept = typeof outcome === "object" ? outcome.kept(at) : true;
      if (!kept) continue;
      while (bytes.length <= change.offset + at) bytes.push(0);
      if (outcome !== "size") bytes[change.offset + at] = byte;
    }
  }
  // A size that it had anyway is nothing that happened.
  if (outcome === "size" && bytes.length === file.data.length) return file;
  const { mtimeMs } = change;
  return { ...file, data: Uint8Array.from(bytes), attributes: { ...file.attributes, mtimeMs } };
}
