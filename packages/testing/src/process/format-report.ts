import type { Failure, Report } from "../scenario/report.ts";

/** A report as text: what was run, and each failure that was kept, the smallest first. */
export function formatProcessReport(report: Report): string {
  const { cases, failed, exhaustive, limits, failures, elapsedMs, scenario, seed } = report;
  const seconds = (elapsedMs / 1000).toFixed(1);
  const all = exhaustive ? ", all there are" : "";
  const seeded = scenario === "storm" ? `, seed ${seed}` : "";
  const found = failed === 0 ? "none failed" : `${failed} failed`;
  return [
    `${cases} runs${all}, ${found} (${seconds} s${seeded})`,
    ...limits.map((limit) => `not everything was run: ${limit}`),
    ...failures.flatMap((failure, at) => ["", ...formatFailure(failure, at + 1)]),
    ...(failed > failures.length ? ["", `and ${failed - failures.length} more`] : []),
  ].join("\n");
}

function formatFailure(
  { message, where, calls, state, replay }: Failure,
  number: number,
): string[] {
  const again = replay.startsWith("seed")
    ? `again: seed: ${replay.slice(5)}`
    : `again: only: "${replay}"`;
  return [
    `failure ${number}: ${where}: ${message}`,
    ...calls.map((call) => `  ${call}`),
    ...state.map((line) => `  ${line}`),
    `  ${again}`,
  ];
}

/**
 * Throws if a run failed: the message is the whole report, the cause what the check of the smallest
 * failure threw.
 */
export function assertProcessPassed(report: Report): void {
  if (report.failed === 0) return;
  throw new Error(formatProcessReport(report), { cause: report.failures[0]!.error });
}
