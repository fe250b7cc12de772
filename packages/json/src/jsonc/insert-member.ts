import { isComment } from "./scan-jsonc.ts";
import { tokensBetween, type Node, type Tree } from "./read-tree.ts";
import { lineIndent, render, startsLine, type Style } from "./style.ts";

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
  tree: Tree,
  node: Node,
  member: NewMember,
  style: Style,
  inOneLine: boolean,
): string {
  const last = node.members.at(-1);
  if (last === undefined) return insertFirst(tree, node, member, style, inOneLine);
  const { text } = tree;
  const behind = tokensBetween(tree, last.end, node.end - 1);
  const hasComma = behind.some(({ kind }) => kind === ",");
  const at = behind.at(-1)?.end ?? last.end;
  const ownLine = startsLine(text, last.start);
  // What follows a comment that goes to the end of its line would be a part of it.
  const mustBreak = behind.some(({ kind }) => kind === "line");
  const indent = lineIndent(text, last.start) + (ownLine ? "" : style.indent);
  const before = ownLine || mustBreak ? style.lineEnd + indent : style.gap;
  const added =
    before + renderMember(node, member, style, ownLine || mustBreak ? indent : undefined);
  return (
    text.slice(0, last.end) +
    (hasComma ? "" : ",") +
    text.slice(last.end, at) +
    added +
    (hasComma ? "," : "") +
    text.slice(at)
  );
}

function insertFirst(
  tree: Tree,
  node: Node,
  member: NewMember,
  style: Style,
  inOneLine: boolean,
): string {
  const { text } = tree;
  const [start, end] = [node.start + 1, node.end - 1];
  const inside = text.slice(start, end);
  const outer = lineIndent(text, node.start);
  const comment = tokensBetween(tree, start, end).findLast(isComment);
  if (comment === undefined) {
    const broken = !inOneLine || /[\r\n]/.test(inside);
    const indent = broken ? outer + style.indent : undefined;
    const added = renderMember(node, member, style, indent);
    const lines = broken ? style.lineEnd + indent + added + style.lineEnd + outer : added;
    return text.slice(0, start) + lines + text.slice(end);
  }
  const ownLine = startsLine(text, comment.start);
  const broken = ownLine || comment.kind === "line";
  const indent = ownLine ? lineIndent(text, comment.start) : outer + style.indent;
  const before = broken ? style.lineEnd + indent : " ";
  const added = before + renderMember(node, member, style, broken ? indent : undefined);
  return text.slice(0, comment.end) + added + text.slice(comment.end);
}

function renderMember(
  { kind }: Node,
  { key, value }: NewMember,
  style: Style,
  indent: string | undefined,
): string {
  const name = kind === "object" ? JSON.stringify(key) + style.colon : "";
  return name + render(value, style, indent);
}
