import { invalidType } from "@holdfast/fs/steps";
import { formatContent, formatText, parseContent, parseText, quote } from "./quoting.ts";
import { comparePaths, defaultModes } from "./tree-entry.ts";
import type { TreeEntry } from "./tree-entry.ts";

const other = " (other)";
// What, at the end of a name or in it, would be read as something else.
const ambiguous = / =>?(?: |$)| 0[0-7]{3,4}$| \(other\)$/;

/**
 * One line for each entry, sorted, such that `parseTree` gives the same entries again:
 *
 * | | |
 * |---|---|
 * | `src/` | a directory |
 * | `a.txt = hello` | a file and what is in it |
 * | `link => ../x` | a symbolic link |
 * | `pipe (other)` | something else: a socket, a named pipe, a device |
 *
 * A mode stands after the name if it is not the usual one (0755 for directories, 0644 for files):
 * `run.sh 0755 = …`, `private/ 0700`. Names, contents and targets that are empty, have spaces around
 * them or anything invisible in them (a newline, too) are JSON strings; bytes that are not UTF-8 are
 * `\udcXX` in names, and make a content `base64:…`; a content of zeros only is `zeros:4096`.
 */
export function formatTree(entries: readonly TreeEntry[]): string[] {
  return entries
    .toSorted((one, another) => comparePaths(one.path, another.path))
    .map((entry) => formatEntry(entry));
}

function formatEntry(entry: TreeEntry): string {
  switch (entry.type) {
    case "directory":
      return formatPath(entry.path, "/") + formatMode(entry.mode, defaultModes.directory);
    case "file":
      return `${formatPath(entry.path)}${formatMode(entry.mode, defaultModes.file)} = ${formatContent(entry.content)}`;
    case "symlink":
      return `${formatPath(entry.path)} => ${formatText(entry.target)}`;
    case "other":
      return formatPath(entry.path) + other;
  }
}

/** A directory's slash stands inside the quotes. */
function formatPath(path: string, end: "" | "/" = ""): string {
  return ambiguous.test(path) ? quote(path + end) : formatText(path + end);
}

function formatMode(mode: number, usual: number): string {
  return mode === usual ? "" : ` 0${mode.toString(8).padStart(3, "0")}`;
}

/**
 * The entries that lines stand for, in their order; see `formatTree` for the form. Parents need no
 * lines of their own.
 *
 * @throws `TypeError` (`ERR_INVALID_ARG`) for a line that is none, a path that leads out, a path
 *   that is named twice, and a file that has something in it.
 */
export function parseTree(lines: readonly string[], op: string = "parseTree"): TreeEntry[] {
  if (!Array.isArray(lines)) throw invalidType(op, "lines", "an array of strings", lines);
  const types = new Map<string, TreeEntry["type"]>();
  const entries = lines.map((line: unknown) => {
    if (typeof line !== "string") throw invalidType(op, "lines", "an array of strings", line);
    const entry = parseLine(op, line);
    if (types.has(entry.path)) throw invalidType(op, "lines", "lines with different paths", line);
    types.set(entry.path, entry.type);
    return entry;
  });
  for (const { path } of entries) {
    for (const parent of parentsOf(path)) {
      if ((types.get(parent) ?? "directory") === "directory") continue;
      throw invalidType(op, "lines", `lines with nothing inside of a ${types.get(parent)}`, path);
    }
  }
  return entries;
}

/** `"a/b/c"`: `"a"`, `"a/b"`. */
export function parentsOf(path: string): string[] {
  const parents: string[] = [];
  for (let at = path.indexOf("/"); at !== -1; at = path.indexOf("/", at + 1)) {
    parents.push(path.slice(0, at));
  }
  return parents;
}

function parseLine(op: string, line: string): TreeEntry {
  const { path: given, rest } = splitPath(op, line);
  const [, octal, sign, value = ""] =
    /^(?: (0[0-7]{3,4}))?(?: (=>?)(?: (.*))?)?$/s.exec(rest) ?? [];
  const mode = octal === undefined ? undefined : Number.parseInt(octal, 8);
  const directory = given.endsWith("/");
  const path = directory ? given.slice(0, -1) : given;
  checkPath(op, path, line);
  if (directory && sign === undefined && (rest === "" || mode !== undefined)) {
    return { type: "directory", path, mode: mode ?? defaultModes.directory };
  }
  if (!directory && sign === "=") {
    const content = parseContent(op, value);
    return { type: "file", path, mode: mode ?? defaultModes.file, content };
  }
  if (!directory && sign === "=>" && mode === undefined) {
    const target = parseText(op, value);
    if (target !== "") return { type: "symlink", path, target };
  }
  if (!directory && rest === other) return { type: "other", path };
  throw invalidType(op, "lines", 'lines like "a.txt = text", "dir/" or "link => target"', line);
}

/** The path at the start of a line, and what follows it. */
function splitPath(op: string, line: string): { path: string; rest: string } {
  const quoted = /^"(?:[^"\\]|\\.)*"/s.exec(line)?.[0];
  if (quoted !== undefined) {
    return { path: parseText(op, quoted), rest: line.slice(quoted.length) };
  }
  const sign = / =>?(?: |$)/.exec(line)?.index ?? line.length;
  const head = line.slice(0, sign);
  const end = / 0[0-7]{3,4}$| \(other\)$/.exec(head)?.index ?? sign;
  return { path: line.slice(0, end), rest: line.slice(end) };
}

function checkPath(op: string, path: string, line: string): void {
  for (const name of path.split("/")) {
    if (name === "" || name === "." || name === ".." || name.includes("\0")) {
      throw invalidType(op, "lines", 'lines with relative paths, without "." and ".."', line);
    }
  }
}
