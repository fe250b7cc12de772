import { durability } from "./flushes.mjs";
import { ratio } from "./statistics.mjs";

/** @param {number} ms */
export function time(ms) {
  if (ms >= 1000) return `${(ms / 1000).toPrecision(3)} s`;
  if (ms >= 1) return `${ms.toPrecision(3)} ms`;
  return `${(ms * 1000).toPrecision(3)} us`;
}

/** @param {{ value: number, low: number, high: number }} [r] */
export const spread = (r) =>
  r ? `${r.value.toFixed(2)} (${r.low.toFixed(2)}-${r.high.toFixed(2)})` : "";

/**
 * Columns as wide as what is in them; the first is set to the left, the others to the right.
 * @param {string[]} head
 * @param {string[][]} rows
 */
export function table(head, rows) {
  const all = [head, ...rows];
  const widths = head.map((_, n) => Math.max(...all.map((row) => (row[n] ?? "").length)));
  const line = (row) =>
    widths.map((w, n) => (n === 0 ? (row[n] ?? "").padEnd(w) : (row[n] ?? "").padStart(w)));
  return all.map((row) => `  ${line(row).join("  ")}`.trimEnd()).join("\n");
}

/** The ratios that are shown, kept in the JSON too. */
export function compare({ cell, measured, flushes }) {
  const by = Object.fromEntries(measured.map((m) => [m.name, m]));
  return measured.map((m) => {
    const flushed = flushes?.[m.name];
    const twin = by[twins[durability(flushed)] ?? twins["file+directory"]];
    const against = (name) => (by[name] && by[name] !== m ? ratio(by[name], m) : undefined);
    return {
      ...m,
      cell: cell.name,
      flushes: flushed,
      durability: durability(flushed),
      twin: twin?.name,
      toTwin: twin && twin !== m ? ratio(m, twin) : undefined,
      holdfastToThis: against("holdfast"),
      offloadToThis: against("holdfast, offload flushes"),
    };
  });
}

const twins = {
  "file+directory": "plain, file+directory",
  file: "plain, file",
  directory: "plain, file+directory",
  nothing: "plain, no flush",
};

/** @param {ReturnType<typeof compare>} rows */
export function reportCell(cell, rows, failed) {
  const offload = rows.some((row) => row.offloadToThis);
  const head = ["", "really flushed", "median", "p95", "/ plain twin", "holdfast / this"];
  if (offload) head.push("offload / this");
  const body = rows
    .toSorted((a, b) => a.median - b.median)
    .map((row) => [
      row.name,
      flushText(row.flushes),
      time(row.median),
      time(row.p95),
      spread(row.toTwin),
      spread(row.holdfastToThis),
      ...(offload ? [spread(row.offloadToThis)] : []),
    ]);
  const per = cell.files > 1 ? `, per file, ${cell.files} at a time` : "";
  const rounds = rows[0]?.rounds.length ?? 0;
  const lines = [`${cell.name}${per} (${rounds} rounds)`, table(head, body)];
  for (const { name, why } of failed) lines.push(`  ${name}: failed: ${why}`);
  return `${lines.join("\n")}\n`;
}

function flushText(flushes) {
  if (!flushes) return "?";
  const said = [];
  if (flushes.file > 0) said.push(`${flushes.file} file`);
  if (flushes.directory > 0) said.push(`${flushes.directory} dir`);
  const late = flushes.late > 0 ? ` (${flushes.late} late)` : "";
  return (said.join(" + ") || "nothing") + late;
}
