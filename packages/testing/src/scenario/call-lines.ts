/** How the calls of a failure are written, the same in every exploration. */

import { formatCall, type Call } from "../calls/call.ts";

/** `"open /a r: ENOENT"`: a call, and how it failed if it did. */
export function callLine(call: Pick<Call, "name" | "args" | "paths">, error?: unknown): string {
  return error === undefined ? formatCall(call) : `${formatCall(call)}: ${errorName(error)}`;
}

/** `"ENOENT"` of a system error, else the first line of its message. */
export function errorName(error: unknown): string {
  const { code, message } = error as { readonly code?: unknown; readonly message?: string };
  return typeof code === "string" ? code : firstLine(message ?? String(error));
}

export function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? "";
}

/** A call with its number, or what happened between two calls. */
export interface ListedLine {
  readonly number?: number;
  readonly text: string;
}

/** `" 9  open /a r"`, `"10  close /a"`, and what has no number below the texts. */
export function numbered(lines: readonly ListedLine[]): string[] {
  const largest = lines.reduce((most, { number = 0 }) => Math.max(most, number), 0);
  const digits = String(largest).length;
  return lines.map(({ number, text }) => `${String(number ?? "").padStart(digits)}  ${text}`);
}
