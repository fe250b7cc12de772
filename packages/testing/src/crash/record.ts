import type { Image } from "../memory/effect.ts";
import { MemoryBackend } from "../memory/memory-backend.ts";
import type { MemoryFileSystemOptions } from "../memory/options.ts";
import { whyInVainOrLate } from "../scenario/in-vain.ts";
import { runOnce, startFrom } from "../scenario/run-scenario.ts";
import type { Start } from "../scenario/run-scenario.ts";
import type { Scenario, Seen } from "../scenario/scenario.ts";
import { markChosen } from "./chosen-times.ts";
import type { AckTokens, CrashCase, History } from "./history.ts";
import { recover } from "./judge.ts";
import { Recorder } from "./recorder.ts";

/** A run from its start to its end. */
export interface RecordedRun<Ack> {
  readonly history: History<Ack>;
  /** Holds what is there without a power loss. */
  readonly backend: MemoryBackend;
  readonly seen: Seen<Ack>;
  /** Whether the fsync that was to fail was made. */
  readonly failed: boolean;
  /** Calls that were made at the same time, and so in one order only. */
  readonly overlaps: readonly string[];
}

/** @param fault which fsync fails, counted from 1; 0 for none */
export async function recordRun<Ack>(
  scenario: Scenario<Ack>,
  start: Start,
  fault: number,
  tokens: AckTokens,
): Promise<RecordedRun<Ack>> {
  for (const { attributes } of start.image.inodes.values()) markChosen(attributes);
  const backend = startFrom(start);
  const recorder = new Recorder(backend, start.image, fault);
  const { acks, end } = await runOnce(
    scenario,
    recorder.fs,
    () => recorder.acknowledged(),
    () => recorder.calls.length,
  );
  backend.onEffect = undefined;
  return {
    history: { timeline: recorder, acks, tokens: tokens.of(acks), fault },
    backend,
    seen: { acks, end, leaks: recorder.leaks() },
    failed: recorder.failed,
    overlaps: recorder.overlaps(),
  };
}

/** What is wrong with a run that no power loss cut off, and in which no flush failed. */
export async function wrongAnyway<Ack>(
  scenario: Scenario<Ack>,
  start: Start,
  { history, seen: { end } }: RecordedRun<Ack>,
): Promise<Error | undefined> {
  const calls = history.timeline.calls.length;
  const why = await whyInVainOrLate(scenario, start, { calls, end }, "a power cut");
  return why === undefined ? undefined : new Error(why, { cause: end });
}

/** What the program does when it starts again after a power loss, until it is done or throws. */
export async function recordRecovery<Ack>(
  scenario: Scenario<Ack>,
  memory: MemoryFileSystemOptions,
  before: CrashCase<Ack>,
  image: Image,
): Promise<Pick<RecordedRun<Ack>, "history" | "overlaps">> {
  const backend = new MemoryBackend(memory, image);
  const recorder = new Recorder(backend, image);
  await recover(scenario, recorder.fs); // what it threw was reported when it was not cut off
  backend.onEffect = undefined;
  const { fault } = before.history;
  const history = { timeline: recorder, acks: [], tokens: [""], fault, before };
  return { history, overlaps: recorder.overlaps() };
}
