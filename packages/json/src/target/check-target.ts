import { invalidCombination } from "@holdfast/fs/steps";

/**
 * Refuses what stands beside the root and the path of a target: an option there would do nothing, and nobody
 * would notice that the file is not as private as was meant.
 */
export function checkTarget(op: string, target: unknown): void {
  if (typeof target !== "object" || target === null || !("root" in target)) return;
  for (const name of Object.keys(target)) {
    if (name === "root" || name === "path") continue;
    throw invalidCombination(
      op,
      `"target" is { root, path }, and has no "${name}": options are an argument of their own`,
    );
  }
}
