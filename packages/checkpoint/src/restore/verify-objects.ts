import { type Operation, Refusal, type Steps } from "@holdfast/fs/steps";
import type { PathResult } from "../results.ts";
import type { OpenSession } from "../session/open-session.ts";
import type { Planned } from "./plan.ts";
import { resultOf } from "./report.ts";

/** Reads all bytes that a plan needs, before anything is changed. */
export function* verifyObjects(
  operation: Operation,
  { objects }: OpenSession,
  plan: readonly Planned[],
): Steps<{ readonly planned: readonly Planned[]; readonly damaged: readonly PathResult[] }> {
  const known = new Map<string, boolean>();
  const planned: Planned[] = [];
  const damaged: PathResult[] = [];
  for (const one of plan) {
    const { to } = one.entry;
    let ok = true;
    if (to.kind === "file" && one.merged === undefined) {
      ok = known.get(to.sha256) ?? (yield* objects.verify(operation, to.sha256, to.size)) === "ok";
      known.set(to.sha256, ok);
    }
    if (ok) planned.push(one);
    else damaged.push(resultOf(one.entry, "none", { ok: false, reason: "damaged" }));
  }
  return { planned, damaged };
}

/** Refuses the whole restore where some of it cannot be had. */
export function refuseDamage(results: readonly PathResult[]): void {
  const damaged = results.filter(({ reason }) => reason === "damaged");
  if (damaged.length === 0) return;
  const names = damaged.map(({ path }) => JSON.stringify(path)).join(", ");
  throw new Refusal("ERR_CHECKPOINT_DAMAGED", {
    problem: `what is needed for ${names} is missing from the store or damaged`,
    hint: "With partial: true everything else is restored.",
  });
}
