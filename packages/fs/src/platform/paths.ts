import { sep } from "node:path";

/**
 * Paths are cut and joined as strings here and never normalised: `link/..` is where the kernel says
 * it is, and `path.join` would say something else.
 */

const isSeparator = (character: string | undefined): boolean =>
  character === "/" || character === sep;

/** The path of the directory that holds a name: `/` for `/a`, `.` for `a`. */
export function directoryOf(path: string): string {
  let end = path.length;
  while (end > 0 && isSeparator(path[end - 1])) end--;
  while (end > 0 && !isSeparator(path[end - 1])) end--;
  const root = end;
  while (end > 0 && isSeparator(path[end - 1])) end--;
  if (end > 0) return path.slice(0, end);
  return root > 0 ? path.slice(0, 1) : ".";
}

/** The last component, `""` if the path ends in a separator. */
export function nameOf(path: string): string {
  let start = path.length;
  while (start > 0 && !isSeparator(path[start - 1])) start--;
  return path.slice(start);
}

/** A name in a directory. */
export function joinName(directory: string, name: string): string {
  return isSeparator(directory.at(-1)) ? directory + name : `${directory}${sep}${name}`;
}
