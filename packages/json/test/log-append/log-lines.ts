import { readFileSync } from "node:fs";

/** The text of a log. */
export function contentOf(path: string): string {
  return readFileSync(path, "utf8");
}

/** The values of a log without fault: every line is one. */
export function linesOf(path: string): unknown[] {
  const text = contentOf(path);
  if (text !== "" && !text.endsWith("\n")) throw new Error("it does not end in a newline");
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as unknown);
}
