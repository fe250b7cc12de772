import { tokensIn } from "./skip-text.ts";
import { lineIndent, render, startsLine, type Style } from "./style.ts";
import type { Node, TextTree } from "./text-tree.ts";

/** What is to be put into an object or an array. */
export interface NewMember {
  readonly key: string | number;
  readonly value: unknown;
}

/**
 * Adds a member behind the last one, and behind the comments there: they may be about it. A comma at the
 * end stays one.
 *
 * @param inOneLine whether an empty object or array stands in a line with others
 */
export function insertMember(
  tree: TextTree,
  node: Node,
  member: NewMember,
  style: Style,
  inOneLine: boolean,
): void {
  const { starts, ends } = tree.membersOf(node);
  const [lastStart, lastEnd] = [starts.at(-1), ends.at(-1)];
  if (lastStart === undefined || lastEnd === undefined) {
    return insertFirst(tree, node, member, style, inOneLine);
  }
  const { text } = tree;
  const behind = tokensIn(text, lastEnd, node.end - 1);
  const hasComma = behind.some(({ kind }) => kind === ",");
  const at = behind.at(-1)?.end ?? lastEnd;
  const ownLine = startsLine(text, lastStart);
  // What follows a comment that goes to the end of its line would be a part of it.
  const mustBreak = behind.some(({ kind }) => kind === "line");
  const indent = lineIndent(text, lastStart) + (ownLine ? "" : style.indent);
  const before =
    (hasComma ? "" : ",") +
    text.slice(lastEnd, at) +
    (ownLine || mustBreak ? style.lineEnd + indent : style.gap);
  const inner = ownLine || mustBreak ? indent : undefined;
  const after = hasComma ? "," : "";
  put(tree, node, { from: lastEnd, to: at, before, after }, member, style, inner);
}

function insertFirst(
  tree: TextTree,
  node: Node,
  member: NewMember,
  style: Style,
  inOneLine: boolean,
): void {
  const { text } = tree;
  const [from, to] = [node.start + 1, node.end - 1];
  const outer = lineIndent(text, node.start);
  const comment = tokensIn(text, from, to).at(-1);
  if (comment === undefined) {
    const broken = !inOneLine || /[\r\n]/.test(text.slice(from, to));
    const indent = broken ? outer + style.indent : undefined;
    const before = broken ? style.lineEnd + indent : "";
    const after = broken ? style.lineEnd + outer : "";
    return put(tree, node, { from, to, before, after }, member, style, indent);
  }
  const ownLine = startsLine(text, comment.start);
  const broken = ownLine || comment.kind === "line";
  const indent = ownLine ? lineIndent(text, comment.start) : outer + style.indent;
  const before = broken ? style.lineEnd + indent : " ";
  const place = { from: comment.end, to: comment.end, before, after: "" };
  put(tree, node, place, member, style, broken ? indent : undefined);
}

/** Where a member goes: in the place of what is there, between what is around it then. */
interface Place {
  readonly from: number;
  readonly to: number;
  readonly before: string;
  readonly after: string;
}

function put(
  tree: TextTree,
  node: Node,
  { from, to, before, after }: Place,
  { key, value }: NewMember,
  style: Style,
  indent: string | undefined,
): void {
  const name = tree.kindOf(node) === "object" ? String(key) : undefined;
  const named = name === undefined ? "" : JSON.stringify(name) + style.colon;
  const added = named + render(value, style, indent);
  tree.replace(from, to, before + added + after);
  const start = from + before.length;
  tree.added(node, name, start, start + named.length, start + added.length);
}
