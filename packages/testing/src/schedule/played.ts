import type { ListedLine } from "../scenario/call-lines.ts";
import type { MemoryBackend } from "../memory/memory-backend.ts";
import type { Choice } from "./choice.ts";
import type { Contestant } from "./contestant.ts";

export interface PlayOptions {
  readonly timers: "virtual" | "events" | "real";
  /** See `Expiries`. */
  readonly maxTimerFirings: number;
  readonly maxCalls: number;
  /** What the clock of the runs says at first, in milliseconds since the epoch. */
  readonly startMs: number;
  /** Whether the beginning of each run is a step of its own. */
  readonly stepToBegin: boolean;
}

/** What came of one schedule. */
export interface Played {
  /** `"given up"`: the chooser wanted none. `"begun"`: see `stepToBegin`. */
  readonly outcome: "ended" | "given up" | "begun" | "stuck" | "endless";
  readonly memory: MemoryBackend;
  readonly contestants: readonly Contestant[];
  /** The steps, in order. */
  readonly choices: readonly Choice[];
  /** How often one whose call could have been made was interrupted. */
  readonly preemptions: number;
  readonly lines: readonly ListedLine[];
  /** What in it was not under control, one line each. */
  readonly limits: ReadonlySet<string>;
  /** What a timer threw, that was nobody's to catch. */
  readonly thrown: Error | undefined;
  /** Who could go on at the end, by letter, and had not come for a long time. */
  readonly starved: readonly string[];
}
