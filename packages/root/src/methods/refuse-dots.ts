import { Refusal } from "@holdfast/fs/steps";
import { escapes } from "../path/parse-path.ts";
import type { Place } from "../walk/strategy.ts";

/**
 * `.` and `..` are no names that could be given or taken away: each call has an errno for them, once
 * it has looked up the way. Said here and not left to the kernel, because Windows cuts `a\..` away
 * before it looks.
 */
export function refuseDots({ directory, name }: Place, dot: Code, dotDot: Code = dot): void {
  if (name === ".") throw new Refusal(dot);
  if (name !== "..") return;
  if (directory.names.length > 0) throw new Refusal(dotDot);
  throw escapes('".." at the end leads above the root', "Nothing above the root can be reached.");
}

type Code = Refusal["code"];
