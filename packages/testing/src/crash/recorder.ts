import type { Call, Path } from "../calls/call.ts";
import { fsConstants, O_SYNC } from "../calls/constants.ts";
import { facesOf } from "../calls/faces.ts";
import { Interception, type Interceptor } from "../calls/intercept.ts";
import { nodeError } from "../calls/node-error.ts";
import type { NodeFileSystem } from "../calls/node-file-system.ts";
import type { Effect, Image, InodeId } from "../memory/effect.ts";
import type { MemoryBackend } from "../memory/memory-backend.ts";
import { callLine } from "../scenario/call-lines.ts";
import { Overlaps } from "./overlaps.ts";
import { isChosen, markChosen } from "./chosen-times.ts";
import type { Birth, Change, Setting, Timeline, TimelineEvent } from "./timeline.ts";

const O_DSYNC = fsConstants["O_DSYNC"]!;

/** A file that was opened with O_SYNC or O_DSYNC. */
interface FlushingFile {
  readonly dataOnly: boolean;
  /** Where the next call without a position reads or writes. */
  position: number;
}

/** Stands in front of a memory file system and notes what each call does to it. */
export class Recorder implements Interceptor, Timeline {
  readonly base: Image;
  readonly events: TimelineEvent[] = [];
  readonly births: Map<InodeId, Birth> = new Map<InodeId, Birth>();
  readonly calls: string[] = [];
  readonly fs: NodeFileSystem;
  readonly #backend: MemoryBackend;
  readonly #interception: Interception;
  readonly #overlaps: Overlaps;
  readonly #failSync: number;
  readonly #slots = new Map<string, number>();
  /** The descriptors that flush with every write. */
  readonly #flushing = new Map<number, FlushingFile>();
  /** Whether the time of an inode is one that the program chose. */
  readonly #chosen = new Map<InodeId, boolean>();
  #call: Call | undefined;
  #changes = 0;
  #changesOfCall = 0;
  #syncs = 0;
  #failing = false;

  /**
   * @param base what `backend` holds
   * @param failSync which fsync fails, counted from 1; 0 for none
   */
  constructor(backend: MemoryBackend, base: Image, failSync = 0) {
    this.base = base;
    this.#backend = backend;
    this.#failSync = failSync;
    this.#interception = new Interception(backend, this);
    this.#overlaps = new Overlaps(backend);
    this.fs = facesOf(this.#interception);
    backend.onEffect = (effect) => this.#note(effect);
  }

  /** Whether the fsync that was to fail was ever made. */
  get failed(): boolean {
    return this.#failSync > 0 && this.#syncs >= this.#failSync;
  }

  /** Orders of calls that could have been others. */
  overlaps(): readonly string[] {
    return [...this.#overlaps.found];
  }

  /** The paths of what was opened and not closed. */
  leaks(): string[] {
    return this.#interception.openFiles().map(({ path }) => path);
  }

  acknowledged(): void {
    this.events.push({ kind: "ack", call: this.calls.length });
  }

  sync(call: Call, proceed: (args?: readonly unknown[]) => unknown): unknown {
    const fails = this.#begin(call);
    try {
      const result = fails ? proceed(this.#argsOfFailing(call)) : proceed();
      this.#end(call, result);
      if (fails) throw nodeError("EIO", call.name, []);
      return result;
    } catch (error) {
      this.#threw(call, error);
      throw error;
    }
  }

  async async(
    call: Call,
    proceed: (args?: readonly unknown[]) => Promise<unknown>,
  ): Promise<unknown> {
    const fails = this.#begin(call);
    const underWay = this.#overlaps.begin(call);
    try {
      const made = fails ? proceed(this.#argsOfFailing(call)) : proceed();
      // The memory file system is done with a call when it returns: what comes now is another's.
      this.#call = undefined;
      const result = await made;
      this.#end(call, result);
      if (fails) throw nodeError("EIO", call.name, []);
      return result;
    } catch (error) {
      this.#threw(call, error);
      throw error;
    } finally {
      this.#overlaps.end(underWay);
    }
  }

  #begin(call: Call): boolean {
    this.#call = call;
    this.#changesOfCall = 0;
    this.calls.push(callLine(call));
    this.#failing = this.#flushes(call) && ++this.#syncs === this.#failSync;
    return this.#failing;
  }

  #flushes({ name, fd, args }: Call): boolean {
    if (name === "fsync" || name === "fdatasync") return true;
    return name === "write" && this.#flushing.has(fd!) && (args[3] as number) > 0;
  }

  /** write(2) has put the bytes into the page cache when its flush fails, and leaves the position. */
  #argsOfFailing({ name, fd, args }: Call): readonly unknown[] {
    if (name !== "write" || !isAtPosition(args)) return args;
    return [...args.slice(0, 4), this.#flushing.get(fd!)!.position];
  }

  #end(call: Call, result: unknown): void {
    if (call.name === "close") this.#flushing.delete(call.fd!);
    if (call.name === "read" && isAtPosition(call.args)) {
      const file = this.#flushing.get(call.fd!);
      if (file !== undefined) file.position += result as number;
    }
    if (call.name !== "open") return;
    const flags = call.args[1] as number;
    const dataOnly = (flags & O_SYNC) !== O_SYNC;
    if (dataOnly && (flags & O_DSYNC) === 0) return;
    this.#flushing.set(result as number, { dataOnly, position: 0 });
  }

  #threw(call: Call, error: unknown): void {
    this.calls[call.index - 1] = callLine(call, error);
  }

  #note(effect: Effect): void {
    const call = this.#call?.index ?? this.calls.length;
    switch (effect.kind) {
      case "create": {
        const { type, attributes, target = "" } = effect;
        this.births.set(
          effect.inode,
          type === "symlink" ? { type, target, attributes } : { type, attributes },
        );
        return;
      }
      case "sync": {
        const { inode, dataOnly } = effect;
        this.events.push({ kind: "sync", inode, dataOnly, call, failed: this.#failing });
        return;
      }
      case "write": {
        this.#push(this.#changeOf(effect, call));
        const flushing = this.#flushing.get(this.#call?.fd ?? -1);
        if (flushing === undefined) return;
        const { inode, offset, bytes } = effect;
        const { dataOnly } = flushing;
        const failed = this.#failing;
        this.events.push({ kind: "sync", inode, dataOnly, call, failed });
        if (!failed && isAtPosition(this.#call!.args)) flushing.position = offset + bytes.length;
        return;
      }
      default:
        this.#push(this.#changeOf(effect, call));
    }
  }

  #push(change: Change): void {
    this.events.push({ kind: "change", change });
  }

  #changeOf(effect: Exclude<Effect, { kind: "create" | "sync" }>, call: number): Change {
    const ordinal = ++this.#changesOfCall;
    const label = ordinal === 1 ? String(call) : `${call}.${ordinal}`;
    const own = { id: this.#changes++, call, label, inode: effect.inode };
    switch (effect.kind) {
      case "link":
      case "unlink": {
        const leadsTo = effect.kind === "link" ? effect.inode : undefined;
        const settings = [this.#setting(effect, leadsTo)];
        return { kind: "names", ...own, settings, crossing: false };
      }
      case "rename": {
        const { from, to, inode } = effect;
        const settings = [this.#setting(to, inode), this.#setting(from, undefined)];
        const crossing = from.directory !== to.directory && !this.#isDirectory(inode);
        return { kind: "names", ...own, settings, crossing };
      }
      case "write": {
        const { offset, bytes, sizeBefore } = effect;
        this.#chosen.set(effect.inode, false);
        return { kind: "write", ...own, offset, bytes, sizeBefore, mtimeMs: this.#mtimeNow() };
      }
      case "truncate":
        this.#chosen.set(effect.inode, false);
        return { kind: "truncate", ...own, size: effect.size, mtimeMs: this.#mtimeNow() };
      case "attributes": {
        const { inode, attributes } = effect;
        if (this.#call?.name.endsWith("utimes")) this.#chosen.set(inode, true);
        if (this.#hasChosenTime(inode)) markChosen(attributes);
        return { kind: "attributes", ...own, attributes };
      }
    }
  }

  /** The time that the file of the present call has just got. */
  #mtimeNow(): number {
    const { fd, args } = this.#call!;
    const path = args[0] as Path;
    const options = { bigint: false };
    const stats =
      fd === undefined
        ? this.#backend.sync("stat", [path, options])
        : this.#backend.sync("fstat", [fd, options]);
    return stats.mtimeMs as number;
  }

  #hasChosenTime(inode: InodeId): boolean {
    const known = this.#chosen.get(inode);
    if (known !== undefined) return known;
    const before = this.base.inodes.get(inode);
    return before !== undefined && isChosen(before.attributes);
  }

  #isDirectory(inode: InodeId): boolean {
    return (this.births.get(inode) ?? this.base.inodes.get(inode))?.type === "directory";
  }

  #setting(
    { directory, name }: { readonly directory: InodeId; readonly name: string },
    inode: InodeId | undefined,
  ): Setting {
    const key = `${directory}/${name}`;
    let slot = this.#slots.get(key);
    if (slot === undefined) {
      slot = this.#slots.size;
      this.#slots.set(key, slot);
    }
    return { slot, directory, name, inode };
  }
}

/** Whether a `read` or `write` begins where the last one ended. */
function isAtPosition([, , , , position]: readonly unknown[]): boolean {
  return position === null || (position as number | bigint) < 0;
}
