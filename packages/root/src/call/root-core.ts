import type { FileStats, FileSystem, Offload } from "@holdfast/fs/steps";
import type { Directory, Strategy } from "../walk/strategy.ts";
import type { Liveness } from "./liveness.ts";
import type { PathTurns } from "./path-turns.ts";
import type { Policy } from "./policy.ts";
import type { Rules } from "./rules.ts";

/** An open root: what all its calls share. */
export interface RootCore {
  readonly half: "async" | "sync";
  readonly strategy: Strategy;
  /** The root itself. */
  readonly top: Directory;
  readonly topStats: FileStats;
  /** Whether opening what is held already, on the root's device, asks no device or server. */
  readonly opensFromMemory: boolean;
  /** Absolute, as it was when the root was opened: for links that say where they lead in full. */
  readonly location: string;
  readonly policy: Policy;
  readonly rules: Rules;
  readonly liveness: Liveness;
  readonly turns: PathTurns;
  readonly fileSystem: FileSystem | undefined;
  readonly offload: Offload | undefined;
}
