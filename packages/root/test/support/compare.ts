/** A root's call beside the same call of plain fs. */

import { diffTrees } from "@holdfast/testing";
import { sameLines, type Act } from "./bench.ts";
import { codesOfNode } from "./documented-differences.ts";
import { effectComplaint } from "./outcome.ts";

/** What is outside the root, of a tree that holds both. */
export function outsideOf(tree: readonly string[]): string[] {
  return tree.filter((line) => !/^"?root\//.test(line));
}

/**
 * What is wrong with a call of a root, in words; empty if nothing is.
 *
 * @param wanted what plain fs did; or the code with which the root must refuse, changing nothing
 */
export function complaintsAbout(
  found: Act,
  before: readonly string[],
  wanted: Act | { readonly refused: string },
): string[] {
  const { outcome, tree } = found;
  const changed = !sameLines(tree, before);
  const text = "refused" in wanted ? wanted.refused : wanted.outcome.text;
  const after = "refused" in wanted ? before : wanted.tree;
  const same = codesOfNode[text]?.includes(outcome.text) ?? outcome.text === text;
  const effect = effectComplaint(outcome, changed);
  return [
    ...outcome.complaints,
    ...(same ? [] : [`${outcome.text} instead of ${text}`]),
    ...(effect === undefined ? [] : [effect]),
    ...(sameLines(outsideOf(tree), outsideOf(before)) ? [] : ["CHANGED OUTSIDE"]),
    ...(sameLines(tree, after) ? [] : ["another tree:", ...diffTrees([...tree], [...after])]),
  ];
}
