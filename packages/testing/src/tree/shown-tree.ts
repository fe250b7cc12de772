const mostLines = 40;
const longest = 100;

/**
 * The lines of a tree for a person: long contents are cut, and of many lines the last are left out.
 * Not to be parsed.
 */
export function shownTree(lines: readonly string[]): string[] {
  if (lines.length === 0) return ["(nothing)"];
  const shown = lines.slice(0, mostLines).map(shortened);
  const more = lines.length - mostLines;
  return more > 0 ? [...shown, `… and ${more} more`] : shown;
}

function shortened(line: string): string {
  if (line.length <= longest) return line;
  return `${line.slice(0, longest - 20)}… (${line.length - longest + 20} characters more)`;
}
