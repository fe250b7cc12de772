/** Lines for a terminal: none wider than 110 columns. */

const columns = 110;

/** One text as lines, the first after `first`, the others after as much space or `rest`. */
export function wrapped(
  text: string,
  first: string,
  rest: string = first,
  width: number = columns,
): string[] {
  const lines: string[] = [];
  for (const part of text.split("\n")) {
    let line = lines.length === 0 ? first : rest;
    let empty = true;
    for (const word of piecesOf(part, width - rest.length)) {
      const room = width - line.length;
      if (!empty && word.trimEnd().length > room) {
        lines.push(line.trimEnd());
        line = rest;
        empty = true;
      }
      line += word;
      empty = false;
    }
    lines.push(line.trimEnd());
  }
  return lines;
}

/** Words with the spaces after them, and spaces in front; what is longer than a line in parts. */
function piecesOf(text: string, most: number): string[] {
  const words = text.match(/^\s+\S*\s*|\S+\s*/g) ?? [];
  return words.flatMap((word) => {
    const parts: string[] = [];
    for (let at = 0; at < word.length; at += most) parts.push(word.slice(at, at + most));
    return parts;
  });
}

/** The first line after `title`, the others below it. */
export const indented = (title: string, lines: readonly string[]): string[] =>
  lines.map((line, at) => `${at === 0 ? title : " ".repeat(title.length)}${line}`.trimEnd());
