import { Refusal, sleep, type Steps } from "@holdfast/fs/steps";
import type { RootCall } from "../call/root-call.ts";
import { namesOf } from "../call/root-call.ts";
import type { ParsedPath } from "../path/parse-path.ts";
import type { Pin } from "./strategy.ts";
import { findObject } from "./walker.ts";

/**
 * Somebody who creates a file by link(2) and unlink(2), as `createFileAtomic` does, lets it have two
 * names for a moment; removing one of them sets the change time. A file that has had its names for
 * longer than this is not in that moment.
 */
const momentMs = 50;
/** Somebody who keeps making names for it is not creating it. */
const maxLooks = 100;

/** Finds and holds a regular file that may be read or written. */
export function* findFile(call: RootCall, path: ParsedPath, use: "read" | "write"): Steps<Pin> {
  for (let looks = 1; ; looks++) {
    const pin = yield* findObject(call, path, "follow");
    const { stats } = pin;
    call.mayRead(namesOf(pin.place));
    if (stats.isDirectory()) throw new Refusal("EISDIR");
    if (!stats.isFile()) throw notAFile();
    const waits = call.policy.hardlinks !== "allow" && isBeingCreated(stats);
    if (!waits || looks === maxLooks) {
      call.checkObject(stats, use);
      return pin;
    }
    yield* call.release(pin, pin.place.directory);
    call.forgetLinks();
    yield* sleep(2);
  }
}

/** Whether a second name of a file may be gone in a moment. */
export function isBeingCreated({ nlink, ctimeNs }: Pin["stats"]): boolean {
  if (nlink <= 1n) return false;
  const ageMs = Date.now() - Number(ctimeNs / 1_000_000n);
  return ageMs >= 0 && ageMs < momentMs;
}

/** It is there, and is never opened: a FIFO would hang, a device would act. */
export const notAFile = (): Refusal =>
  new Refusal("ERR_NOT_FILE", { problem: "it is a FIFO, a socket or a device" });
