/** What happened in a case, in lines that a person reads. */

import { formatCall, type Call } from "../calls/call.ts";
import type { MemoryBackend } from "../memory/memory-backend.ts";
import type { End } from "../scenario/scenario.ts";
import { shownTree } from "../tree/shown-tree.ts";

/** `"open /a r = ENOENT"`: a call, and how it failed if it did. */
export function callLine(call: Call, error?: unknown): string {
  return error === undefined ? formatCall(call) : `${formatCall(call)} = ${nameOf(error)}`;
}

/** `"ENOENT"` of a system error, else its message. */
export function nameOf(error: unknown): string {
  const { code, message } = error as { readonly code?: unknown; readonly message?: string };
  return typeof code === "string" ? code : firstLine(message ?? String(error));
}

export function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? "";
}

export function endLine(end: End): string {
  return typeof end === "string" ? end : `threw ${firstLine(end.message)}`;
}

/** What is there at the end. */
export function diskLines(memory: MemoryBackend): string[] {
  return shownTree(memory.tree()).map((line) => `on disk: ${line}`);
}
