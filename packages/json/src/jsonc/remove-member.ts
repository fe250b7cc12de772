import { tokensIn } from "./skip-text.ts";
import { lineStart } from "./style.ts";
import type { Node, TextTree } from "./text-tree.ts";

/** Removes a member and one comma, and the line if nothing else is on it. Comments stay. */
export function removeMember(tree: TextTree, node: Node, index: number): void {
  const { text } = tree;
  const { starts, ends } = tree.membersOf(node);
  const member = { start: starts[index]!, end: ends[index]! };
  const next = starts[index + 1] ?? node.end - 1;
  const before = ends[index - 1] ?? node.start + 1;
  const commaIn = (from: number, to: number): Range | undefined =>
    tokensIn(text, from, to).find(({ kind }) => kind === ",");
  // Without one behind it, it is the last: then the one before it has nothing left to separate.
  const comma = commaIn(member.end, next) ?? commaIn(before, member.start);
  tree.forget(node, index);
  for (const range of ranges(text, member, comma).toSorted((a, b) => b.start - a.start)) {
    const { start, end } = withSpaces(tree.text, range);
    tree.replace(start, end, "");
  }
  collapse(tree, node.start);
}

interface Range {
  readonly start: number;
  readonly end: number;
}

/** One range, if nothing but spaces is between the member and its comma. */
function ranges(text: string, { start, end }: Range, comma: Range | undefined): Range[] {
  if (comma === undefined) return [{ start, end }];
  const between = comma.start >= end ? text.slice(end, comma.start) : text.slice(comma.end, start);
  if (!/^[ \t]*$/.test(between)) return [{ start, end }, comma];
  return [{ start: Math.min(start, comma.start), end: Math.max(end, comma.end) }];
}

/** With what is not to stay of the spaces around it. */
function withSpaces(text: string, { start, end }: Range): Range {
  const line = lineStart(text, start);
  const left = /[ \t]*$/.exec(text.slice(line, start))![0];
  const right = /^[ \t]*/.exec(text.slice(end))![0];
  const [from, to] = [start - left.length, end + right.length];
  const lineEnd = /^(?:\r\n|\n|\r|$)/.exec(text.slice(to))?.[0];
  const beginsLine = from === line;
  if (lineEnd !== undefined) return { start: from, end: beginsLine ? to + lineEnd.length : to };
  const isSpaced = left !== "" || "{[".includes(text[start - 1] ?? "");
  return { start, end: isSpaced || beginsLine ? to : end };
}

/** `{` and `}` with nothing between them belong together. */
function collapse(tree: TextTree, start: number): void {
  const empty = /^[{[]\s+(?=[}\]])/.exec(tree.text.slice(start));
  if (empty !== null) tree.replace(start + 1, start + empty[0].length, "");
}
