import type { Operation, Steps } from "@holdfast/fs/steps";
import { inspect } from "@holdfast/lock/steps";

/** How many have a log open for appending: each of them holds a share of its lock. */
export function* countWriters(operation: Operation, path: string): Steps<number> {
  const { owners } = yield* inspect(operation, { target: path });
  return owners.filter(({ shared, state }) => shared && (state === "alive" || state === "unknown"))
    .length;
}
