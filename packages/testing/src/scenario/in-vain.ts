import { lateWork } from "./late-work.ts";
import type { Start } from "./run-scenario.ts";
import type { End, Scenario } from "./scenario.ts";

/** A run that nothing disturbed. */
export interface Undisturbed {
  /** How many calls it made. */
  readonly calls: number;
  readonly end: End;
}

/**
 * Why it tells nothing to disturb a run: what it does when nobody does is wrong already. Most checks
 * would not see it. A program that fails at once leaves the old content, and that is right after a power
 * cut.
 *
 * @param without `"a fault"`, `"a power cut"`, `"an adversary"`
 */
export function whyInVain({ calls, end }: Undisturbed, without: string): string | undefined {
  if (end !== "done") return `the run failed without ${without}: ${String(end)}`;
  if (calls > 0) return undefined;
  return "the run made no call through the file system that it was given";
}

/** The same, and also whether a program says that it is done before it is. */
export async function whyInVainOrLate<Ack>(
  scenario: Scenario<Ack>,
  start: Start,
  run: Undisturbed,
  without: string,
): Promise<string | undefined> {
  return whyInVain(run, without) ?? (await lateWork(scenario, start));
}
