import { wait, type Steps } from "@holdfast/fs/steps";

/** Lines added and removed. */
export interface LineCounts {
  readonly added: number;
  readonly removed: number;
}

/** More edits than these are not counted: the work grows with their square. */
const maxEdits = 4000;

/** After so many comparisons (about five milliseconds) others get their turn. */
const comparedAtOnce = 500_000;

/**
 * How many lines a shortest edit script adds and removes; `undefined` if there are too many to be found out.
 *
 * Only the length of the script is needed, so nothing is kept to trace it back: E. W. Myers, An O(ND) Difference
 * Algorithm and Its Variations (1986), in its greedy form.
 */
export function* compareLines(from: Uint8Array, to: Uint8Array): Steps<LineCounts | undefined> {
  const numbers = new Map<string, number>();
  const before = yield* numberLines(from, numbers);
  const after = yield* numberLines(to, numbers);
  const { ends, a, b } = onlyShared(before, after, numbers.size);
  const edits = yield* countEdits(a, b);
  if (edits === undefined) return undefined;
  const inBoth = ends + (a.length + b.length - edits) / 2;
  return { added: after.length - inBoth, removed: before.length - inBoth };
}

/** Equal lines get equal numbers. A line without a newline at the end is not equal to one with it. */
function* numberLines(bytes: Uint8Array, numbers: Map<string, number>): Steps<number[]> {
  // Byte for byte: what is no UTF-8 would become equal as text.
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
  const lines: number[] = [];
  for (let start = 0; start < text.length;) {
    const newline = text.indexOf("\n", start);
    const end = newline === -1 ? text.length : newline + 1;
    const line = text.slice(start, end);
    let number = numbers.get(line);
    if (number === undefined) numbers.set(line, (number = numbers.size));
    lines.push(number);
    start = end;
    if (lines.length % 65_536 === 0) yield* letOthersRun();
  }
  return lines;
}

/**
 * Without the lines at both ends that are equal, and without those that only one side has: they belong to every
 * shortest script, and finding it is cheap without them.
 */
function onlyShared(
  before: readonly number[],
  after: readonly number[],
  different: number,
): { readonly ends: number; readonly a: readonly number[]; readonly b: readonly number[] } {
  let start = 0;
  const shorter = Math.min(before.length, after.length);
  while (start < shorter && before[start] === after[start]) start++;
  let end = 0;
  while (end < shorter - start && before.at(-1 - end) === after.at(-1 - end)) end++;
  const has = [new Uint8Array(different), new Uint8Array(different)] as const;
  const middles = [before, after].map((lines) => lines.slice(start, lines.length - end));
  for (const [side, lines] of middles.entries()) for (const line of lines) has[side]![line] = 1;
  const [a, b] = middles.map((lines) => lines.filter((line) => has[0][line] === has[1][line]));
  return { ends: start + end, a: a!, b: b! };
}

/** The length of a shortest edit script: by diagonals, each as far as so many edits can reach. */
function* countEdits(a: readonly number[], b: readonly number[]): Steps<number | undefined> {
  const most = Math.min(maxEdits, a.length + b.length);
  const reach = new Int32Array(2 * most + 3);
  const middle = most + 1;
  let compared = 0;
  for (let edits = 0; edits <= most; edits++) {
    for (let diagonal = -edits; diagonal <= edits; diagonal += 2) {
      const down = reach[middle + diagonal + 1]!;
      const right = reach[middle + diagonal - 1]! + 1;
      let x = diagonal === -edits || (diagonal !== edits && right <= down) ? down : right;
      const from = x;
      while (x < a.length && x - diagonal < b.length && a[x] === b[x - diagonal]) x++;
      reach[middle + diagonal] = x;
      if (x >= a.length && x - diagonal >= b.length) return edits;
      compared += 1 + x - from;
    }
    if (compared < comparedAtOnce) continue;
    compared = 0;
    yield* letOthersRun();
  }
  return undefined;
}

/** Also where everything is done by promises, timers and sockets get their turn. */
function* letOthersRun(): Steps<void> {
  yield* wait(new Promise((resolve) => setImmediate(resolve)));
}
