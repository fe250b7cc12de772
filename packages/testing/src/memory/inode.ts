/**
 * The inode of the memory file system: memfs's, so that a `Volume` works with it, but with times that
 * cost less, contents that can be shared with an image, and an id that is never used again.
 */

import { Volume } from "memfs";
import type { InodeId } from "./effect.ts";

export type Superblock = Volume["_core"];
/** A name in a directory, of memfs: what leads from a directory to an inode. */
export type Link = Superblock["root"];
type MemfsNode = ReturnType<Link["getNode"]>;

// memfs does not export its classes; an empty volume has one object of each.
const specimen: Superblock = new Volume()._core;
export const SuperblockOfMemfs: new (options: { process: Superblock["process"] }) => Superblock =
  specimen.constructor as never;
const NodeOfMemfs: new (ino: number, mode: number, uid: number, gid: number) => MemfsNode = specimen
  .root.node.constructor as never;
export const LinkOfMemfs: new (store: Superblock, parent: Link, name: string) => Link = specimen
  .root.constructor as never;

/**
 * What memfs's own constructor makes, without asking the operating system twice who the program is,
 * for each node: that took a fourth of the time of a crash exploration.
 */
function LightNode(this: Fields, ino: number, mode: number, uid: number, gid: number): void {
  this.changes = new FanOut();
  this._uid = uid;
  this._gid = gid;
  this._atime = this._mtime = this._ctime = this._btime = epoch; // never seen: Inode has its own
  this.buf = specimenNode.buf;
  this.capacity = 0;
  this.size = 0;
  this.rdev = 0;
  this._nlink = 1;
  this.mode = mode;
  this.ino = ino;
}
LightNode.prototype = NodeOfMemfs.prototype;

interface Fields {
  changes: unknown;
  _uid: number;
  _gid: number;
  _atime: Date;
  _mtime: Date;
  _ctime: Date;
  _btime: Date;
  buf: unknown;
  capacity: number;
  size: number;
  rdev: number;
  _nlink: number;
  mode: number;
  ino: number;
}

const specimenNode = specimen.root.node as unknown as Fields;
const FanOut = specimen.root.node.changes.constructor as new () => object;
const epoch = new Date(0);

/** Only while memfs's nodes have exactly these fields. */
const BaseOfInode: typeof NodeOfMemfs = hasSameFields()
  ? (LightNode as unknown as typeof NodeOfMemfs)
  : NodeOfMemfs;

function hasSameFields(): boolean {
  const light = new (LightNode as unknown as typeof NodeOfMemfs)(1, 0, 0, 0);
  return Object.keys(light).toSorted().join() === Object.keys(specimenNode).toSorted().join();
}

export const S_IFMT = 0o170000;
export const S_IFDIR = 0o040000;
export const S_IFREG = 0o100000;
export const S_IFLNK = 0o120000;

/** Microseconds since the epoch: whole numbers below 2^53, and as fine as libuv sets times. */
export type Microseconds = number;

/** How many bytes of file content a store holds. */
export interface Usage {
  bytes: number;
}

const noBytes = new Uint8Array(0);

export class Inode extends BaseOfInode {
  /** Not `ino`, which is used again when the file is gone, as ext4 does. */
  id: InodeId;
  /** `st_dev`. */
  dev = 0;
  /** Whether it is the root of a device: a mount point. */
  mounted = false;
  /** How many descriptors are open on it, or on directories that were in it when they were removed. */
  opened = 0;
  atimeUs: Microseconds = 0;
  mtimeUs: Microseconds = 0;
  ctimeUs: Microseconds = 0;
  btimeUs: Microseconds = 0;
  readonly #usage: Usage;
  #links = 1;
  #length = 0;
  /** The content, with room to grow; beyond `#stored` it means nothing. */
  #bytes: Uint8Array = noBytes;
  /** How much of `#bytes` counts; from there to `#length` the content is zeros. */
  #stored = 0;
  /** Below this, `#bytes` also belongs to an image and is never written to. */
  #sharedTo = 0;

  constructor(id: InodeId, ino: number, mode: number, uid: number, gid: number, usage: Usage) {
    super(ino, mode, uid, gid);
    this.id = id;
    this.#usage = usage;
  }

  /** Whether the content has no byte stored beyond what fits in memory. */
  get stored(): number {
    return this.#stored;
  }

  /** Copies content out and says how much there was. */
  readInto(into: Uint8Array, offset: number, length: number, position: number): number {
    const count = Math.min(length, this.#length - position);
    if (count <= 0) return 0;
    const kept = Math.min(count, this.#stored - position);
    if (kept > 0) into.set(this.#bytes.subarray(position, position + kept), offset);
    if (kept < count) into.fill(0, offset + Math.max(kept, 0), offset + count);
    return count;
  }

  writeFrom(from: Uint8Array, offset: number, length: number, position: number): void {
    const end = position + length;
    this.#ownFrom(Math.min(position, this.#stored), end);
    if (position > this.#stored) this.#bytes.fill(0, this.#stored, position);
    this.#bytes.set(
      offset === 0 && length === from.length ? from : from.subarray(offset, offset + length),
      position,
    );
    if (end > this.#stored) this.#store(end);
    if (end > this.#length) this.#length = end;
  }

  resize(length: number): void {
    if (length < this.#stored) this.#store(length);
    this.#length = length;
  }

  /** Takes over content that is never changed: it is copied first. */
  adopt(content: Uint8Array): void {
    this.#bytes = content;
    this.#sharedTo = content.length;
    this.#length = content.length;
    this.#store(content.length);
  }

  /** The content as it is now, which stays as it is. */
  share(): Uint8Array {
    if (this.#stored < this.#length) {
      const whole = new Uint8Array(this.#length);
      whole.set(this.#bytes.subarray(0, this.#stored));
      return whole;
    }
    this.#sharedTo = Math.max(this.#sharedTo, this.#stored);
    return this.#bytes.length === this.#stored
      ? this.#bytes
      : this.#bytes.subarray(0, this.#stored);
  }

  /** The content is gone for good: nothing leads to it. */
  release(): void {
    this.#store(0);
    this.#length = 0;
    this.#bytes = noBytes;
    this.#sharedTo = 0;
  }

  #store(length: number): void {
    this.#usage.bytes += length - this.#stored;
    this.#stored = length;
  }

  /** Makes what is between two offsets ours to change. */
  #ownFrom(start: number, end: number): void {
    if (end <= this.#bytes.length && start >= this.#sharedTo) return;
    // Twice the size, so that a file that is appended to is not copied for every record.
    const grown = new Uint8Array(
      end <= this.#bytes.length ? this.#bytes.length : Math.max(end, this.#stored * 2, 64),
    );
    grown.set(this.#bytes.subarray(0, this.#stored));
    this.#bytes = grown;
    this.#sharedTo = 0;
  }

  // From here on: what memfs calls when somebody uses the volume.

  override get nlink(): number {
    return this.#links;
  }
  override set nlink(links: number) {
    this.#links = links;
  }
  override get atime(): Date {
    return new Date(this.atimeUs / 1000);
  }
  override set atime(time: Date) {
    this.atimeUs = time.getTime() * 1000;
  }
  override get mtime(): Date {
    return new Date(this.mtimeUs / 1000);
  }
  override set mtime(time: Date) {
    this.mtimeUs = this.ctimeUs = time.getTime() * 1000;
  }
  override get ctime(): Date {
    return new Date(this.ctimeUs / 1000);
  }
  override set ctime(time: Date) {
    this.ctimeUs = time.getTime() * 1000;
  }
  override get btime(): Date {
    return new Date(this.btimeUs / 1000);
  }
  override set btime(time: Date) {
    this.btimeUs = time.getTime() * 1000;
  }
  override getSize(): number {
    return this.#length;
  }
  override getBuffer(): Buffer {
    const whole = Buffer.alloc(this.#length);
    this.readInto(whole, 0, this.#length, 0);
    return whole;
  }
  override getString(encoding: BufferEncoding = "utf8"): string {
    return this.getBuffer().toString(encoding);
  }
  override setBuffer(content: Buffer): void {
    this.resize(0);
    this.writeFrom(content, 0, content.length, 0);
    this.touch();
  }
  override setString(content: string): void {
    this.setBuffer(Buffer.from(content));
  }
  override read(into: Buffer | ArrayBufferView, offset = 0, length?: number, position = 0): number {
    const bytes = new Uint8Array(into.buffer, into.byteOffset, into.byteLength);
    return this.readInto(bytes, offset, Math.min(length ?? bytes.length, bytes.length), position);
  }
  override write(from: Buffer, offset = 0, length: number = from.length, position = 0): number {
    const count = Math.min(length, from.length - offset);
    if (count <= 0) return 0;
    this.writeFrom(from, offset, count, position);
    this.touch();
    return count;
  }
  override truncate(length = 0): void {
    this.resize(Math.max(length, 0));
    this.touch();
  }
}
