import { joinName, type Operation } from "@holdfast/fs/steps";
import type { BeginRecord } from "../journal/records.ts";
import type { OpenSession } from "../session/open-session.ts";
import type { Workshop } from "./apply/workshop.ts";

/** What the changes of a restore have in common. */
export function workshopOf(
  operation: Operation,
  { objects, request }: OpenSession,
  begin: BeginRecord,
): Workshop {
  // Files that were kept under other limits are known again all the same.
  const sizes = begin.entries.flatMap(({ from, to }) =>
    [from, to].map((state) => (state.kind === "file" ? state.size : 0)),
  );
  const maxFileBytes = sizes.reduce((a, b) => Math.max(a, b), request.limits.maxFileBytes);
  const trash = joinName(request.store, "trash");
  return { operation, objects, restore: begin.restore, trash, maxFileBytes };
}
