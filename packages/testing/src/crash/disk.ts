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
}

/** An inode with what is durable of it, and what is not. */
export interface DiskInode {
  readonly id: InodeId;
  readonly type: "file" | "directory" | "symlink";
  readonly target: string | undefined;
  content: Uint8Array;
  attributes: InodeAttributes;
  data: Pending<DataChange>[];
  modes: Pending<AttributesChange>[];
  /** What was worked out from the above, to be thrown away when it changes. */
  derived: Map<string, readonly InodeVariant[]> | undefined;
}

const nothing = new Uint8Array(0);
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

  follow(event: TimelineEvent): void {
    if (event.kind === "change") this.#change(event.change);
    else if (event.kind === "sync") this.#sync(event);
  }

  #change(change: Change): void {
    const pending: Pending = { change, durable: notDurable, stuck: false };
    this.pending.push(pending);
    if (change.kind === "names") return;
    const inode = this.inode(change.inode);
    inode.derived = undefined;
    if (change.kind === "attributes") inode.modes.push(pending as Pending<AttributesChange>);
    else inode.data.push(pending as Pending<DataChange>);
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
    this.pending = this.pending.filter((pending) => {
      const { change, durable } = pending;
      if (change.kind !== "names") return !this.#foldInto(this.inode(change.inode), pending);
      const { settings } = change;
      if (durable === fullyDurable && !settings.some(({ slot }) => undecided.has(slot))) {
        for (const { directory, name, inode } of settings) this.#set(directory, name, inode);
        return false;
      }
      for (const { slot } of settings) undecided.add(slot);
      return true;
    });
  }

  /** Whether it could be: not while something before it, of the same kind, is open. */
  #foldInto(inode: DiskInode, pending: Pending): boolean {
    const { change, durable } = pending;
    if (durable !== fullyDurable) return false;
    if (change.kind === "attributes") {
      if (inode.modes[0] !== pending) return false;
      inode.modes.shift();
      inode.attributes = change.attributes;
      return true;
    }
    if (inode.data[0] !== pending) return false;
    inode.data.shift();
    inode.content = contentAfter(inode.content, [change as DataChange], [all]);
    return true;
  }

  #set(directory: InodeId, name: string, inode: InodeId | undefined): void {
    const entries = new Map(this.entries(directory));
    if (inode === undefined) entries.delete(name);
    else entries.set(name, inode);
    this.#entries.set(directory, entries);
  }
}
