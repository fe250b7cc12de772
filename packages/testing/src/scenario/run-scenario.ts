import { facesOf } from "../calls/faces.ts";
import type { NodeFileSystem } from "../calls/node-file-system.ts";
import type { Image } from "../memory/effect.ts";
import { MemoryBackend } from "../memory/memory-backend.ts";
import { checkOptions } from "../memory/options-check.ts";
import type { MemoryFileSystemOptions } from "../memory/options.ts";
import { patiently } from "./patience.ts";
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
  checkOptions(memory);
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

/**
 * @param onAck told at each acknowledgement, when it is made
 * @param made how many calls the run has made: given up only while there are no more
 */
export async function runOnce<Ack>(
  scenario: Scenario<Ack>,
  fs: NodeFileSystem,
  onAck?: (ack: Ack) => void,
  made?: () => number,
): Promise<Ended<Ack>> {
  const acks: Ack[] = [];
  try {
    const run = scenario.run(fs, (ack) => {
      acks.push(snapshot(ack));
      onAck?.(ack);
    });
    await (made === undefined ? run : patiently("the run", Promise.resolve(run), made));
  } catch (error) {
    return { acks, end: asError(error) };
  }
  return { acks, end: "done" };
}

/** What was acknowledged is what it was at that moment, even if the program goes on with the object. */
function snapshot<Ack>(ack: Ack): Ack {
  if (typeof ack !== "object" || ack === null) return ack;
  try {
    return structuredClone(ack);
  } catch {
    return ack; // it holds a function, say: nothing better is to be had
  }
}

/** Returns what `check` threw, or `undefined` if it was content. */
export async function checkOnce<Ack>(
  scenario: Scenario<Ack>,
  fs: NodeFileSystem,
  seen: Seen<Ack>,
): Promise<Error | undefined> {
  try {
    const checked = Promise.resolve(scenario.check(fs, seen));
    return verdictOf(await patiently("the check", checked));
  } catch (error) {
    return asError(error);
  }
}

/** What a check says by what it returns. */
export function verdictOf(returned: unknown): Error | undefined {
  return returned === false ? new Error("the check returned false") : undefined;
}

/** Whatever can be thrown, as an `Error`: `end` and `message` need one. */
export function asError(thrown: unknown): Error {
  if (thrown instanceof Error) return thrown;
  return new Error(`thrown: ${String(thrown)}`, { cause: thrown });
}
