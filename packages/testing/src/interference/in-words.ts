/** What happened in a case, in lines that a person reads. */

import type { MemoryBackend } from "../memory/memory-backend.ts";
import { firstLine } from "../scenario/call-lines.ts";
import type { End } from "../scenario/scenario.ts";
import { shownTree } from "../tree/shown-tree.ts";

export function endLine(end: End): string {
  return typeof end === "string" ? end : `threw ${firstLine(end.message)}`;
}

/** What is there at the end. */
export function diskLines(memory: MemoryBackend): string[] {
  return shownTree(memory.tree()).map((line) => `on disk: ${line}`);
}
