import { facesOf } from "../calls/faces.ts";
import type { NodeFileSystem } from "../calls/node-file-system.ts";
import type { Image } from "../memory/effect.ts";
import { MemoryBackend } from "../memory/memory-backend.ts";
import type { MemoryFileSystemOptions } from "../memory/options.ts";
import type { End, Scenario, Seen } from "./scenario.ts";

/** What a scenario starts from: made once, and then as many file systems from it as there are cases. */
export interface Start {
  readonly image: Image;
  readonly memory: MemoryFileSystemOptions;
}

/** Runs `setup` on a new memory file system. */
export async function prepare<Ack>(
  scenario: Scenario<Ack>,
  memory: MemoryFileSystemOptions = {},
): Promise<Start> {
  const backend = new MemoryBackend(memory);
  await scenario.setup?.(facesOf(backend));
  // The image has the tree, and the devices are told anew each time.
  const { tree: _, ...rest } = memory;
  return { image: backend.snapshot(), memory: rest };
}

/** A new file system that holds what `setup` left. */
export function startFrom({ image, memory }: Start): MemoryBackend {
  return new MemoryBackend(memory, image);
}

/** How a run ended, and what it had acknowledged. */
export interface Ended<Ack> {
  readonly acks: readonly Ack[];
  readonly end: Exclude<End, "crash">;
}

/** @param onAck told at each acknowledgement, when it is made */
export async function runOnce<Ack>(
  scenario: Scenario<Ack>,
  fs: NodeFileSystem,
  onAck?: (ack: Ack) => void,
): Promise<Ended<Ack>> {
  const acks: Ack[] = [];
  try {
    await scenario.run(fs, (ack) => {
      acks.push(ack);
      onAck?.(ack);
    });
  } catch (error) {
    return { acks, end: asError(error) };
  }
  return { acks, end: "done" };
}

/** Returns what `check` threw, or `undefined` if it was content. */
export async function checkOnce<Ack>(
  scenario: Scenario<Ack>,
  fs: NodeFileSystem,
  seen: Seen<Ack>,
): Promise<Error | undefined> {
  try {
    await scenario.check(fs, seen);
    return undefined;
  } catch (error) {
    return asError(error);
  }
}

/** Whatever can be thrown, as an `Error`: `end` and `message` need one. */
export function asError(thrown: unknown): Error {
  if (thrown instanceof Error) return thrown;
  return new Error(`thrown: ${String(thrown)}`, { cause: thrown });
}
