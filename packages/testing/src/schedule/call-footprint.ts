/**
 * What a call is going to use, found out just before it is made. In doubt more than it really uses:
 * two calls that are wrongly thought to depend on each other cost time, two that are wrongly thought
 * not to hide a schedule.
 *
 * The things: `n` an inode with its content and attributes, `e` what one name in one directory leads
 * to, `l` the list of the names in a directory. Not told apart are the times that two independent
 * changes leave, and the numbers of descriptors.
 */

import type { Stats } from "node:fs";
import { changesDisk, type Call } from "../calls/call.ts";
import { O_CREAT, O_EXCL, O_NOFOLLOW, O_TRUNC } from "../calls/constants.ts";
import type { MemoryBackend } from "../memory/memory-backend.ts";
import { Footprint } from "./footprint.ts";
import { inodeOf, walkTo, type Found } from "./walk-to.ts";

const origin = { via: "footprint" };

/** For the calls of one schedule, in the order in which they are made. */
export class CallFootprints {
  readonly #memory: MemoryBackend;
  readonly #limited: boolean;
  #freed = false;

  /** @param limited whether the file system can be full, so that every change is about the same room */
  constructor(memory: MemoryBackend, limited: boolean) {
    this.#memory = memory;
    this.#limited = limited;
  }

  /** What `call` uses if it is the next one that is made. */
  of(call: Call): Footprint {
    const footprint = new Footprint();
    // Elsewhere names are folded, and open files cannot be renamed.
    if (this.#memory.platform !== "linux") footprint.addEverything();
    else if (call.fd === undefined) this.#onPath(call, footprint);
    else this.#onDescriptor(call, call.fd, footprint);
    return footprint;
  }

  #onDescriptor({ name }: Call, fd: number, footprint: Footprint): void {
    let stats: Stats;
    try {
      stats = this.#memory.sync("fstat", [fd, { bigint: false }], origin) as Stats;
    } catch {
      return; // EBADF, also for the call
    }
    switch (name) {
      case "fsync":
      case "fdatasync":
        return; // nobody sees in memory what has reached the disk
      case "close":
        if (stats.nlink === 0) this.#free(footprint);
        return;
      case "read":
        footprint.add(`n${inodeOf(stats)}`, "read");
        return;
      case "fstat":
        look(stats, footprint);
        return;
      default: // write, ftruncate, fchmod, fchown, futimes
        footprint.add(`n${inodeOf(stats)}`, "write");
        this.#changeRoom(footprint);
    }
  }

  #onPath(call: Call, footprint: Footprint): void {
    const { name, args } = call;
    const find = (path: unknown, follow: boolean): Found =>
      walkTo(this.#memory, path, follow, footprint);
    if (changesDisk(name, args)) this.#changeRoom(footprint);
    switch (name) {
      case "open":
        this.#open(args[1] as number, find, args[0], footprint);
        return;
      case "readdir": {
        const { stats } = find(args[0], true);
        if (stats !== undefined) footprint.add(`l${inodeOf(stats)}`, "read");
        return;
      }
      case "stat":
      case "lstat": {
        const { stats } = find(args[0], name === "stat");
        if (stats !== undefined) look(stats, footprint);
        return;
      }
      case "statfs":
        footprint.add("room", "read");
        find(args[0], true);
        return;
      case "readlink":
        find(args[0], false);
        return;
      case "access":
      case "realpath":
        find(args[0], true);
        return;
      case "chmod":
      case "chown":
      case "utimes":
      case "truncate":
        change(find(args[0], true), footprint);
        return;
      case "lchown":
      case "lutimes":
        change(find(args[0], false), footprint);
        return;
      case "mkdir":
        this.#create(find(args[0], false), footprint);
        return;
      case "symlink":
        this.#create(find(args[1], false), footprint);
        return;
      case "link": {
        const existing = find(args[0], false);
        const made = find(args[1], false);
        if (existing.stats === undefined || made.stats !== undefined) return;
        change(existing, footprint); // its number of names
        changeName(made, footprint);
        return;
      }
      case "unlink":
      case "rmdir":
        this.#remove(find(args[0], false), footprint);
        return;
      case "rename": {
        const from = find(args[0], false);
        const to = find(args[1], false);
        if (from.stats === undefined) return;
        change(from, footprint);
        changeName(from, footprint);
        if (to.stats === undefined) changeName(to, footprint);
        else this.#remove(to, footprint);
        return;
      }
      default: // mkdtemp, which finds a name that depends on all that were found before, and the unknown
        footprint.addEverything();
    }
  }

  #open(
    flags: number,
    find: (path: unknown, follow: boolean) => Found,
    path: unknown,
    footprint: Footprint,
  ): void {
    const exclusive = (flags & O_CREAT) !== 0 && (flags & O_EXCL) !== 0;
    const found = find(path, !exclusive && (flags & O_NOFOLLOW) === 0);
    if (found.stats === undefined) {
      if ((flags & O_CREAT) !== 0) this.#create(found, footprint);
    } else if (!exclusive && (flags & O_TRUNC) !== 0) {
      change(found, footprint);
    }
  }

  #create(found: Found, footprint: Footprint): void {
    if (found.stats !== undefined) return; // EEXIST
    changeName(found, footprint);
    // Who gets the number of an inode that is gone can be seen: a file that looks like the old one.
    // As long as all the numbers are new ones it makes no difference who has which.
    footprint.add("free inodes", this.#freed ? "write" : "read");
  }

  #remove(found: Found, footprint: Footprint): void {
    const { stats } = found;
    if (stats === undefined) return;
    change(found, footprint);
    changeName(found, footprint);
    // Who makes a name in a directory that is to be empty goes through the name of the directory.
    // With another name, or while it is open, it lives on; then its last close frees it.
    if (stats.isDirectory() || stats.nlink === 1) this.#free(footprint);
  }

  #free(footprint: Footprint): void {
    this.#freed = true;
    footprint.add("free inodes", "write");
    this.#changeRoom(footprint);
  }

  #changeRoom(footprint: Footprint): void {
    footprint.add("room", this.#limited ? "write" : "touch");
  }
}

/** What stat(2) tells: of a directory also how many subdirectories it has, and when it was changed. */
function look(stats: Stats, footprint: Footprint): void {
  footprint.add(`n${inodeOf(stats)}`, "read");
  if (stats.isDirectory()) footprint.add(`l${inodeOf(stats)}`, "read");
}

function change({ stats }: Found, footprint: Footprint): void {
  if (stats !== undefined) footprint.add(`n${inodeOf(stats)}`, "write");
}

function changeName({ place }: Found, footprint: Footprint): void {
  if (place === undefined) return; // ENOENT: there is no directory for it
  footprint.add(`e${place.directory}/${place.name}`, "write");
  footprint.add(`l${place.directory}`, "touch");
}
