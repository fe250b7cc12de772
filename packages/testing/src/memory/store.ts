import { Inode, S_IFDIR, SuperblockOfMemfs } from "./inode.ts";
import type { Link, Superblock, Usage } from "./inode.ts";
import type { InodeId } from "./effect.ts";

/** The superblock of memfs, with our inodes: a `Volume` on it shows and changes the same tree. */
export class Store extends SuperblockOfMemfs {
  // The constructor of memfs makes the root, before initializers run: `createNode` sets these.
  declare usage: Usage;
  declare lastId: InodeId;

  constructor(process: Superblock["process"]) {
    super({ process });
    this.inodeOf(this.root).nlink = 2; // memfs counts the root's own "." and ".." as subdirectories
  }

  /** The inode that a name leads to. */
  inodeOf(link: Link): Inode {
    return link.node as Inode;
  }

  override createNode(mode: number): Inode {
    const { process } = this;
    return this.createInode(mode, process.getuid?.() ?? 0, process.getgid?.() ?? 0);
  }

  /** @param wanted its number, if that is free */
  createInode(mode: number, uid: number, gid: number, id?: InodeId, wanted?: number): Inode {
    this.usage ??= { bytes: 0 };
    this.lastId ??= 0;
    if (id === undefined) id = ++this.lastId;
    else if (id > this.lastId) this.lastId = id;
    const ino = numberFor(this, wanted);
    const inode = new Inode(id, ino, mode, uid, gid, this.usage);
    this.inodes[ino] = inode;
    return inode;
  }

  override deleteNode(inode: Inode): void {
    super.deleteNode(inode);
    // An open file without a name goes on until it is closed.
    if (inode.opened === 0) inode.release();
  }

  /** Forgets an inode that no name and no descriptor leads to; the volume may have done so before. */
  discard(inode: Inode): void {
    if (this.inodes[inode.ino] === inode) this.deleteNode(inode);
    else inode.release();
  }

  override reset(): void {
    super.reset();
    const { root } = this;
    root.setNode(this.createNode(S_IFDIR | 0o755));
    root.children.set(".", root).set("..", root);
    this.inodeOf(root).nlink = 2;
  }
}

// Not a method: memfs's constructor makes the root before ours can have private ones.
function numberFor(store: Store, wanted: number | undefined): number {
  if (wanted === undefined || store.inodes[wanted] !== undefined) {
    return store.releasedInos.pop() ?? ++store.ino;
  }
  if (wanted > store.ino) store.ino = wanted;
  return wanted;
}
