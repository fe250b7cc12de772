/**
 * What a call did to which inode: the journal that the memory file system keeps for whoever listens.
 * It is what a power loss works on, since paths mean nothing to a disk.
 */

/** Names an inode for ever: never used again, unlike `stat().ino`. */
export type InodeId = number;

export interface InodeAttributes {
  /** Permission bits only. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Milliseconds since the epoch. */
  readonly mtimeMs: number;
  /** Default: `mtimeMs`. */
  readonly birthtimeMs?: number;
  /** `stat().ino`: a program may have written it down. Default: one that is free. */
  readonly ino?: number;
}

export type Effect =
  /** A new inode, that no name leads to yet: a `link` follows at once. */
  | {
      readonly kind: "create";
      readonly inode: InodeId;
      readonly type: "file" | "directory" | "symlink";
      /** Of a symbolic link. */
      readonly target?: string;
      readonly attributes: InodeAttributes;
    }
  /** A directory got an entry. */
  | {
      readonly kind: "link";
      readonly directory: InodeId;
      readonly name: string;
      readonly inode: InodeId;
    }
  /** A directory lost an entry (`unlink`, `rmdir`). */
  | {
      readonly kind: "unlink";
      readonly directory: InodeId;
      readonly name: string;
      readonly inode: InodeId;
    }
  | {
      readonly kind: "rename";
      readonly from: { readonly directory: InodeId; readonly name: string };
      readonly to: { readonly directory: InodeId; readonly name: string };
      readonly inode: InodeId;
      /** What the new name led to before. */
      readonly replaced: InodeId | undefined;
    }
  | {
      readonly kind: "write";
      readonly inode: InodeId;
      readonly offset: number;
      /** A copy: nobody changes it. */
      readonly bytes: Uint8Array;
      /** The size of the file before. */
      readonly sizeBefore: number;
    }
  /** Shorter or longer; longer reads as zeros. */
  | {
      readonly kind: "truncate";
      readonly inode: InodeId;
      readonly size: number;
      readonly sizeBefore: number;
    }
  | { readonly kind: "attributes"; readonly inode: InodeId; readonly attributes: InodeAttributes }
  /** `fsync`, `fdatasync`. */
  | { readonly kind: "sync"; readonly inode: InodeId; readonly dataOnly: boolean };

/** What a file system holds, by inode: what it is made from, and what it is turned into. */
export interface Image {
  readonly root: InodeId;
  readonly inodes: ReadonlyMap<InodeId, ImageInode>;
}

export type ImageInode =
  | {
      readonly type: "file";
      /** Never written to: who changes it copies it first. */
      readonly data: Uint8Array;
      readonly attributes: InodeAttributes;
    }
  | {
      readonly type: "directory";
      readonly entries: ReadonlyMap<string, InodeId>;
      readonly attributes: InodeAttributes;
    }
  | { readonly type: "symlink"; readonly target: string; readonly attributes: InodeAttributes };
