import { facesOf } from "../calls/faces.ts";
import { diskLines, endLine } from "../interference/in-words.ts";
import { firstLine, numbered } from "../scenario/call-lines.ts";
import type { Failure } from "../scenario/report.ts";
import { checkOnce } from "../scenario/run-scenario.ts";
import type { Contestant } from "./contestant.ts";
import type { Played } from "./played.ts";
import { formatChoices } from "./schedule-text.ts";

/** What is wrong with a schedule that was played, if anything is. */
export async function judge(played: Played): Promise<Failure | undefined> {
  const { outcome } = played;
  const fault = faultOf(played) ?? (outcome === "ended" ? await checkAll(played) : undefined);
  return fault && describe(played, fault);
}

/** A schedule that shows that one of the runs does nothing of what it should, whoever comes first. */
export function neverRight(played: Played, of: Contestant, message: string): Failure {
  const { end } = of;
  const error = new Error(message, end instanceof Error ? { cause: end } : {});
  const failure = describe(played, { error });
  return { ...failure, replay: `${failure.replay}:never=${of.letter}`, size: 0 };
}

function describe(
  { contestants, memory, choices, preemptions, lines }: Played,
  { error, of }: Fault,
): Failure {
  const schedule = formatChoices(choices);
  return {
    message: firstLine(error.message),
    where: whereOf(schedule, preemptions, of),
    calls: numbered(lines),
    state: [
      ...contestants.map(({ letter, scenario: { name }, end }) => {
        const who = name === undefined ? letter : `${letter} (${name})`;
        return `${who}: ${end === undefined ? "did not end" : endLine(end)}`;
      }),
      ...diskLines(memory),
    ],
    replay: `schedules:${schedule}`,
    error,
    size: preemptions,
  };
}

function whereOf(schedule: string, preemptions: number, of: Contestant | undefined): string {
  const times = preemptions === 1 ? "once" : `${preemptions} times`;
  return [
    schedule === "" ? "no asynchronous call was made" : `schedule ${schedule}`,
    ...(/[a-z]/.test(schedule) ? ["a small letter is a timer that ran out"] : []),
    ...(preemptions > 0 ? [`one that could go on was interrupted ${times}`] : []),
    ...(of === undefined ? [] : [`check of ${of.letter}`]),
  ].join(", ");
}

interface Fault {
  readonly error: Error;
  readonly of?: Contestant;
}

/** What is wrong whatever the checks would say. */
function faultOf({ outcome, contestants, thrown, lines }: Played): Fault | undefined {
  if (thrown !== undefined) return { error: thrown };
  if (outcome === "stuck") {
    const waiting = contestants.filter(({ end }) => end === undefined).map(({ letter }) => letter);
    return { error: new Error(`nobody can go on: ${waiting.join(" and ")} wait for ever`) };
  }
  if (outcome !== "endless") return undefined;
  return { error: new Error(`no end after ${lines.length} calls and moves of the clock`) };
}

async function checkAll({ contestants, memory }: Played): Promise<Fault | undefined> {
  for (const of of contestants) {
    const { scenario, acks, end = "done", interception } = of;
    const leaks = interception.openFiles().map(({ path }) => path);
    const error = await checkOnce(scenario, facesOf(memory), { acks, end, leaks });
    if (error !== undefined) return { error, of };
  }
  return undefined;
}
