import { inspect } from "node:util";
import { facesOf } from "../calls/faces.ts";
import type { Image } from "../memory/effect.ts";
import { MemoryBackend } from "../memory/memory-backend.ts";
import type { MemoryFileSystemOptions } from "../memory/options.ts";
import { firstLine, numbered } from "../scenario/call-lines.ts";
import type { Failure } from "../scenario/report.ts";
import type { Scenario, Seen } from "../scenario/scenario.ts";
import { shownTree } from "../tree/shown-tree.ts";
import { describeCalls, describePoint, simplest } from "./explain.ts";
import type { SimplestCase } from "./explain.ts";
import type { CrashCase, History } from "./history.ts";
import { acksOf } from "./history.ts";
import { recover } from "./judge.ts";
import { imageOf } from "./legal-states.ts";
import type { RecordedRun } from "./record.ts";
import { formatReplay } from "./replay-string.ts";

/** How much had to go wrong. */
export function sizeOf<Ack>(found: CrashCase<Ack>): number {
  const { fault, before } = found.history;
  const own = simplest(found).odd.length;
  return before === undefined ? own + (fault === 0 ? 0 : 1) : own + 1 + sizeOf(before);
}

/** A power loss after which the check was not content, told so that a person understands it. */
export async function failureOf<Ack>(
  scenario: Scenario<Ack>,
  memory: MemoryFileSystemOptions,
  found: CrashCase<Ack>,
  error: Error,
): Promise<Failure> {
  const { before } = found.history;
  const simple = simplest(found);
  const earlier = before === undefined ? undefined : simplest(before);
  const image = imageOf(found.disk, found.state);
  return {
    message: firstLine(error.message),
    where: whereOf(found.history, simple, earlier),
    calls: [
      ...(earlier === undefined ? [] : [...describeCalls(earlier), "recovery:"]),
      ...describeCalls(simple),
    ],
    state: await stateLines(scenario, memory, image, acksOf(found), error),
    replay: formatReplay(
      found.history.fault,
      ...[...(earlier === undefined ? [] : [earlier]), simple].map((one) => ({
        model: one.found.model.name,
        events: one.events,
        odd: one.odd,
      })),
    ),
    error,
    size: sizeOf(found),
  };
}

function whereOf<Ack>(
  { fault }: History<Ack>,
  simple: SimplestCase<Ack>,
  earlier: SimplestCase<Ack> | undefined,
): string {
  const lost = `power lost ${describePoint(earlier ?? simple)}`;
  const again = earlier === undefined ? "" : `; again ${describePoint(simple)}`;
  return `${lost}${again}${afterFault(fault)}`;
}

const afterFault = (fault: number): string =>
  fault === 0 ? "" : `; fsync number ${fault} had failed`;

async function stateLines<Ack>(
  scenario: Scenario<Ack>,
  memory: MemoryFileSystemOptions,
  image: Image,
  acks: readonly Ack[],
  error: Error,
): Promise<string[]> {
  const found = new MemoryBackend(memory, image).tree();
  const lines = ["found after the power loss:", ...indented(shownTree(found))];
  if (scenario.recover !== undefined) {
    const backend = new MemoryBackend(memory, image);
    await recover(scenario, facesOf(backend)); // if it threw, that is the error shown below
    const after = backend.tree();
    if (after.join("\n") !== found.join("\n")) {
      lines.push("after recovery:", ...indented(shownTree(after)));
    }
  }
  return [...lines, ...toldAndSaid({ acks, end: "crash", leaks: [] }, error)];
}

function toldAndSaid<Ack>({ acks, end }: Seen<Ack>, error: Error): string[] {
  const ended = end instanceof Error ? `threw ${firstLine(end.message)}` : end;
  return [
    `the check was told: acks = ${inspect(acks, { breakLength: Infinity })}, end = ${ended}`,
    "the check said:",
    ...indented(error.message.split("\n")),
  ];
}

const indented = (lines: readonly string[]): string[] => lines.map((line) => `  ${line}`);

/**
 * A run that nothing cut off.
 *
 * @param error what the check said of it, or why there is nothing to check
 */
export function failureAtEnd<Ack>(
  { history, backend, seen }: RecordedRun<Ack>,
  error: Error,
  by: "check" | "itself",
): Failure {
  const { timeline, fault } = history;
  return {
    message: firstLine(error.message),
    where: `the run ended, no power lost${afterFault(fault)}`,
    calls: numbered(timeline.calls.map((text, index) => ({ number: index + 1, text }))),
    state: [
      "found at the end:",
      ...indented(shownTree(backend.tree())),
      ...(by === "check" ? toldAndSaid(seen, error) : []),
    ],
    replay: formatReplay(fault),
    error,
    size: fault === 0 ? 0 : 1,
  };
}
