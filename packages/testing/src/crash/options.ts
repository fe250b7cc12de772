import { invalidType } from "@holdfast/fs/steps";
import type { MemoryFileSystemOptions } from "../memory/options.ts";
import { requireKnown } from "../scenario/known-options.ts";
import { crashOptionNames } from "../scenario/option-names.ts";
import type { Budget } from "../scenario/report.ts";
import { requireScenario } from "../scenario/require-scenario.ts";
import type { Scenario } from "../scenario/scenario.ts";
import { toModels } from "./models.ts";
import type { ModelName, PowerLossModel } from "./models.ts";

export interface CrashOptions extends Budget {
  /** Which file systems to stand for. Default: all four built-in models. */
  readonly models?: readonly (ModelName | PowerLossModel)[];
  /**
   * Whether the power goes a second time, at every point of the recovery from the first. Default: true
   * if the scenario has `recover`.
   */
  readonly again?: boolean;
  /**
   * `"fsync"`: also runs in which each fsync and fdatasync in turn fails with EIO, once, and each write
   * to a file that was opened with O_SYNC or O_DSYNC. From then on what it should have flushed may be
   * lost, though it reads back and a second fsync says that all is well: so it was measured on ext4, xfs
   * and btrfs. Default: no call fails.
   */
  readonly faults?: "fsync";
  /** What the memory file system is like that the scenario runs on. Default: as Linux, empty, root. */
  readonly memory?: MemoryFileSystemOptions;
}

/** The options, checked. */
export interface CrashSettings {
  readonly models: readonly PowerLossModel[];
  readonly again: boolean;
  readonly faults: boolean;
  readonly memory: MemoryFileSystemOptions;
}

export function toSettings<Ack>(
  op: string,
  scenario: Scenario<Ack>,
  options: CrashOptions,
): CrashSettings {
  requireKnown(op, options, crashOptionNames);
  requireScenario(op, scenario);
  const { models, again = scenario.recover !== undefined, faults, memory = {} } = options;
  if (typeof again !== "boolean") throw invalidType(op, "again", "a boolean", again);
  if (faults !== undefined && faults !== "fsync") {
    throw invalidType(op, "faults", '"fsync"', faults);
  }
  return {
    models: toModels(op, models),
    again: again && scenario.recover !== undefined,
    faults: faults === "fsync",
    memory,
  };
}
