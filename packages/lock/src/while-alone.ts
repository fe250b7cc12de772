import type { Operation, Steps } from "@holdfast/fs/steps";
import { awaitShares } from "./protocol/await-shares.ts";
import { OwnFile } from "./protocol/own-file.ts";
import { Sightings } from "./protocol/sightings.ts";
import { takeEntry } from "./protocol/take-entry.ts";
import { Waiting } from "./protocol/waiting.ts";
import type { LockRequest } from "./request.ts";
import { leaveQueue, queueKey, takePlace, waitForTurn } from "./thread/turns.ts";

/**
 * Makes steps while nobody but the one with `share` has the lock and nobody can get it; `undefined`, at
 * once, where somebody else has it, or waits for it.
 */
export function* whileAlone<T>(
  operation: Operation,
  request: LockRequest,
  share: OwnFile,
  steps: Steps<T>,
): Steps<{ readonly value: T } | undefined> {
  const { names } = share;
  const options = { ...request, shared: false };
  const waiting = new Waiting({ ...request, timeoutMs: 0 });
  const turn = operation.synchronous ? undefined : takePlace(operation, queueKey(names.entry));
  const file = new OwnFile(operation, names, options);
  const { staleAfterMs } = request;
  const taker = { operation, names, file, staleAfterMs, sightings: new Sightings() };
  try {
    if (turn !== undefined && !(yield* waitForTurn(turn, 0))) return undefined;
    yield* file.create(operation);
    const entry = yield* takeEntry(taker, waiting, () => {});
    if (entry !== "taken") return undefined;
    file.at = names.entry;
    const others = yield* awaitShares(taker, waiting, {
      except: share.nonce,
      options,
      prove: () => file.prove(operation, file.at),
      noteTakeover: () => {},
    });
    return others === "taken" ? { value: yield* steps } : undefined;
  } finally {
    yield* file.discard(operation);
    if (turn !== undefined) leaveQueue(turn);
  }
}
