import { Refusal } from "@holdfast/fs/steps";
import type { RestoreRequest } from "./restore/restore.ts";
import type { OpenSession } from "./session/open-session.ts";

/** For `resume()` and `rollback()` where there is nothing to do. */
export const nothingToSettle = (): Refusal =>
  new Refusal("ERR_CHECKPOINT_UNKNOWN", { problem: "no restore was interrupted" });

/** Which restore took a snapshot before it changed anything. */
export function restoreThatTook({ history }: OpenSession, before: string): string | undefined {
  return [...history.restoreIds()].find((id) => history.restore(id)?.before === before);
}

/** The paths that a restore changed, and the snapshot that it took before. */
export function whatItChanged(
  { history }: OpenSession,
  restoreId: string,
): Pick<RestoreRequest, "snapshot" | "keys"> {
  const begun = history.restore(restoreId);
  if (begun === undefined) {
    const problem = `there is no restore ${JSON.stringify(restoreId)}`;
    const hint = 'It is "restoreId" of a report, and of snapshots of the kind "restore".';
    throw new Refusal("ERR_CHECKPOINT_UNKNOWN", { problem, hint });
  }
  const keys = new Set(begun.entries.map(({ path, key }) => key ?? path));
  return { snapshot: begun.before, keys };
}
