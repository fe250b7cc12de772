import type { Image, InodeAttributes, InodeId } from "../memory/effect.ts";

/** A name in a directory, numbered so that two places can be compared fast. */
export interface Setting {
  readonly slot: number;
  readonly directory: InodeId;
  readonly name: string;
  /** What the name leads to from then on. */
  readonly inode: InodeId | undefined;
}

interface InCall {
  /** Counted from 0 over the timeline. */
  readonly id: number;
  /** The number of the call that made it. */
  readonly call: number;
  /** `"7"`, or `"7.2"` for the second change of call 7: how reports and replay strings name it. */
  readonly label: string;
}

/** A link, an unlink or a rename. */
export interface NameChange extends InCall {
  readonly kind: "names";
  readonly inode: InodeId;
  /** The new name first: the removal of the old one never comes without it. */
  readonly settings: readonly Setting[];
  /** Whether a crash can leave a file under both names: a rename between two directories. */
  readonly crossing: boolean;
}

export interface WriteChange extends InCall {
  readonly kind: "write";
  readonly inode: InodeId;
  readonly offset: number;
  readonly bytes: Uint8Array;
  readonly sizeBefore: number;
  /** When it was made, by the file system's clock. */
  readonly mtimeMs: number;
}

interface TruncateChange extends InCall {
  readonly kind: "truncate";
  readonly inode: InodeId;
  readonly size: number;
  readonly mtimeMs: number;
}

export interface AttributesChange extends InCall {
  readonly kind: "attributes";
  readonly inode: InodeId;
  readonly attributes: InodeAttributes;
}

/** One thing that a power loss can take away. */
export type Change = NameChange | WriteChange | TruncateChange | AttributesChange;
export type DataChange = WriteChange | TruncateChange;

export type TimelineEvent =
  | { readonly kind: "change"; readonly change: Change }
  | {
      readonly kind: "sync";
      readonly inode: InodeId;
      readonly dataOnly: boolean;
      readonly call: number;
      /** It said EIO: what it should have written is never written by a later one. */
      readonly failed: boolean;
    }
  | { readonly kind: "ack"; readonly call: number };

/** What an inode was made as, before anything was written to it. */
export type Birth =
  | { readonly type: "file" | "directory"; readonly attributes: InodeAttributes }
  | { readonly type: "symlink"; readonly target: string; readonly attributes: InodeAttributes };

/** All that a run did to its file system, in order. */
export interface Timeline {
  /** What it started from: durable. */
  readonly base: Image;
  readonly events: readonly TimelineEvent[];
  /** Of inodes that the run made. */
  readonly births: ReadonlyMap<InodeId, Birth>;
  /** A line for each call; call 1 is the first. */
  readonly calls: readonly string[];
}
