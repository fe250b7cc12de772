import { jsonCells } from "./json.mjs";
import { moveCells } from "./move.mjs";
import { replaceSyncCells } from "./replace-sync.mjs";
import { replaceCells } from "./replace.mjs";
import { rootCells } from "./root.mjs";

/** @returns {import("./cell.mjs").Cell[]} */
export const allCells = (places) => [
  ...replaceCells(places),
  ...replaceSyncCells(places),
  ...moveCells(places),
  ...rootCells(places),
  ...jsonCells(places),
];

/** `replace/tmpfs` names all cells whose name begins so, part by part; `*` stands for any part. */
export function matches(cell, pattern) {
  const have = cell.name.split("/");
  return pattern.split("/").every((part, n) => part === "*" || part === have[n]);
}
