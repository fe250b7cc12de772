import { Buffer } from "node:buffer";

/**
 * Names that a restore gives beside the paths that it changes. Nobody can guess them (`restore` is random), and who
 * settles the restore after a crash finds them again by the plan alone.
 */
export interface SideNames {
  /** What is about to get the name. Always a copy: never anything of the user. */
  readonly staged: string;
  /** What had the name, until it is known to be what the plan saw. */
  readonly aside: string;
}

/** @param index of the entry in its plan */
export function sideNames(restore: string, index: number): SideNames {
  const start = `.holdfast-${restore}-${index}`;
  return { staged: `${start}.new`, aside: `${start}.old` };
}

/** The longest name of a file that Linux, macOS and Windows all take, in bytes. */
const longestName = 255;

/**
 * The name of something in the trash: what it was called, as much as there is room for.
 *
 * @param attempt 0, and more where the names before are taken: by a copy that a crash has cut off, say
 */
export function trashName(index: number, name: string, attempt: number): string {
  const start = attempt === 0 ? `${index}-` : `${index}.${attempt}-`;
  let rest = name;
  while (Buffer.byteLength(start + rest) > longestName) {
    const last = [...rest].at(-1)!; // a whole character: half a surrogate pair has no UTF-8 form
    rest = rest.slice(0, -last.length);
  }
  return start + rest;
}
