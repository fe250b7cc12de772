/** The options of each explorer, by name. */

import type { CrashOptions } from "../crash/options.ts";
import type { SweepFaultsOptions } from "../faults/sweep/sweep-options.ts";
import type { InterferenceOptions } from "../interference/explore-interference.ts";
import type { ScheduleOptions } from "../schedule/explore-schedules.ts";
import type { Budget, ExplorerName } from "./report.ts";

/**
 * `"case"`: what becomes of a case depends on it, so that a replay must be given the same.
 * `"choice"`: it only says which cases are run.
 */
type Role = "case" | "choice";

/** Every option is there: the compiler sees to it. */
type Roles<Options> = { readonly [Name in keyof Required<Options>]: Role };

const budget: Roles<Budget> = {
  maxStates: "choice",
  timeoutMs: "choice",
  seed: "choice",
  onProgress: "choice",
  maxFailures: "choice",
};

const crashes: Roles<CrashOptions> = {
  ...budget,
  models: "case",
  again: "choice",
  faults: "choice",
  memory: "case",
};

const faults: Roles<SweepFaultsOptions> = {
  ...budget,
  errnos: "choice",
  persist: "choice",
  shortIO: "choice",
  modes: "choice",
  depth: "choice",
  leftovers: "case",
  ignoredErrors: "case",
  settleMs: "case",
  memory: "case",
};

const interference: Roles<InterferenceOptions> = {
  ...budget,
  adversaries: "case",
  moves: "choice",
  maxCalls: "case",
  memory: "case",
};

const schedules: Roles<ScheduleOptions> = {
  ...budget,
  maxSchedules: "choice",
  maxPreemptions: "choice",
  timers: "case",
  maxTimerFirings: "case",
  reduce: "choice",
  maxCalls: "case",
  memory: "case",
};

const namesIn = <Options>(roles: Roles<Options>): readonly (keyof Options & string)[] =>
  Object.keys(roles) as (keyof Options & string)[];

export const crashOptionNames: readonly (keyof CrashOptions)[] = namesIn(crashes);
export const faultOptionNames: readonly (keyof SweepFaultsOptions)[] = namesIn(faults);
export const interferenceOptionNames: readonly (keyof InterferenceOptions)[] =
  namesIn(interference);
export const scheduleOptionNames: readonly (keyof ScheduleOptions)[] = namesIn(schedules);

const rolesOf: { readonly [Name in ExplorerName]: Readonly<Record<string, Role>> } = {
  crashes,
  faults,
  interference,
  schedules,
  process: {}, // its runs are asked for with an option, and all others stay as they are
};

/** Those of the options given to an explorer that a replay needs as well. */
export const neededAgain = (explorer: ExplorerName, options: Budget): readonly string[] =>
  Object.entries(rolesOf[explorer])
    .filter(([name, role]) => role === "case" && Reflect.get(options, name) !== undefined)
    .map(([name]) => name);
