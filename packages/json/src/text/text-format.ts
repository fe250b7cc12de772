/** How a JSON text is laid out. */
export interface TextFormat {
  /** Of each level; `undefined` for all on one line. */
  readonly indent: string | undefined;
  readonly lineEnd: "\n" | "\r\n";
  readonly endsInLineEnd: boolean;
}

const lineFeed = 0x0a;

/** The layout that options ask for. */
export function formatOf(space: number | string | undefined, before?: Uint8Array): TextFormat {
  if (space === "preserve" && before !== undefined) return formatOfText(before);
  const indent = space === "preserve" ? "  " : indentOf(space ?? 2);
  return { indent, lineEnd: "\n", endsInLineEnd: true };
}

/** As `JSON.stringify` reads it: ten characters at most. */
function indentOf(space: number | string): string | undefined {
  const indent =
    typeof space === "string"
      ? space.slice(0, 10)
      : " ".repeat(Math.min(10, Math.max(0, Math.trunc(space) || 0)));
  return indent === "" ? undefined : indent;
}

/** The layout of a text; no line end can be inside a string, if it is JSON. */
function formatOfText(bytes: Uint8Array): TextFormat {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const first = text.indexOf(lineFeed);
  const content = text
    .toString("latin1")
    .replace(/^\u00ef\u00bb\u00bf/, "")
    .trim();
  // Nothing to learn from: it is as new.
  if (content === "") return { indent: "  ", lineEnd: "\n", endsInLineEnd: true };
  const indented = /[\r\n]([ \t]+)[^\s]/.exec(content);
  const isOneLine = !/[\r\n]/.test(content);
  const hasMembers = /^[[{]\s*[^\s\]}]/.test(content);
  return {
    indent: !hasMembers ? "  " : isOneLine ? undefined : (indented?.[1] ?? ""),
    lineEnd: first > 0 && text[first - 1] === 0x0d ? "\r\n" : "\n",
    endsInLineEnd: /[\r\n]$/.test(text.subarray(-1).toString("latin1")),
  };
}
