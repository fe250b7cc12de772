import { Buffer } from "node:buffer";
import type { FileHandle } from "node:fs/promises";
import { errorCode, isHoldfastError, openFlags, Refusal } from "@holdfast/fs/steps";
import type { Root } from "@holdfast/root";
import { isMissing } from "./errors.ts";
import { flushDirectory, writeAll } from "./file-io.ts";
import { namesFor, newStagedName } from "./names.ts";
import type { ReadBack } from "./read-back.ts";
import { privateOf } from "./session-files.ts";

/** Pieces smaller than this are joined before they are written: some tools put out a byte at a time. */
const gatherBytes = 64 * 1024;

/** Where outputs of a session are written. */
export interface Workplace {
  readonly root: Root;
  readonly session: string;
  readonly durable: boolean;
  readonly readBack: ReadBack;
  /** Makes the directories of the session again, if somebody removed them. */
  makeDirectories(): Promise<void>;
}

/** An output that is being written, under a name that nobody looks at. */
export class StagedOutput {
  readonly path: string;
  private readonly place: Workplace;
  private handle: FileHandle | undefined;
  private identity: string | undefined;
  private mayExist = false;
  /** The name that a call that failed may have given it, and that could not be taken back. */
  nameLeft: string | undefined;
  private gathered: Buffer | undefined;
  private filled = 0;

  constructor(place: Workplace) {
    this.place = place;
    this.path = `${privateOf(place.session)}/${newStagedName()}`;
  }

  async open(): Promise<void> {
    const { root } = this.place;
    const flags = openFlags.writeOnly | openFlags.create | openFlags.exclusive;
    const open = async (): Promise<void> => {
      try {
        this.handle = await root.open(this.path, flags, 0o600);
        this.mayExist = true;
      } catch (error) {
        // It may have been made, and then not be the one that was asked for.
        this.mayExist = !isHoldfastError(error) || error.effect !== "none";
        throw error;
      }
    };
    try {
      await open();
    } catch (error) {
      if (!isMissing(error)) throw error;
      await this.place.makeDirectories();
      await open();
    }
  }

  /** The bytes are copied or written when it resolves. */
  async write(bytes: Uint8Array): Promise<void> {
    if (this.filled + bytes.length > gatherBytes) await this.writeGathered();
    if (bytes.length >= gatherBytes) {
      await writeAll(this.handle!, bytes);
      return;
    }
    this.gathered ??= Buffer.allocUnsafe(gatherBytes);
    this.gathered.set(bytes, this.filled);
    this.filled += bytes.length;
  }

  /** Puts what was written on the device, and closes it. */
  async finish(): Promise<void> {
    const handle = this.handle!;
    await this.writeGathered();
    if (this.place.durable) await handle.sync();
    const { dev, ino } = await handle.stat({ bigint: true });
    this.identity = `${dev}:${ino}`;
    this.handle = undefined;
    await handle.close();
  }

  /**
   * Gives it its name, which must be free, and returns that. `isNew` is `false` where the same content has the
   * name already: then what was written is superfluous, and must be discarded.
   */
  async publish(
    base: string,
    content: { readonly bytes: number; readonly sha256: string; readonly extension: string },
  ): Promise<{ readonly file: string; readonly isNew: boolean }> {
    const { root, session, durable, readBack } = this.place;
    const { bytes, sha256, extension } = content;
    for (const file of namesFor(base, sha256, extension)) {
      const path = `${session}/${file}`;
      try {
        await root.rename(this.path, path, { overwrite: false });
        return { file, isNew: true };
      } catch (error) {
        if (errorCode(error) !== "EEXIST") {
          if (!isHoldfastError(error) || error.effect !== "none") await this.takeBack(path);
          throw error;
        }
      }
      if (await readBack.holds(path, bytes, sha256)) {
        // Whoever gave it its name may not have come to flush that.
        if (durable) await flushDirectory(root, session);
        return { file, isNew: false };
      }
    }
    throw new Refusal("EEXIST", { problem: "every name for it is taken, random ones too" });
  }

  /** Removes what was written. Throws if it is still there. */
  async discard(): Promise<void> {
    const { handle } = this;
    this.handle = undefined;
    // A close that fails has closed (close(2)).
    await handle?.close().catch(() => {});
    if (!this.mayExist) return;
    await this.place.root.unlink(this.path).catch((error: unknown) => {
      if (!isMissing(error)) throw error;
    });
  }

  private async writeGathered(): Promise<void> {
    const bytes = this.gathered?.subarray(0, this.filled);
    this.filled = 0;
    if (bytes !== undefined && bytes.length > 0) await writeAll(this.handle!, bytes);
  }

  /** Removes the name again that a failed call may have given: it is ours if it is this very file. */
  private async takeBack(path: string): Promise<void> {
    const { root } = this.place;
    try {
      const { dev, ino } = await root.lstat(path, { bigint: true });
      if (`${dev}:${ino}` !== this.identity) return;
      this.nameLeft = path;
      await root.unlink(path);
      this.nameLeft = undefined;
    } catch (error) {
      // What made the call fail is what there is to report; this is told by the name.
      this.nameLeft = isMissing(error) ? undefined : path;
    }
  }
}
