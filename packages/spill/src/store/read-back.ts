import type { FileHandle } from "node:fs/promises";
import { errorCode, openFlags, Refusal } from "@holdfast/fs/steps";
import type { Root } from "@holdfast/root";
import { incompleteEnd } from "../preview/code-points.ts";
import type { Page, UnreadableRef } from "../spill-store.ts";
import { errorOf, isMissing } from "./errors.ts";
import { digestOf, readAt } from "./file-io.ts";
import { parseRef, type Ref } from "./ref.ts";

/** The outputs of a session, read by their refs. */
export class ReadBack {
  private readonly root: Root;
  private readonly session: string;
  /** What each file was when it was proved. */
  private readonly proved = new Map<string, string>();

  constructor(root: Root, session: string) {
    this.root = root;
    this.session = session;
  }

  /** What a string says, if it is a ref of this session. */
  parse(text: string): Ref | undefined {
    const ref = parseRef(text);
    return ref?.session === this.session ? ref : undefined;
  }

  /**
   * Does something with the file of a ref, if it is what was kept.
   *
   * @param again whether to read the whole file also where it was proved before
   */
  async withProved<T>(
    op: string,
    text: string,
    again: boolean,
    use: (handle: FileHandle, ref: Ref) => Promise<T>,
  ): Promise<T | UnreadableRef> {
    const ref = this.parse(text);
    if (ref === undefined) return { status: "foreign", error: undefined };
    const path = `${ref.session}/${ref.file}`;
    try {
      const handle = await this.root.open(path, openFlags.readOnly);
      try {
        await this.prove(handle, ref, again);
        return await use(handle, ref);
      } finally {
        await handle.close();
      }
    } catch (cause) {
      const error = errorOf(op, path, cause instanceof Refusal ? undefined : cause, {
        ...(cause instanceof Refusal && { code: cause.code, problem: cause.details.problem }),
      });
      return { status: isMissing(cause) ? "expired" : "corrupt", error };
    }
  }

  /** Whether a file holds this. What is not a file of ours does not. */
  async holds(path: string, bytes: number, sha256: string): Promise<boolean> {
    try {
      const handle = await this.root.open(path, openFlags.readOnly);
      try {
        const stats = await handle.stat();
        return stats.isFile() && stats.size === bytes && (await digestOf(handle, bytes)) === sha256;
      } finally {
        await handle.close();
      }
    } catch (error) {
      // Whatever it is, it is not what we look for: then it gets another name.
      if (errorCode(error) !== undefined) return false;
      throw error;
    }
  }

  private async prove(handle: FileHandle, ref: Ref, again: boolean): Promise<void> {
    const { file, bytes, sha256 } = ref;
    const { ino, size, mtimeNs, ctimeNs } = await handle.stat({ bigint: true });
    const version = [ino, size, mtimeNs, ctimeNs, sha256, bytes].join(":");
    if (!again && this.proved.get(file) === version) return;
    this.proved.delete(file);
    if ((await digestOf(handle, bytes)) !== sha256) {
      throw new Refusal("ERR_CHANGED", { problem: "the file is not what was kept" });
    }
    this.proved.set(file, version);
  }
}

/** A part of an open file. */
export async function pageOf(
  handle: FileHandle,
  { bytes }: Ref,
  offset: number,
  maxBytes: number,
): Promise<Page> {
  const buffer = Buffer.alloc(Math.max(0, Math.min(maxBytes, bytes - offset)));
  const filled = await readAt(handle, buffer, offset);
  const atEnd = offset + filled >= bytes;
  // Only where something is left: a page of one byte of three would never get on.
  const end = atEnd ? filled : incompleteEnd(buffer, filled) || filled;
  const content = buffer.subarray(0, end);
  const nextOffset = offset + end < bytes ? offset + end : undefined;
  return { status: "ok", content, text: content.toString("utf8"), offset, nextOffset, bytes };
}
