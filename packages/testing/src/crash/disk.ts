import type { InodeAttributes, InodeId } from "../memory/effect.ts";
import { all, contentAfter, fullyDurable, notDurable } from "./fate.ts";
import type { Durability } from "./fate.ts";
import type { InodeVariant } from "./inode-variants.ts";
import type { PowerLossModel } from "./models.ts";
import { covered } from "./flush.ts";
import type { AttributesChange, Change, DataChange, Timeline, TimelineEvent } from "./timeline.ts";

/** A change that is not part of what is certainly on the disk. */
export interface Pending<Of extends Change = Change> {
  readonly change: Of;
  durable: Durability;
  /** A flush of it failed: no later one makes it durable. */
  stuck: boolean;
  /** Of a write: so many bytes its file has before it whatever was lost. Of others: 0. */
  certainSize: number;
}

/** The last change of an inode: when its time of writing was set, and to what. */
export interface Touch {
  /** Of the change. */
  readonly id: number;
  readonly mtimeMs: number;
}

/** Which changes, by their ids, were the last of an inode; -1 if there was none. */
interface LastChanges {
  /** Of anything: its names, those in it, its contents, size or attributes. */
  any: number;
  /** Of its size. */
  size: number;
}

/** An inode with what is durable of it, and what is not. */
export interface DiskInode {
  readonly id: InodeId;
  readonly type: "file" | "directory" | "symlink";
  readonly target: string | undefined;
  content: Uint8Array;
  attributes: InodeAttributes;
  /** The change that brought `attributes`; -1 if it was made with them. */
  attributesSince: number;
  /** The newest change that is in `content`. */
  touched: Touch | undefined;
  data: Pending<DataChange>[];
  modes: Pending<AttributesChange>[];
  /** What was worked out from the above, to be thrown away when it changes. */
  derived: Map<string, readonly InodeVariant[]> | undefined;
}

const nothing = new Uint8Array(0);
const noChanges: Readonly<LastChanges> = { any: -1, size: -1 };
const noEntries: ReadonlyMap<string, InodeId> = new Map<string, InodeId>();

/**
 * A disk under one model while a run goes on: what is certainly on it, and the changes that may or may
 * not be. Whatever becomes certain is folded in, so that the rest stays small however long the run is.
 */
export class Disk {
  readonly model: PowerLossModel;
  readonly timeline: Timeline;
  /** In the order in which they were made. */
  pending: Pending[] = [];
  /** By the id of a change, the call that made it durable. */
  readonly durableSince: Map<number, number> = new Map<number, number>();
  readonly #inodes = new Map<InodeId, DiskInode>();
  readonly #entries = new Map<InodeId, ReadonlyMap<string, InodeId>>();
  readonly #lastChanges = new Map<InodeId, LastChanges>();

  constructor(model: PowerLossModel, timeline: Timeline) {
    this.model = model;
    this.timeline = timeline;
  }

  inode(id: InodeId): DiskInode {
    let inode = this.#inodes.get(id);
    if (inode === undefined) {
      inode = this.#load(id);
      this.#inodes.set(id, inode);
    }
    return inode;
  }

  #load(id: InodeId): DiskInode {
    const from = this.timeline.base.inodes.get(id) ?? this.timeline.births.get(id);
    if (from === undefined) throw new TypeError(`inode ${id} was never made`);
    return {
      id,
      type: from.type,
      target: from.type === "symlink" ? from.target : undefined,
      content: from.type === "file" && "data" in from ? (from.data as Uint8Array) : nothing,
      attributes: from.attributes,
      attributesSince: -1,
      touched: undefined,
      data: [],
      modes: [],
      derived: undefined,
    };
  }

  /** The names that a directory certainly had. Never changed: a new map takes its place. */
  entries(id: InodeId): ReadonlyMap<string, InodeId> {
    const own = this.#entries.get(id);
    if (own !== undefined) return own;
    const from = this.timeline.base.inodes.get(id);
    return from?.type === "directory" ? from.entries : noEntries;
  }

  lastChanges(id: InodeId): Readonly<LastChanges> {
    return this.#lastChanges.get(id) ?? noChanges;
  }

  follow(event: TimelineEvent): void {
    if (event.kind === "change") this.#change(event.change);
    else if (event.kind === "sync") this.#sync(event);
  }

  #change(change: Change): void {
    const pending: Pending = { change, durable: notDurable, stuck: false, certainSize: 0 };
    this.pending.push(pending);
    this.#noteLast(change);
    if (change.kind === "names") return;
    const inode = this.inode(change.inode);
    inode.derived = undefined;
    if (change.kind === "attributes") inode.modes.push(pending as Pending<AttributesChange>);
    else {
      pending.certainSize = certainSizeAfter(inode.content.length, inode.data.at(-1));
      inode.data.push(pending as Pending<DataChange>);
    }
  }

  #noteLast(change: Change): void {
    this.#lastOf(change.inode).any = change.id;
    if (change.kind === "names") {
      for (const { directory } of change.settings) this.#lastOf(directory).any = change.id;
    } else if (changesSize(change)) this.#lastOf(change.inode).size = change.id;
  }

  #lastOf(id: InodeId): LastChanges {
    let last = this.#lastChanges.get(id);
    if (last === undefined) this.#lastChanges.set(id, (last = { ...noChanges }));
    return last;
  }

  #sync(event: Extract<TimelineEvent, { kind: "sync" }>): void {
    if (event.failed) return this.#stick(event.inode);
    const settled = covered(this, event);
    if (settled.length === 0) return;
    for (const [pending, durable] of settled) {
      if (pending.durable >= durable) continue;
      pending.durable = durable;
      this.durableSince.set(pending.change.id, event.call);
      if (pending.change.kind !== "names") this.inode(pending.change.inode).derived = undefined;
    }
    this.#settle();
  }

  /**
   * After a failed flush the pages are clean: nothing will ever write them. Names, sizes and modes wait
   * in the journal for the next one, where there is a journal.
   */
  #stick(id: InodeId): void {
    for (const pending of this.pending) {
      const { change } = pending;
      if (change.kind === "write" && change.inode === id) pending.stuck = true;
      if (change.kind === "names" && this.model.order === "any") {
        if (change.settings.some(({ directory }) => directory === id)) pending.stuck = true;
      }
    }
  }

  /** Folds what is certain into what was certain before. */
  #settle(): void {
    const undecided = new Set<number>();
    const grown = new Set<DiskInode>();
    this.pending = this.pending.filter((pending) => {
      const { change, durable } = pending;
      if (change.kind !== "names") {
        const inode = this.inode(change.inode);
        const folded = this.#foldInto(inode, pending);
        if (folded && change.kind !== "attributes") grown.add(inode);
        return !folded;
      }
      const { settings } = change;
      if (durable === fullyDurable && !settings.some(({ slot }) => undecided.has(slot))) {
        for (const { directory, name, inode } of settings) this.#set(directory, name, inode);
        return false;
      }
      for (const { slot } of settings) undecided.add(slot);
      return true;
    });
    for (const { content, data } of grown) {
      for (const [at, pending] of data.entries()) {
        pending.certainSize = certainSizeAfter(content.length, data[at - 1]);
      }
    }
  }

  /** Whether it could be: not while something before it, of the same kind, is open. */
  #foldInto(inode: DiskInode, pending: Pending): boolean {
    const { change, durable } = pending;
    if (durable !== fullyDurable) return false;
    if (change.kind === "attributes") {
      if (inode.modes[0] !== pending) return false;
      inode.modes.shift();
      inode.attributes = change.attributes;
      inode.attributesSince = change.id;
      return true;
    }
    if (inode.data[0] !== pending) return false;
    inode.data.shift();
    const made = change as DataChange;
    inode.content = contentAfter(inode.content, [made], [all]).content;
    inode.touched = made;
    return true;
  }

  #set(directory: InodeId, name: string, inode: InodeId | undefined): void {
    const entries = new Map(this.entries(directory));
    if (inode === undefined) entries.delete(name);
    else entries.set(name, inode);
    this.#entries.set(directory, entries);
  }
}

/** Whether it is needed to find the data, so that `fdatasync` flushes it. */
export function changesSize(change: Change): boolean {
  if (change.kind === "write") return change.offset + change.bytes.length > change.sizeBefore;
  return change.kind === "truncate";
}

/** A truncation may come without what was written after it; a write may not come at all. */
function certainSizeAfter(certain: number, before: Pending<DataChange> | undefined): number {
  if (before === undefined) return certain;
  const { change, certainSize } = before;
  return change.kind === "truncate" ? Math.min(certainSize, change.size) : certainSize;
}
