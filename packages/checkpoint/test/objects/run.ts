/** Steps, driven as the public edge does. */

import { createHash } from "node:crypto";
import { Operation, runAsync, type FileSystem, type Steps } from "@holdfast/fs/steps";
import type { ByteSource } from "../../src/objects/object-store.ts";

function operationOn(fileSystem?: FileSystem, signal?: AbortSignal): Operation {
  return new Operation({ op: "test", fileSystem, signal });
}

/** Runs steps to their end. */
export async function run<T>(
  steps: (operation: Operation) => Steps<T>,
  fileSystem?: FileSystem,
): Promise<T> {
  const operation = operationOn(fileSystem);
  return await runAsync(steps(operation), operation);
}

export const sha256Of = (bytes: Uint8Array | string): string =>
  createHash("sha256").update(bytes).digest("hex");

/** Bytes that do not repeat. */
export function someBytes(length: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(length);
  let state = seed;
  for (let index = 0; index < length; index++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[index] = state >>> 24;
  }
  return bytes;
}

/** A source that is in memory, and gives at most so many bytes at a time. */
export function sourceOf(bytes: Uint8Array, atOnce = Infinity): ByteSource {
  let position = 0;
  return {
    // oxlint-disable-next-line require-yield -- there is nothing to be waited for
    *read(buffer) {
      const piece = bytes.subarray(position, position + Math.min(buffer.byteLength, atOnce));
      buffer.set(piece);
      position += piece.byteLength;
      return piece.byteLength;
    },
  };
}
