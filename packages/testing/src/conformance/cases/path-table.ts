import type { CaseGroup } from "../case-group.ts";

/**
 * Cases out of a table: for each call with `@` where the path stands, the paths and what comes of it,
 * with two spaces or a new line between one and the next.
 */
export function casesOfTable(table: Readonly<Record<string, string>>): CaseGroup["cases"] {
  const cases: Record<string, string> = {};
  for (const [call, cells] of Object.entries(table)) {
    for (const cell of cells.trim().split(/\s{2,}/)) {
      const [path = "", ...outcome] = cell.split(" ");
      const step = call.replace("@", path);
      cases[step] = `${step} -> ${outcome.join(" ")}`;
    }
  }
  return cases;
}
