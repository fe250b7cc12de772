import type { PathMethod } from "./methods.ts";

/** Reads from the path, and changes something elsewhere at most. */
const onlyReads = /^(?:copyFile from|cp from|cp recursive from|copyOut|open r$|open O_[ND])/;
/** Changes what a tree does not show: times, the number of names; or may do so. */
const changesUnseen = /^(?:open r\+|utimes|link from|mkdtemp)/;

/** Whether a method changes what is at its path, or is able to afterwards. */
export function changes({ name, alters }: PathMethod): boolean {
  return !onlyReads.test(name) && (alters === true || changesUnseen.test(name));
}
