import { attempt, errorCode, type Steps, wait } from "@holdfast/fs/steps";
import type { PathResult, RestoreReport } from "../results.ts";
import { done, failed, type Outcome } from "./apply/workshop.ts";
import type { Planned } from "./plan.ts";
import { reportOf, resultOf } from "./report.ts";

/** What a restore would do, as far as that can be seen without doing it. */
export function* dryRun(
  snapshot: string,
  planned: readonly Planned[],
  left: readonly PathResult[],
): Steps<RestoreReport> {
  const going = new Set(
    planned.filter(({ entry }) => entry.to.kind === "absent").map(({ entry }) => entry.path),
  );
  const results: PathResult[] = [];
  for (const one of planned) {
    const { entry, action } = one;
    const leaves = entry.from.kind === "dir" && entry.to.kind !== "dir";
    const outcome = leaves ? yield* wouldBeEmpty(one, going) : done;
    const isTheirs = outcome.reason === "not-empty" && entry.created === entry.path;
    results.push(isTheirs ? resultOf(entry, "none", done) : resultOf(entry, action, outcome));
  }
  const nothing = { restoreId: undefined, before: undefined, outcome: "dry-run" } as const;
  return reportOf({ ...nothing, snapshot }, [...left, ...results]);
}

function* wouldBeEmpty({ at }: Planned, going: ReadonlySet<string>): Steps<Outcome> {
  const { root } = yield* at.workspace.open();
  const names = yield* attempt(wait(root.readdir(at.inside, { symlinks: "refuse" })));
  if (!names.ok) return failed(errorCode(names.error));
  const empty = names.value.every((name) => going.has(`${at.path}/${name}`));
  return empty ? done : { ok: false, reason: "not-empty" };
}
