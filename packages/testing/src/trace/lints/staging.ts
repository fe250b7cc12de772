/** How a new version is prepared. */

import { basename, dirname } from "node:path";
import { O_EXCL } from "../../calls/constants.ts";
import { looksStaged } from "../name-patterns.ts";
import type { TracedCall } from "../trace.ts";
import { renames, type Lint, type Suspicion } from "./lint.ts";
import type { TracedFile } from "./traced-files.ts";

export function staging(): Lint {
  /** Those whose names were acknowledged: they are moved, not staged. */
  const published = new WeakSet<TracedFile>();
  /** Linked to another name: staged if the first name goes, a copy that is kept if it stays. */
  const linked = new Map<string, Suspicion[]>();
  return {
    *begin(call, files) {
      if (!renames(call)) return;
      const [from] = call.paths as [string];
      const file = files.at(from);
      if (published.has(file) || !isOnItsWay(file, call)) return;
      const found = [...judge(file.made!, call)];
      if (call.name === "rename") yield* found;
      else linked.set(from, [...(linked.get(from) ?? []), ...found]);
    },

    *end(call) {
      if (call.name !== "unlink" || call.error !== undefined) return;
      const [path] = call.paths as [string];
      yield* linked.get(path) ?? [];
      linked.delete(path);
    },

    ack(_, files) {
      for (const file of files.all()) if (files.hasName(file)) published.add(file);
      return [];
    },
  };
}

/**
 * Only a file that still has the name it was made with is on its way to another one. One that was there
 * before may have been left by an earlier run, or be a log that is rotated: its name must tell.
 */
function isOnItsWay({ made, firstPath }: TracedFile, { paths }: TracedCall): boolean {
  const [from, to] = paths as [string, string];
  if (made?.name !== "open" || firstPath !== from) return false;
  return isExclusive(made) || made.existed === false
    ? true
    : looksStaged(basename(from), new Set([basename(to)]));
}

function* judge(made: TracedCall, call: TracedCall): Iterable<Suspicion> {
  const [from, to] = call.paths as [string, string];
  if (!isExclusive(made)) yield { rule: "staged-not-exclusive", path: from, call: made };
  if (dirname(from) !== dirname(to)) yield { rule: "staged-elsewhere", path: from, call };
}

const isExclusive = ({ args }: TracedCall): boolean => ((args[1] as number) & O_EXCL) !== 0;
