import { invalidCombination, invalidRange, invalidType } from "@holdfast/fs/steps";
import type { CallName } from "../../calls/call.ts";
import { isErrno } from "../../calls/node-error.ts";
import type { MemoryFileSystemOptions } from "../../memory/options.ts";
import { requireKnown } from "../../scenario/known-options.ts";
import { faultOptionNames } from "../../scenario/option-names.ts";
import type { Budget } from "../../scenario/report.ts";
import type { Condition } from "../condition.ts";
import { faultModes, type FaultMode } from "./fault-point.ts";

export interface SweepFaultsOptions extends Budget {
  /**
   * Which errnos each call fails with, in all modes but `"dead-stop"`. Default: those that it can
   * really give on the platform of the memory file system, in the state in which it is: it never says
   * that there is no file where there is one.
   */
  readonly errnos?: (name: CallName) => readonly string[];
  /** Whether faults may last: the modes `"persistent"` and `"dead-stop"`. Default: `true`. */
  readonly persist?: boolean;
  /** Whether reads and writes fall short. Default: `true`. */
  readonly shortIO?: boolean;
  /** Instead of the two above: exactly these. */
  readonly modes?: readonly FaultMode[];
  /**
   * 2: also a second fault at every call that follows a first one that happens once. Of first faults
   * at one call that are followed by the same calls only one gets second ones: they are handled in the
   * same way. Default: 1.
   */
  readonly depth?: 1 | 2;
  /**
   * New names that neither a run without a fault leaves nor the error of the run tells of. `"refuse"`
   * finds them; globs (`"/logs/*.log"`) name those that may be there. Default: `"refuse"`.
   */
  readonly leftovers?: "refuse" | "allow" | readonly string[];
  /**
   * Flushes whose failure the program may ignore and still say that it is done:
   * `and(op("fsync"), path("/cache/**"))`. Default: none.
   */
  readonly ignoredErrors?: Condition;
  /** Milliseconds without a call after which a run is given up. Default: 5000. */
  readonly settleMs?: number;
  /** What `setup` starts from. Default: an empty file system with the rules of Linux. */
  readonly memory?: MemoryFileSystemOptions;
}

/** @throws `TypeError` or `RangeError` (`ERR_INVALID_ARG`) */
export function checkSweepOptions(op: string, options: SweepFaultsOptions): void {
  requireKnown(op, options, faultOptionNames);
  const { depth = 1, modes, persist, shortIO, settleMs = 1, leftovers = [], errnos } = options;
  if (depth !== 1 && depth !== 2) throw invalidRange(op, "depth", "1 or 2", depth);
  if (!(settleMs >= 1 && settleMs < 2 ** 31)) {
    throw invalidRange(op, "settleMs", "at least 1 and below 2 ** 31", settleMs);
  }
  if (modes !== undefined && (persist !== undefined || shortIO !== undefined)) {
    throw invalidCombination(op, '"modes" stands instead of "persist" and "shortIO"');
  }
  if (modes?.length === 0) throw invalidRange(op, "modes", "at least one mode", modes);
  for (const mode of modes ?? []) {
    if (!faultModes.includes(mode)) {
      throw invalidRange(op, "modes", `some of ${faultModes.join(", ")}`, mode);
    }
  }
  if (leftovers !== "allow" && leftovers !== "refuse" && !Array.isArray(leftovers)) {
    throw invalidType(op, "leftovers", '"refuse", "allow" or globs', leftovers);
  }
  if (options.ignoredErrors?.counts === true) {
    throw invalidCombination(op, '"ignoredErrors" cannot count: each case begins anew');
  }
  if (errnos !== undefined && typeof errnos !== "function") {
    throw invalidType(op, "errnos", "a function", errnos);
  }
}

export function modesOf({
  modes,
  persist = true,
  shortIO = true,
}: SweepFaultsOptions): readonly FaultMode[] {
  if (modes !== undefined) return modes;
  return faultModes.filter((mode) => {
    if (mode === "short") return shortIO;
    return persist || (mode !== "persistent" && mode !== "dead-stop");
  });
}

/** The errnos of the caller, each of them one. */
export function checkedErrnos(
  op: string,
  errnos: SweepFaultsOptions["errnos"],
): SweepFaultsOptions["errnos"] {
  if (errnos === undefined) return undefined;
  return (name) => {
    const given = errnos(name);
    for (const errno of given) {
      if (!isErrno(errno)) throw invalidRange(op, "errnos", "names of errnos", errno);
    }
    return given;
  };
}
