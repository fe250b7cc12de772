import type { ExplorerName, Failure, Report } from "./report.ts";
import { indented, wrapped } from "./wrap-lines.ts";

const whatIsExplored: { readonly [Name in ExplorerName]: string } = {
  faults: "Faults",
  crashes: "Power losses",
  interference: "Interference",
  schedules: "Schedules",
  process: "Processes",
};

/** How many failures with different messages are told with all that is known of them. */
const toldInFull = 3;
/** Of a longer list the middle is left out. */
const longest = 40;

/**
 * A report for people, at most 110 columns wide but for the `replay` strings, which are there to be
 * copied.
 *
 * @example
 * console.log(formatReport(await exploreCrashes(scenario)));
 */
export function formatReport(report: Report): string {
  const { failures, failed } = report;
  const lines = [headOf(report), ...exhaustivenessOf(report)];
  const full = differentOf(failures).slice(0, toldInFull);
  for (const [at, failure] of full.entries()) lines.push("", ...inFull(failure, at + 1));
  const rest = failures.filter((failure) => !full.includes(failure));
  for (const { message } of differentOf(rest)) {
    lines.push("", ...alike(message, rest, full));
  }
  if (failed > failures.length) {
    lines.push(
      "",
      `… and ${many(failed - failures.length, "failure")} more, not kept (maxFailures).`,
    );
  }
  return lines.join("\n");
}

/** What of the cases was run: without limits, with the limits and what goes with them. */
export function exhaustivenessOf(report: Report): string[] {
  const { exhaustive, cases, share, seed, limits } = report;
  if (exhaustive) return ["Exhaustive: every case there is was run."];
  const part = share === undefined ? "an unknown share" : `${percent(share)} of all`;
  return [
    `Not exhaustive: ${many(cases, "case")} were run, ${part}; seed ${seed}.`,
    ...limits.flatMap((limit) => wrapped(limit, "  ")),
  ];
}

function headOf({ explorer, scenario, cases, failed, elapsedMs }: Report): string {
  const of = scenario === undefined ? "" : ` of ${JSON.stringify(scenario)}`;
  const outcome =
    failed === 0
      ? `${many(cases, "case")}, none failed`
      : `${number(failed)} of ${many(cases, "case")} failed`;
  return `${whatIsExplored[explorer]}${of}: ${outcome} (${(elapsedMs / 1000).toFixed(1)} s)`;
}

function inFull({ message, where, calls, state, replay }: Failure, at: number): string[] {
  const sections: readonly (readonly [title: string, lines: readonly string[]])[] = [
    ["where", [where]],
    ["calls", shortened(calls)],
    ["state", shortened(state)],
  ];
  return [
    ...wrapped(message, `${at}) `, "   "),
    ...sections.flatMap(([title, lines]) =>
      indented(
        `   ${title}  `,
        lines.flatMap((line) => wrapped(line, "", "    ", 100)),
      ),
    ),
    replayLine(replay),
  ];
}

/** Failures of which only the message and the way to see them again are told. */
function alike(message: string, all: readonly Failure[], full: readonly Failure[]): string[] {
  const told = full.findIndex((failure) => failure.message === message);
  const same = all.filter((failure) => failure.message === message);
  const title =
    told === -1 ? message : `the same as ${told + 1}), in ${many(same.length, "other case")}`;
  return [...wrapped(title, "-  ", "   "), ...same.map(({ replay }) => replayLine(replay))];
}

const differentOf = (failures: readonly Failure[]): Failure[] =>
  failures.filter(({ message }, at) => failures.findIndex((one) => one.message === message) === at);

const replayLine = (replay: string): string =>
  `   replay with: replay(scenario, ${JSON.stringify(replay)})`;

function shortened(lines: readonly string[]): readonly string[] {
  if (lines.length <= longest) return lines;
  const [head, tail] = [longest / 4, (longest * 3) / 4];
  const left = lines.length - head - tail;
  return [...lines.slice(0, head), `… ${many(left, "line")} more …`, ...lines.slice(-tail)];
}

const number = (value: number): string => value.toLocaleString("en-US");
const many = (count: number, noun: string): string =>
  `${number(count)} ${noun}${count === 1 ? "" : "s"}`;

/** Never "100%" of less than all, and never "0%" of something. */
function percent(share: number): string {
  const value = share * 100;
  if (value > 0 && value < 0.1) return "less than 0.1%";
  return `${Math.min(Math.floor(value * 10) / 10, 99.9)}%`;
}
