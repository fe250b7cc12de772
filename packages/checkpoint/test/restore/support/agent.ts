import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import type { Checkpoints, PathResult, RestoreReport } from "../../../src/index.ts";

/** Edits as an agent does that keeps to the rules: asks first, and says afterwards what it has done. */
export async function edit(
  checkpoints: Checkpoints,
  path: string,
  change: () => void,
  turn = "turn",
): Promise<void> {
  await checkpoints.trackBeforeEdit(path, turn);
  change();
  await checkpoints.recordAfterEdit(path);
}

/** Writes a file in that way. */
export async function write(checkpoints: Checkpoints, path: string, text: string): Promise<void> {
  await edit(checkpoints, path, () => writeFileSync(path, text));
}

export const text = (path: string): string => readFileSync(path, "utf8");

/** A file of the user, with a mode whatever the umask. */
export function place(path: string, content: string, mode = 0o644): void {
  writeFileSync(path, content);
  chmodSync(path, mode);
}

/** `{ "a": "overwrite", "b": "none conflict" }`: what was done to each path, by what follows `top`. */
export function told(report: RestoreReport, top: string): Record<string, string> {
  return Object.fromEntries(
    report.paths.map((result) => [result.path.slice(top.length + 1), inWords(result)]),
  );
}

function inWords({ action, ok, reason, code }: PathResult): string {
  return [action, reason, code, ok ? undefined : "!"]
    .filter((word) => word !== undefined)
    .join(" ");
}

/** Throws with what was done to each path, where not all of it succeeded. */
export function requireComplete({ complete, paths }: RestoreReport): void {
  if (!complete) throw new Error(paths.map((one) => `${one.path}: ${inWords(one)}`).join("\n"));
}
