import { formatTree, parentsOf, parseTree } from "./tree-language.ts";
import { comparePaths, defaultModes } from "./tree-entry.ts";
import type { TreeEntry } from "./tree-entry.ts";

const longest = 200;

/**
 * What is different: `- line` for what was expected and is not there, `+ line` for what is there
 * instead. Empty if both are the same tree; how lines are written, and whether parents are named,
 * makes no difference. Long lines are cut short, with the number of characters that are missing.
 */
export function diffTrees(found: readonly string[], expected: readonly string[]): string[] {
  const is = linesByPath(parseTree(found, "diffTrees"));
  const should = linesByPath(parseTree(expected, "diffTrees"));
  const paths = new Set([...is.keys(), ...should.keys()]);
  return [...paths].toSorted(comparePaths).flatMap((path) => {
    const [there, wanted] = [is.get(path), should.get(path)];
    if (there === wanted) return [];
    return [
      ...(wanted === undefined ? [] : [`- ${shorten(wanted, there)}`]),
      ...(there === undefined ? [] : [`+ ${shorten(there, wanted)}`]),
    ];
  });
}

function linesByPath(entries: readonly TreeEntry[]): Map<string, string> {
  const all = new Map<string, TreeEntry>();
  for (const { path } of entries) {
    for (const parent of parentsOf(path)) {
      all.set(parent, { type: "directory", path: parent, mode: defaultModes.directory });
    }
  }
  for (const entry of entries) all.set(entry.path, entry);
  return new Map([...all].map(([path, entry]) => [path, formatTree([entry])[0] as string]));
}

/** Around the first character that is different, which must not be cut away. */
function shorten(line: string, against: string = ""): string {
  if (line.length <= longest) return line;
  let same = 0;
  while (same < line.length && line[same] === against[same]) same++;
  const from = same < longest - 20 ? 0 : same - 20;
  const to = Math.min(from + longest, line.length);
  const before = from === 0 ? "" : `(${from} characters)…`;
  const after = to === line.length ? "" : `…(${line.length - to} characters)`;
  return before + line.slice(from, to) + after;
}
