import { invalidType } from "@holdfast/fs/steps";
import { requireKnown } from "./known-options.ts";
import { exhaustivenessOf, formatReport } from "./format-report.ts";
import type { Report } from "./report.ts";

export interface AssertOptions {
  /**
   * A report that is not exhaustive. `"refuse"`: no failure is no proof. `"accept"`: what was run is
   * enough. Default: `"refuse"`.
   */
  readonly sampled?: "accept" | "refuse";
}

/**
 * Throws if a case failed, or if cases were left out: in any test runner, an assertion. Of a replay it
 * asks only that its one case was run and passes.
 *
 * @throws `Error` with `formatReport(report)` as its message, and the first failure's error as `cause`;
 *   `TypeError` (`ERR_INVALID_ARG`) for what is no report
 * @example
 * assertPassed(await sweepFaults(scenario));
 * assertPassed(await exploreCrashes(scenario, { maxStates: 1000 }), { sampled: "accept" });
 */
export function assertPassed(report: Report, options: AssertOptions = {}): void {
  if (typeof report !== "object" || report === null || !Array.isArray(report.failures)) {
    throw invalidType("assertPassed", "report", "what an explorer returned", report);
  }
  requireKnown("assertPassed", options, ["sampled"]);
  const { sampled = "refuse" } = options;
  if (sampled !== "accept" && sampled !== "refuse") {
    throw invalidType("assertPassed", "sampled", '"accept" or "refuse"', sampled);
  }
  if (report.failed > 0) {
    throw new Error(formatReport(report), { cause: report.failures[0]?.error });
  }
  if (report.replay !== undefined) {
    if (report.cases > 0) return;
    throw new Error(
      ["The case did not come about, so nothing was tested.", ...report.limits].join("\n"),
    );
  }
  if (!report.exhaustive && sampled === "refuse") {
    throw new Error(
      [
        ...exhaustivenessOf(report),
        "No failure is no proof then. Where a budget ran out, raise it; otherwise say that it is enough",
        'with { sampled: "accept" }.',
      ].join("\n"),
    );
  }
}
