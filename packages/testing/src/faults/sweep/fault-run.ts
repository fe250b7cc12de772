/** One case of a sweep: run, judged. */

import { facesOf } from "../../calls/faces.ts";
import { Interception } from "../../calls/intercept.ts";
import type { MemoryBackend } from "../../memory/memory-backend.ts";
import { nextTurn } from "../../scenario/next-turn.ts";
import {
  asError,
  checkOnce,
  runOnce,
  startFrom,
  type Ended,
  type Start,
} from "../../scenario/run-scenario.ts";
import type { Scenario } from "../../scenario/scenario.ts";
import type { Matcher } from "../condition.ts";
import type { FaultPoint } from "./fault-point.ts";
import { FaultyCalls, type Made } from "./faulty-calls.ts";
import { leftoversOf, pathsOf } from "./leftovers.ts";
import { lostFlushes } from "./lost-flushes.ts";
import { settled } from "./settling.ts";

/** What all cases of a sweep have in common. */
export interface Surroundings<Ack> {
  readonly scenario: Scenario<Ack>;
  readonly start: Start;
  readonly settleMs: number;
  readonly mostCalls: number;
  /** Names that may be there in the end; without it leftovers are not looked for. */
  readonly expected: ReadonlySet<string> | undefined;
  readonly allowedLeftovers: readonly RegExp[];
  readonly ignoredErrors: Matcher;
}

export interface FaultRun {
  readonly made: readonly Made[];
  /** Whether every point was reached. */
  readonly injected: boolean;
  /** `undefined` if it never settled. */
  readonly end: "done" | Error | undefined;
  readonly problems: readonly string[];
  /** What check threw, if it did. */
  readonly error: Error | undefined;
  readonly paths: ReadonlySet<string>;
  readonly memory: MemoryBackend;
}

export async function runWithFaults<Ack>(
  around: Surroundings<Ack>,
  points: readonly FaultPoint[],
): Promise<FaultRun> {
  const memory = startFrom(around.start);
  const calls = new FaultyCalls(memory, points, around.mostCalls);
  const interception = new Interception(memory, calls);
  const givenUp = new Promise<void>((resolve) => {
    calls.onExceeded = resolve;
  });
  const ended = await settled(
    runOnce(around.scenario, facesOf(interception)),
    () => interception.made,
    { quietMs: around.settleMs, givenUp },
  );
  await nextTurn();
  calls.isOver = true;
  const leaks = interception.openFiles().map(({ path }) => path);
  const problems = [
    ...calls.unhandled.map((reason) => `nobody handled a rejection: ${asError(reason).message}`),
    ...interception.callsOnClosed.map((line) => `on a closed descriptor: ${line}`),
  ];
  const run = { made: calls.made, injected: calls.reached === points.length, memory };
  if (calls.exceeded) {
    problems.unshift(`never gives up: stopped after ${around.mostCalls} calls`);
  } else if (ended === undefined) {
    problems.unshift(`never settled: no call for ${around.settleMs} ms`);
  }
  if (ended === undefined || calls.exceeded) {
    const paths = pathsOf(memory.snapshot());
    return { ...run, end: ended?.end, problems, error: undefined, paths };
  }
  problems.unshift(...leaks.map((path) => `left open: ${path}`));
  const judged = await judge(around, { ended, leaks, calls, memory, points });
  return { ...run, end: ended.end, ...judged, problems: [...judged.problems, ...problems] };
}

interface Judged {
  readonly problems: readonly string[];
  readonly error: Error | undefined;
  readonly paths: ReadonlySet<string>;
}

async function judge<Ack>(
  around: Surroundings<Ack>,
  run: {
    readonly ended: Ended<Ack>;
    readonly leaks: readonly string[];
    readonly calls: FaultyCalls;
    readonly memory: MemoryBackend;
    readonly points: readonly FaultPoint[];
  },
): Promise<Judged> {
  const { scenario, expected } = around;
  const { ended, leaks, calls, memory, points } = run;
  const { made } = calls;
  const problems: string[] = [];
  const { end } = ended;
  if (end === "done" && points.length > 0) {
    const paths = pathsOf(memory.snapshot());
    problems.push(...lostFlushes(made, paths, memory, around.ignoredErrors));
  }
  const fs = facesOf(memory);
  try {
    await scenario.recover?.(fs);
  } catch (error) {
    problems.push(`recover failed: ${asError(error).message}`);
  }
  // Before check, which may write.
  const paths = pathsOf(memory.snapshot());
  const error = await checkOnce(scenario, fs, { ...ended, leaks });
  if (error !== undefined) problems.unshift(error.message);
  const stopped = points.some(({ mode }) => mode === "dead-stop");
  if (expected !== undefined && !stopped) {
    const { platform } = memory;
    const allowed = around.allowedLeftovers;
    const left = leftoversOf({ paths, expected, made, end, platform, allowed });
    problems.push(...left.map((path) => `left behind: ${path}`));
  }
  return { problems, error, paths };
}
