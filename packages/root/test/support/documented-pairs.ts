/** The same as `documented-differences.ts`, for calls with two paths. */

import type { PairMethod } from "./methods.ts";

export interface PairDifference {
  /** With which code a root refuses; without, there is nothing to compare with. */
  readonly refused?: string;
  readonly because: string;
  readonly applies: (method: string, from: string, to: string) => boolean;
}

const aDirectory = /^(?:dir|dir\/|dir\/\.|dir\/sub|\.|empty|empty\/|dirlink|dirlink\/)$/;
const aFile = /^(?:file|dir\/inner|link|empty-file)$/;

const pairDifferences: readonly PairDifference[] = [
  {
    refused: "EISDIR",
    because: "Node opens the destination first, and leaves an empty file there",
    applies: (method, from) => method.startsWith("copyFile") && aDirectory.test(from),
  },
  {
    refused: "ERR_NOT_FILE",
    because: "a socket is never opened",
    applies: (method, from) => method.startsWith("copyFile") && from === "socket",
  },
  {
    refused: "ERR_NOT_FILE",
    because: "a socket is never written to, nor replaced by a copy",
    applies: (method, from, to) =>
      /^(?:copyFile|cp|cp recursive)$/.test(method) &&
      aFile.test(from) &&
      !(method.startsWith("cp") && from === "link") &&
      to === "socket",
  },
  {
    because:
      "Node's cp looks at both at once, and says what it learns first of a missing link's two ends",
    applies: (method, from, to) =>
      method.startsWith("cp") && /^(?:dangling|missing)\/$/.test(from) && to.endsWith("/"),
  },
  {
    because: "Node's cp looks for what a link leads to before it puts another in its place",
    applies: (method, from, to) =>
      method.startsWith("cp") && from === "dangling" && /^(?:dir)?link$/.test(to),
  },
  {
    because: "Node's cp looks at less than it copies, or makes parents of what it is to refuse",
    applies: (method, from, to) =>
      method.startsWith("cp") && /missing\/|dangling\/|child|\/\.$/.test(to),
  },
];

/** A refusal, nothing that can be said, or (`undefined`) what plain fs does. */
export function pairDifference(
  { name }: PairMethod,
  from: string,
  to: string,
): PairDifference | undefined {
  return pairDifferences.find((one) => one.applies(name, from, to));
}
