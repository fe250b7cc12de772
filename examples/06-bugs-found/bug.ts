import type { CrashOptions, Report } from "@holdfast/testing";

/** What each file of this gallery exports. */
export interface Bug {
  readonly title: string;
  /** What the tool says of the smallest case that goes wrong: what is wrong, and where. */
  readonly finds: RegExp;
  /** @param options of `exploreCrashes`, for the bugs that a power loss brings to light */
  explore(version: "bug" | "corrected", options?: CrashOptions): Promise<Report>;
}
