import type { Image, ImageInode, InodeId } from "../memory/effect.ts";
import type { Disk, DiskInode, Pending } from "./disk.ts";
import { all, fatesOf, fullyDurable, lost } from "./fate.ts";
import type { Fate, Oddity } from "./fate.ts";
import type { Identities } from "./identity.ts";
import { variantsOf } from "./inode-variants.ts";
import type { Choices, InodeVariant } from "./inode-variants.ts";
import { shapeOf } from "./tree-shape.ts";
import type { TreeShape } from "./tree-shape.ts";
import type { NameChange, Setting } from "./timeline.ts";

/** What may be on the disk after a power loss. */
export interface LegalState {
  /** Equal for equal states. */
  readonly key: string;
  readonly tree: TreeShape;
  /** One for each inode of the tree, in its order. */
  readonly variants: readonly InodeVariant[];
}

/** Every change that did not reach the disk as it was made. What no name leads to does not count. */
export function odditiesOf({ tree, variants }: LegalState): Oddity[] {
  const reached = new Set(tree.inodes);
  return [
    ...tree.odd.filter(({ change }) =>
      (change as NameChange).settings.some(({ directory }) => reached.has(directory)),
    ),
    ...variants.flatMap(({ odd }) => odd),
  ].sort((one, other) => one.change.id - other.change.id);
}

export function imageOf(disk: Disk, { tree, variants }: Omit<LegalState, "key">): Image {
  const inodes = new Map<InodeId, ImageInode>();
  for (let at = 0; at < variants.length; at++) {
    const { content, attributes } = variants[at]!;
    const id = tree.inodes[at]!;
    const entries = tree.entries[at];
    if (entries !== undefined) inodes.set(id, { type: "directory", entries, attributes });
    else {
      const { target } = disk.inode(id);
      if (target === undefined) inodes.set(id, { type: "file", data: content, attributes });
      else inodes.set(id, { type: "symlink", target, attributes });
    }
  }
  return { root: tree.inodes[0]!, inodes };
}

/**
 * Calls `visit` with each state that the disk may be in, some more than once.
 *
 * @param limit of what one inode may be; above it there is no listing
 * @param visit says whether to go on
 * @returns whether all were visited
 */
export function everyState(
  disk: Disk,
  limit: number,
  identities: Identities,
  visit: (key: string, tree: TreeShape, variants: readonly InodeVariant[]) => boolean,
): boolean {
  const withTree = (tree: TreeShape, choices: Choices): boolean => {
    const lists: (readonly InodeVariant[])[] = [];
    for (const id of tree.inodes) {
      const list = listOf(disk.inode(id), choices, limit, identities);
      if (list === undefined) return false;
      lists.push(list);
    }
    return everyCombination(tree, lists, visit);
  };
  return disk.model.order === "any"
    ? everySubset(disk, (decided, odd) =>
        withTree(shapeOf(disk, decided, odd, identities), choicesOf(disk)),
      )
    : everyPrefix(disk, (choices) => {
        const { decided, odd } = decide(disk, (pending) => choices(pending)[0]!);
        return withTree(shapeOf(disk, decided, odd, identities), choices);
      });
}

const choicesOf =
  (disk: Disk): Choices =>
  (pending) =>
    fatesOf(disk.model, pending);

/** The variants of an inode, worked out once until something happens to it. */
function listOf(
  inode: DiskInode,
  choices: Choices,
  limit: number,
  identities: Identities,
): readonly InodeVariant[] | undefined {
  const key = keyOfChoices(inode, choices);
  const known = inode.derived?.get(key);
  if (known !== undefined) return known;
  const list = variantsOf(inode, choices, limit, identities);
  if (list === undefined) return undefined;
  inode.derived ??= new Map<string, readonly InodeVariant[]>();
  inode.derived.set(key, list);
  return list;
}

/** What a journal has decided about an inode; what is open besides is always the same. */
function keyOfChoices({ data, modes }: DiskInode, choices: Choices): string {
  let key = "";
  for (const pending of data) {
    if (pending.change.kind === "truncate") key += choices(pending)[0]!.kind;
  }
  for (const pending of modes) key += choices(pending)[0]!.kind;
  return key;
}

function everyCombination(
  tree: TreeShape,
  lists: readonly (readonly InodeVariant[])[],
  visit: (key: string, tree: TreeShape, variants: readonly InodeVariant[]) => boolean,
): boolean {
  const chosen = lists.map((list) => list[0]!);
  const at = lists.map(() => 0);
  for (;;) {
    if (!visit(keyOf(tree, chosen), tree, chosen)) return false;
    let place = lists.length - 1;
    while (place >= 0 && at[place]! + 1 === lists[place]!.length) {
      at[place] = 0;
      chosen[place] = lists[place]![0]!;
      place--;
    }
    if (place < 0) return true;
    at[place]!++;
    chosen[place] = lists[place]![at[place]!]!;
  }
}

function keyOf(tree: TreeShape, variants: readonly InodeVariant[]): string {
  let key = String(tree.id);
  for (const { id } of variants) key += ` ${id}`;
  return key;
}

/** Of more unflushed changes of names, the subsets are not listed. */
const maxNames = 1000;

/** From the last change to the first: what a later one hides need not be tried in every way. */
function everySubset(
  disk: Disk,
  visit: (decided: ReadonlyMap<number, Setting>, odd: readonly Oddity[]) => boolean,
): boolean {
  const names = namesIn(disk);
  if (names.length > maxNames) return false;
  const decided = new Map<number, Setting>();
  const odd: Oddity[] = [];
  const choose = (at: number): boolean => {
    if (at < 0) return visit(decided, [...odd]);
    const { change } = names[at]!;
    if (change.settings.every(({ slot }) => decided.has(slot))) return choose(at - 1);
    for (const fate of fatesOf(disk.model, names[at]!)) {
      const made = set(decided, change, fate);
      if (fate !== all) odd.push({ change, fate });
      const goOn = choose(at - 1);
      if (fate !== all) odd.pop();
      for (const slot of made) decided.delete(slot);
      if (!goOn) return false;
    }
    return true;
  };
  return choose(names.length - 1);
}

function namesIn(disk: Disk): readonly Pending<NameChange>[] {
  return disk.pending.filter((one): one is Pending<NameChange> => one.change.kind === "names");
}

/** Returns the slots that this change is now the newest of. */
function set(decided: Map<number, Setting>, change: NameChange, fate: Fate): number[] {
  if (fate.kind === "lost") return [];
  const made: number[] = [];
  for (const setting of fate.kind === "half" ? change.settings.slice(0, 1) : change.settings) {
    if (decided.has(setting.slot)) continue;
    decided.set(setting.slot, setting);
    made.push(setting.slot);
  }
  return made;
}

/** Metadata reached the disk up to some moment; what was flushed, whenever it was made. */
function everyPrefix(disk: Disk, visit: (choices: Choices) => boolean): boolean {
  const metadata = metadataIn(disk);
  for (let length = 0; length <= metadata.length; length++) {
    if (!visit(prefixChoices(disk, metadata.slice(0, length)))) return false;
  }
  return true;
}

/** What is in the order of a journal, and not certain. */
export function metadataIn(disk: Disk): Pending[] {
  return disk.pending.filter(
    ({ change, durable }) => change.kind !== "write" && durable !== fullyDurable,
  );
}

const kept: readonly Fate[] = [all];
const gone: readonly Fate[] = [lost];

function prefixChoices(disk: Disk, prefix: readonly Pending[]): Choices {
  const reached = new Set(prefix);
  return (pending) => {
    const { change, durable } = pending;
    if (change.kind === "write") return fatesOf(disk.model, pending);
    return durable === fullyDurable || reached.has(pending) ? kept : gone;
  };
}

function decide(
  disk: Disk,
  fateOf: (pending: Pending) => Fate,
): { readonly decided: Map<number, Setting>; readonly odd: Oddity[] } {
  const decided = new Map<number, Setting>();
  const odd: Oddity[] = [];
  for (const pending of namesIn(disk).toReversed()) {
    const fate = fateOf(pending);
    set(decided, pending.change, fate);
    if (fate !== all) odd.push({ change: pending.change, fate });
  }
  return { decided, odd };
}

/** The one state in which these became of the changes. */
export function stateWith(
  disk: Disk,
  fateOf: (pending: Pending) => Fate,
  identities: Identities,
): LegalState {
  const { decided, odd } = decide(disk, fateOf);
  const tree = shapeOf(disk, decided, odd, identities);
  const choices: Choices = (pending) => [fateOf(pending)];
  const variants = tree.inodes.map(
    (id) => variantsOf(disk.inode(id), choices, Infinity, identities)![0]!,
  );
  return { key: keyOf(tree, variants), tree, variants };
}

/** At most so many states, not counting how many of them are equal. */
export function mostStates(disk: Disk): number {
  const { model, pending } = disk;
  const prefix = model.order === "prefix";
  const writes = pending.filter(({ change }) => !prefix || change.kind === "write");
  const ways = writes.reduce((product, one) => product * fatesOf(model, one).length, 1);
  return prefix ? ways * (metadataIn(disk).length + 1) : ways;
}
