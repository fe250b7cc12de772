import { callFacts, type CallName } from "../calls/call.ts";
import { nodeError } from "../calls/node-error.ts";
import type { Path } from "../calls/call.ts";

/**
 * What failed, in one word if it failed as in Node: the errno. What differs from Node's error
 * (`syscall`, `path`, `dest`, `errno`, `message`) is said behind it, in every case of every call.
 *
 * @param paths the paths as they were given to the call, or `undefined` if it is made of several
 */
export function failureOf(
  error: unknown,
  call: string,
  paths: readonly Path[] | undefined,
): string {
  if (!(error instanceof Error)) return `threw ${String(error)}`;
  const { code, errno } = error as NodeJS.ErrnoException;
  if (code === undefined) return `${error.name}: ${error.message}`;
  if (!/^E[A-Z0-9]+$/.test(code)) return code; // Node's own: ERR_INVALID_ARG_VALUE, …
  const wrong: string[] = [];
  if (errno === undefined || errno >= 0) wrong.push(`errno ${String(errno)}`);
  if (paths !== undefined) {
    const wanted = nodeError(code, call as CallName, pathsOf(call, paths));
    wrong.push(...differences(error, wanted, shownBy(call)));
  }
  return [code, ...wrong].join(", but ");
}

function pathsOf(call: string, paths: readonly Path[]): string[] {
  if (call === "mkdtemp") return paths.map((prefix) => `${prefix.toString()}XXXXXX`);
  return paths.slice(0, callFacts[call as CallName].paths).map(String);
}

/** The asynchronous `mkdtemp` of libuv says the last name that it tried, the synchronous one X's. */
const shownBy = (call: string): ((text: unknown) => unknown) =>
  call !== "mkdtemp"
    ? (text) => text
    : (text) => (typeof text === "string" ? text.replace(/[0-9A-Za-z]{6}(?='?$)/, "XXXXXX") : text);

function differences(error: Error, wanted: Error, shown: (text: unknown) => unknown): string[] {
  const found = error as unknown as Record<string, unknown>;
  const right = wanted as unknown as Record<string, unknown>;
  return ["syscall", "path", "dest", "errno", "message"]
    .filter((field) => shown(found[field]) !== shown(right[field]))
    .map((field) => `${field} is ${JSON.stringify(found[field])}`);
}
