/**
 * Calls on one file that a program makes at the same time. In memory they take effect in the order in
 * which they were made; real ones run in a thread pool, in any order, so that a flush may come before
 * the write that it should have flushed. Mostly an `await` was forgotten.
 */

import type { Call } from "../calls/call.ts";
import { formatCall } from "../calls/call.ts";
import type { MemoryBackend } from "../memory/memory-backend.ts";

type Kind = "content" | "flush" | "name";

interface UnderWay {
  readonly call: Call;
  readonly ino: number;
  readonly kind: Kind;
  /** What the buffer of a write held when it was made. */
  readonly written: Buffer | undefined;
}

const kinds: Partial<Record<Call["name"], Kind>> = {
  write: "content",
  ftruncate: "content",
  truncate: "content",
  fsync: "flush",
  fdatasync: "flush",
  rename: "name",
  link: "name",
};

const origin = { via: "overlaps" };

export class Overlaps {
  /** One line each, without repetition: what the order was, and that it could have been another. */
  readonly found: Set<string> = new Set<string>();
  readonly #backend: MemoryBackend;
  readonly #underWay = new Set<UnderWay>();

  constructor(backend: MemoryBackend) {
    this.#backend = backend;
  }

  /** Call it before the call is made. @returns what `end` wants, if the call matters here */
  begin(call: Call): UnderWay | undefined {
    const kind = kinds[call.name];
    const ino = kind === undefined ? undefined : this.#fileOf(call);
    if (kind === undefined || ino === undefined) return undefined;
    for (const other of this.#underWay) {
      // Two flushes, or two names, of one file do not mind each other.
      if (other.ino !== ino || (other.kind === kind && kind !== "content")) continue;
      this.found.add(
        `calls ${other.call.index} (${formatCall(other.call)}) and ${call.index} (${formatCall(call)}) were ` +
          "under way at the same time: only this order of them was tried",
      );
    }
    const entry = { call, ino, kind, written: written(call) };
    this.#underWay.add(entry);
    return entry;
  }

  /** Call it when the program learns that it is done. */
  end(entry: UnderWay | undefined): void {
    if (entry === undefined) return;
    this.#underWay.delete(entry);
    const { call, written: before } = entry;
    if (before === undefined || before.equals(written(call)!)) return;
    this.found.add(
      `the bytes of call ${call.index} (${formatCall(call)}) were changed while it was under way: ` +
        "only what they were before was tried",
    );
  }

  /** The inode of a regular file that a call is about: directories are flushed by many at once. */
  #fileOf({ name, args, fd }: Call): number | undefined {
    try {
      const options = { bigint: false };
      const stats =
        fd === undefined
          ? this.#backend.sync(
              name === "truncate" ? "stat" : "lstat",
              [args[0] as string, options],
              origin,
            )
          : this.#backend.sync("fstat", [fd, options], origin);
      return stats.isFile() ? Number(stats.ino) : undefined;
    } catch {
      return undefined; // the call itself will say so
    }
  }
}

function written({ name, args }: Call): Buffer | undefined {
  if (name !== "write") return undefined;
  const [, from, offset, length] = args as [number, Uint8Array, number, number];
  return Buffer.from(from.subarray(offset, offset + length));
}
