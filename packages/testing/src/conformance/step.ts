/** The lines that cases are written in: `f = open new wx 600`, `rename d full -> ENOTEMPTY`. */

export interface Step {
  /** The line without what is expected: what an observation begins with. */
  readonly text: string;
  readonly call: string;
  readonly words: readonly string[];
  /** The variable that keeps the result, a descriptor. */
  readonly keepAs: string | undefined;
  /** What has to come of it; `undefined`: that it succeeds, with whatever result. */
  readonly expected: string | undefined;
}

const arrow = " -> ";

/** `"f = open new wx 600 -> EEXIST"`, taken apart. */
export function parseStep(line: string): Step {
  const at = line.lastIndexOf(arrow);
  const text = at === -1 ? line : line.slice(0, at);
  const expected = at === -1 ? undefined : line.slice(at + arrow.length);
  const [first = "", second, ...rest] = text.split(/ +/);
  if (second !== "=") {
    return { text, call: first, words: text.split(/ +/).slice(1), keepAs: undefined, expected };
  }
  const [call = "", ...words] = rest;
  return { text, call, words, keepAs: first, expected };
}

/** The line of an observation. */
export function observed({ text }: Step, result: string | undefined): string {
  return result === undefined ? text : `${text}${arrow}${result}`;
}

/** Whether a failure is expected: a step that fails has to leave everything as it was. */
export function expectsFailure({ expected }: Step): boolean {
  return expected !== undefined && /^E[A-Z0-9]+$/.test(expected);
}
