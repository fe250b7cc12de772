import { attempt, errorCode, type Operation, type Steps } from "@holdfast/fs/steps";
import type { BeginRecord } from "../journal/records.ts";
import type { PathResult, RestoreReason } from "../results.ts";
import type { OpenSession } from "../session/open-session.ts";
import type { PathState } from "../state.ts";
import { look } from "../workspace/look.ts";
import { resultOf } from "./report.ts";

const lost: PathState = { kind: "failed", code: "ERR_CHECKPOINT_DAMAGED" };

/** The paths that a restore had left alone, for the report of who finishes it: what they are now, and why. */
export function* leftAlone(
  operation: Operation,
  { history, workspaces, objects, request }: OpenSession,
  { snapshot, skipped }: BeginRecord,
): Steps<PathResult[]> {
  const targets = [...(history.targetsOf(snapshot)?.values() ?? [])];
  const results: PathResult[] = [];
  for (const { path, reason } of skipped) {
    const target = targets.find((one) => one.path === path);
    const from = yield* currentState(path, target?.key);
    const entry = { path, from, to: target?.state ?? lost };
    const outcome = { ok: false, reason: reason as RestoreReason, code: codeOf(reason, from) };
    results.push(resultOf(entry, "none", outcome));
  }
  return results;

  function* currentState(path: string, key: string | undefined): Steps<PathState> {
    const located = yield* attempt(workspaces.recall(operation, path, key));
    if (!located.ok) return { kind: "failed", code: errorCode(located.error) ?? "UNKNOWN" };
    const { inside: at } = located.value;
    if (at === undefined) return { kind: "skipped", reason: "outside" };
    const { maxFileBytes } = request.limits;
    return (yield* look(operation, at, objects, { keep: "hash", maxFileBytes })).state;
  }
}

function codeOf(reason: string, now: PathState): string | undefined {
  return reason === "failed" && now.kind === "failed" ? now.code : undefined;
}
