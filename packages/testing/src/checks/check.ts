import type { NodeFileSystem } from "../calls/node-file-system.ts";
import type { Scenario, Seen } from "../scenario/scenario.ts";

/** A `check` of a scenario: throws if what is there is wrong. */
export type Check<Ack = unknown> = (
  fs: NodeFileSystem,
  seen: Seen<Ack>,
) => ReturnType<Scenario<Ack>["check"]>;

/**
 * All of these must be content. Each is asked, also if one before it was not, and the message has what
 * all of them say, line by line.
 *
 * @example
 * check: allOf(neverMissing("/state"), oldOrNew("/state", ["old", "new"]), noStagedFiles("/"))
 */
export function allOf<Ack>(...checks: readonly Check<Ack>[]): Check<Ack> {
  return async (fs, seen) => {
    const errors: unknown[] = [];
    for (const check of checks) {
      try {
        await check(fs, seen);
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length === 1) throw errors[0];
    if (errors.length > 1) throw new AggregateError(errors, errors.map(messageOf).join("\n"));
  };
}

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

/** What a check throws: nothing but its message counts. */
export class CheckFailed extends Error {
  override readonly name = "CheckFailed";
}
