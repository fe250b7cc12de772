import { serializeJson } from "../text/serialize-json.ts";
import type { Node, TextTree } from "./text-tree.ts";

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
export function styleOf(tree: TextTree): Style {
  const { text } = tree;
  let indent: string | undefined;
  let colon: string | undefined;
  let gap: string | undefined;
  const waiting: (() => Node)[] = [() => tree.root];
  // In the order of the text, level by level; what is nearest to the top is the most typical.
  let looks = 0;
  for (const next of waiting) {
    const node = next();
    const { keys, starts, values, ends } = tree.membersOf(node);
    for (let index = 0; index < ends.length; index++) {
      if (++looks > mostLooks) break;
      const start = starts[index]!;
      if (keys !== undefined) colon ??= colonOf(text, start, values[index]!);
      indent ??= indentBetween(text, node.start, start);
      if (index > 0) gap ??= gapOf(text, ends[index - 1]!, start);
      if (isOpening(text, values[index]!)) waiting.push(() => tree.valueOf(node, index));
    }
    const isKnown = colon !== undefined && indent !== undefined && gap !== undefined;
    if (isKnown || looks > mostLooks) break;
  }
  colon ??= newStyle.colon;
  return {
    lineEnd: text[text.indexOf("\n") - 1] === "\r" ? "\r\n" : "\n",
    indent: indent ?? newStyle.indent,
    colon,
    gap: gap ?? (/\s$/.test(colon) ? " " : ""),
  };
}

const isOpening = (text: string, at: number): boolean => text[at] === "{" || text[at] === "[";

function colonOf(text: string, start: number, valueStart: number): string | undefined {
  return /"([ \t]*:[ \t]*)$/.exec(text.slice(start, valueStart))?.[1];
}

function indentBetween(text: string, outer: number, inner: number): string | undefined {
  if (!startsLine(text, inner)) return undefined;
  const [outside, inside] = [lineIndent(text, outer), lineIndent(text, inner)];
  const isDeeper = inside.startsWith(outside) && inside.length > outside.length;
  return isDeeper ? inside.slice(outside.length) : undefined;
}

/** The spaces behind a comma, if there is nothing else between two members. */
function gapOf(text: string, end: number, start: number): string | undefined {
  const spaces = beforeSpaces(text, start);
  if (text[spaces - 1] !== ",") return undefined;
  return /^\s*$/.test(text.slice(end, spaces - 1)) ? text.slice(spaces, start) : undefined;
}

/** Where the spaces begin that end here. */
function beforeSpaces(text: string, at: number): number {
  let start = at;
  while (text[start - 1] === " " || text[start - 1] === "\t") start--;
  return start;
}

/** The spaces at the beginning of the line of a place. */
export function lineIndent(text: string, at: number): string {
  return /^[ \t]*/.exec(text.slice(lineStart(text, at), at))![0];
}

/** Whether nothing stands before a place in its line, which is not the first one. */
export const startsLine = (text: string, at: number): boolean => {
  const before = text[beforeSpaces(text, at) - 1];
  return before === "\n" || before === "\r";
};

export function lineStart(text: string, at: number): number {
  const start = at === 0 ? 0 : text.lastIndexOf("\n", at - 1) + 1;
  return start + text.slice(start, at).lastIndexOf("\r") + 1;
}

/** Whether something is all on one line, and not just because it is empty. */
export function isOneLine(tree: TextTree, node: Node): boolean {
  if (!tree.hasMembers(node)) return false;
  const text = tree.text.slice(node.start, node.end);
  return !text.includes("\n") && !text.includes("\r");
}

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
