import type { ProcessExit } from "./outcome.ts";

/**
 * The error of a test that would test nothing, with what the program said.
 *
 * @param leftOut what it started that nobody looked at, see `leftOut`
 */
export function changedNothing(
  op: string,
  { code, signal, stderr }: ProcessExit,
  leftOut: readonly string[] = [],
): Error {
  const hints = [
    ...leftOut,
    "a program that writes into its working directory needs the option cwd: (dir) => dir",
  ];
  return new Error(
    `${op}: the program changed nothing below its directory, so nothing was tested ` +
      `(exit code ${code}, signal ${signal})\n${[stderr.trimEnd(), ...hints].filter(Boolean).join("\n")}`,
  );
}
