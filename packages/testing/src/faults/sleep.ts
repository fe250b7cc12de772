import { setTimeout } from "node:timers/promises";

export async function sleepAsync(ms: number): Promise<void> {
  await setTimeout(ms);
}

/** Blocks the thread. */
export function sleepSync(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
