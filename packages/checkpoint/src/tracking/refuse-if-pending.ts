import { Refusal } from "@holdfast/fs/steps";
import type { History } from "../history/history.ts";

/** Refuses what must not be done in the middle of a restore. */
export function refuseIfPending({ interrupted }: History): void {
  if (interrupted === undefined) return;
  throw new Refusal("ERR_RESTORE_PENDING", {
    hint: "Call resume() to finish it, or rollback() to take it back.",
  });
}
