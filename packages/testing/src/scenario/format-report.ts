import { many, number, percent } from "./quantity.ts";
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
 * copied. Those have the names of the options that `replay` needs: they must be what they were in the
 * exploration.
 *
 * @example
 * console.log(formatReport(await exploreCrashes(scenario)));
 */
export function formatReport(report: Report): string {
  const { failures, failed } = report;
  const lines = [headOf(report), ...exhaustivenessOf(report)];
  const full = differentOf(failures).slice(0, toldInFull);
  for (const [at, failure] of full.entries()) lines.push("", ...inFull(report, failure, at + 1));
  const rest = failures.filter((failure) => !full.includes(failure));
  for (const { message } of differentOf(rest)) {
    lines.push("", ...alike(report, message, rest, full));
  }
  if (failed > failures.length) {
    const more = many(failed - failures.length, "more failure");
    lines.push("", `… and ${more}, not kept (maxFailures).`);
  }
  return lines.join("\n");
}

/** What of the cases was run: without limits, with the limits and what goes with them. */
export function exhaustivenessOf(report: Report): string[] {
  const { exhaustive, cases, share, seed, limits, replay } = report;
  if (replay !== undefined) return ["One case only: a replay."];
  if (exhaustive) return ["Exhaustive: every case there is was run."];
  const part = share === undefined ? "an unknown share" : `${percent(share)} of all`;
  return [
    cases === 1
      ? "Not exhaustive: 1 case was run."
      : `Not exhaustive: ${many(cases, "case")} were run, ${part}; seed ${seed}.`,
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

function inFull(report: Report, failure: Failure, at: number): string[] {
  const { message, where, calls } = failure;
  const sections: readonly (readonly [title: string, lines: readonly string[]])[] = [
    ["where", [where]],
    ["calls", shortened(calls)],
    ["state", shortened(stateOf(failure))],
  ];
  return [
    ...wrapped(message, `${at}) `, "   "),
    ...sections.flatMap(([title, lines]) =>
      indented(
        `   ${title}  `,
        lines.flatMap((line) => wrapped(line, "", "    ", 100)),
      ),
    ),
    replayLine(report, failure),
  ];
}

/** Failures of which only the message and the way to see them again are told. */
function alike(
  report: Report,
  message: string,
  all: readonly Failure[],
  full: readonly Failure[],
): string[] {
  const told = full.findIndex((failure) => failure.message === message);
  const same = all.filter((failure) => failure.message === message);
  const title =
    told === -1 ? message : `the same as ${told + 1}), in ${many(same.length, "other case")}`;
  return [...wrapped(title, "-  ", "   "), ...same.map((one) => replayLine(report, one))];
}

const differentOf = (failures: readonly Failure[]): Failure[] =>
  failures.filter(({ message }, at) => failures.findIndex((one) => one.message === message) === at);

const whatWasSaid = "the check said:";

/** The state, without what the message says already. */
function stateOf({ message, state }: Failure): string[] {
  const at = state.indexOf(whatWasSaid);
  const facts = at === -1 ? state : state.slice(0, at);
  const said = at === -1 ? [] : state.slice(at + 1);
  const more = said.filter((line) => !message.includes(line.trim()));
  return [
    ...facts.filter((line) => !message.includes(line)),
    ...(more.length < said.length && more.length > 0 ? ["the check said also:"] : []),
    ...(more.length === said.length && more.length > 0 ? [whatWasSaid] : []),
    ...more,
  ];
}

/** What to write in a test to run a case again: fit to be pasted, if the names are those of the test. */
function replayLine({ explorer, replayOptions }: Report, { replay }: Failure): string {
  const text = JSON.stringify(replay);
  if (explorer === "process") {
    const seed = /^seed (.*)/.exec(replay)?.[1];
    return `   replay with: ${seed === undefined ? `only: ${text}` : `seed: ${seed}`}`;
  }
  const what = explorer === "schedules" ? "scenarios" : "scenario";
  const names = replayOptions ?? (explorer === "interference" ? ["adversaries"] : []);
  const options = names.length === 0 ? "" : `, { ${names.join(", ")} }`;
  return `   replay with: replay(${what}, ${text}${options})`;
}

function shortened(lines: readonly string[]): readonly string[] {
  if (lines.length <= longest) return lines;
  const [head, tail] = [longest / 4, (longest * 3) / 4];
  const left = lines.length - head - tail;
  return [...lines.slice(0, head), `… ${many(left, "more line")} …`, ...lines.slice(-tail)];
}
