/** Real processes on the real disk: killed, failed or raced at each of their calls, or at random. */

export { sweepProcess } from "./process/sweep-process.ts";
export type {
  Command,
  RaceMoment,
  SweepProcessOptions,
  WorkingDirectory,
} from "./process/sweep-options.ts";
export type { Disturbance, ProcessCall, ProcessExit, ProcessOutcome } from "./process/outcome.ts";
export { storm } from "./process/storm.ts";
export type { StormOptions, StormOutcome, StormReport } from "./process/storm.ts";
export { hammer } from "./process/hammer.ts";
export type { Exchange, HammerOptions, HammerReport } from "./process/hammer.ts";
export { assertProcessPassed, formatProcessReport } from "./process/format-report.ts";
export type { Failure, Progress, Report } from "./scenario/report.ts";
