import { serializeJson } from "../text/serialize-json.ts";
import type { Node, Tree } from "./read-tree.ts";

/** How a document is laid out by whoever wrote it. */
export interface Style {
  readonly lineEnd: "\n" | "\r\n";
  /** By which each level is indented. */
  readonly indent: string;
  /** Between a key and its value. */
  readonly colon: string;
  /** Behind a comma, where the next value is on the same line. */
  readonly gap: string;
}

export const newStyle: Style = { lineEnd: "\n", indent: "  ", colon: ": ", gap: " " };

/** A part of the layout that so many values do not show is in none. */
const mostLooks = 1_000;

/** The layout of a document, by the first place that shows each part of it. */
export function styleOf(tree: Tree): Style {
  const { text } = tree;
  let indent: string | undefined;
  let colon: string | undefined;
  let gap: string | undefined;
  const open: Node[] = [tree.root];
  // In the order of the text, level by level; what is nearest to the top is the most typical.
  let looks = 0;
  for (let next = open.shift(); next !== undefined; next = open.shift()) {
    const { members } = next;
    for (const [index, member] of members.entries()) {
      if (++looks > mostLooks) break;
      colon ??=
        member.key === undefined ? undefined : colonOf(text, member.start, member.value.start);
      indent ??= indentBetween(text, next.start, member.start);
      const before = members[index - 1];
      if (before !== undefined) gap ??= gapOf(text.slice(before.end, member.start));
      open.push(member.value);
    }
    const isKnown = colon !== undefined && indent !== undefined && gap !== undefined;
    if (isKnown || looks > mostLooks) break;
  }
  colon ??= newStyle.colon;
  return {
    lineEnd: /\r?\n/.exec(text)?.[0] === "\r\n" ? "\r\n" : "\n",
    indent: indent ?? newStyle.indent,
    colon,
    gap: gap ?? (/\s$/.test(colon) ? " " : ""),
  };
}

function colonOf(text: string, start: number, valueStart: number): string | undefined {
  return /"([ \t]*:[ \t]*)$/.exec(text.slice(start, valueStart))?.[1];
}

function indentBetween(text: string, outer: number, inner: number): string | undefined {
  if (!startsLine(text, inner)) return undefined;
  const [outside, inside] = [lineIndent(text, outer), lineIndent(text, inner)];
  const isDeeper = inside.startsWith(outside) && inside.length > outside.length;
  return isDeeper ? inside.slice(outside.length) : undefined;
}

const gapOf = (between: string): string | undefined => /^\s*,([ \t]*)$/.exec(between)?.[1];

/** The spaces at the beginning of the line of a place. */
export function lineIndent(text: string, at: number): string {
  return /^[ \t]*/.exec(text.slice(lineStart(text, at), at))![0];
}

/** Whether nothing stands before a place in its line. */
export const startsLine = (text: string, at: number): boolean => {
  const start = lineStart(text, at);
  return start > 0 && /^[ \t]*$/.test(text.slice(start, at));
};

export function lineStart(text: string, at: number): number {
  let start = at;
  while (start > 0 && text[start - 1] !== "\n" && text[start - 1] !== "\r") start--;
  return start;
}

/** Whether something is all on one line, and not just because it is empty. */
export const isOneLine = (text: string, node: Node): boolean =>
  node.members.length > 0 && !/[\r\n]/.test(text.slice(node.start, node.end));

/**
 * A value as text.
 *
 * @param indent of the line on which it begins; `undefined` for all on one line
 */
export function render(value: unknown, style: Style, indent: string | undefined): string {
  if (indent === undefined && style.gap === "" && !/\s/.test(style.colon)) {
    return textOf(value, 0);
  }
  const lines = textOf(value, indent === undefined ? " " : style.indent).split("\n");
  if (indent !== undefined) return lines.join(style.lineEnd + indent);
  // A line of such a text ends in a comma or an opening bracket only if that is no part of a string.
  return lines
    .map((line) => line.trimStart())
    .map((line) => (line.endsWith(",") ? line + (style.gap || " ") : line))
    .join("");
}

const textOf = (value: unknown, space: number | string): string =>
  Buffer.from(serializeJson(value, { space })).toString().trimEnd();
