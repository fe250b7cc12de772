import { tokensBetween, type Member, type Node, type Tree } from "./read-tree.ts";
import type { Token } from "./scan-jsonc.ts";
import { lineStart } from "./style.ts";

/** Removes a member and one comma, and the line if nothing else is on it. Comments stay. */
export function removeMember(tree: Tree, node: Node, member: Member): string {
  const { text } = tree;
  const { members } = node;
  const index = members.indexOf(member);
  const next = members[index + 1]?.start ?? node.end - 1;
  const before = members[index - 1]?.end ?? node.start + 1;
  const isComma = ({ kind }: Token): boolean => kind === ",";
  const behind = tokensBetween(tree, member.end, next).find(isComma);
  // Without one behind it, it is the last: then the one before it has nothing left to separate.
  const comma = behind ?? tokensBetween(tree, before, member.start).find(isComma);
  const edited = ranges(text, member, comma)
    .toSorted((a, b) => b.start - a.start)
    .reduce(cut, text);
  return collapse(edited, node.start);
}

interface Range {
  readonly start: number;
  readonly end: number;
}

/** One range, if nothing but spaces is between the member and its comma. */
function ranges(text: string, { start, end }: Member, comma: Token | undefined): Range[] {
  if (comma === undefined) return [{ start, end }];
  const between = comma.start >= end ? text.slice(end, comma.start) : text.slice(comma.end, start);
  if (!/^[ \t]*$/.test(between)) return [{ start, end }, comma];
  return [{ start: Math.min(start, comma.start), end: Math.max(end, comma.end) }];
}

function cut(text: string, { start, end }: Range): string {
  const left = /[ \t]*$/.exec(text.slice(lineStart(text, start), start))![0];
  const right = /^[ \t]*/.exec(text.slice(end))![0];
  const [from, to] = [start - left.length, end + right.length];
  const lineEnd = /^(?:\r\n|\n|\r|$)/.exec(text.slice(to))?.[0];
  const beginsLine = from === lineStart(text, start);
  if (beginsLine && lineEnd !== undefined)
    return text.slice(0, from) + text.slice(to + lineEnd.length);
  if (lineEnd !== undefined) return text.slice(0, from) + text.slice(to);
  const isSpaced = left !== "" || "{[".includes(text[start - 1] ?? "");
  return text.slice(0, start) + text.slice(isSpaced || beginsLine ? to : end);
}

/** `{` and `}` with nothing between them belong together. */
function collapse(text: string, start: number): string {
  const empty = /^[{[]\s+(?=[}\]])/.exec(text.slice(start));
  if (empty === null) return text;
  return text.slice(0, start + 1) + text.slice(start + empty[0].length);
}
