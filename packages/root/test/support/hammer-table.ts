/** The outcome of a long hammering, for people. */

import type { Tally } from "./hammer.ts";

/** @param tallies by containment and method: `"descriptor readFile"` */
export function formatTable(tallies: ReadonlyMap<string, Tally>): string {
  const heads = ["containment", "method", "acts", "contested", "landed", "escapes", "detected"];
  const rows = [[...heads, "untrue", "ok", "others"]];
  const totals = new Map<string, number[]>();
  for (const [key, tally] of [...tallies].sort(([a], [b]) => a.localeCompare(b))) {
    const [containment = "", method = ""] = key.split(" ");
    const { acts, contested, landed, escapes, detected, untrue, ok, codes } = tally;
    const numbers = [acts, contested, landed, escapes, detected, untrue, ok];
    const sums = totals.get(containment) ?? numbers.map(() => 0);
    totals.set(
      containment,
      sums.map((sum, i) => sum + numbers[i]!),
    );
    const others = [...codes].map(([code, count]) => `${code} ${count}`).sort();
    rows.push([containment, method, ...numbers.map(String), others.join(", ")]);
  }
  for (const [containment, sums] of totals) {
    rows.push([containment, "ALL", ...sums.map(String), ""]);
  }
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  return rows
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i]!))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
