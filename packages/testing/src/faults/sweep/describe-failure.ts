import { formatCall } from "../../calls/call.ts";
import type { Failure } from "../../scenario/report.ts";
import { shownTree } from "../../tree/shown-tree.ts";
import { describePoint, formatReplay, type FaultPoint } from "./fault-point.ts";
import type { FaultRun } from "./fault-run.ts";
import type { Made } from "./faulty-calls.ts";

/** @param treeBefore what `setup` had left */
export function describeFailure(
  run: FaultRun,
  points: readonly FaultPoint[],
  treeBefore: readonly string[],
): Failure {
  const { made, end } = run;
  const problems = run.problems.map(onOneLine);
  const message = problems.join("; ");
  const where = points.map((point) => describePoint(point, made[point.index - 1]!.call));
  const ended =
    end === undefined
      ? "did not end"
      : end === "done"
        ? "said done"
        : `threw ${onOneLine(String(end))}`;
  return {
    message,
    where: where.length === 0 ? "the run without a fault" : where.join("; then "),
    calls: made.map(lineOf),
    state: [
      `the run ${ended}`,
      ...problems,
      "the tree found:",
      ...shownTree(run.memory.tree()).map((line) => `  ${line}`),
      "the tree before:",
      ...shownTree(treeBefore).map((line) => `  ${line}`),
    ],
    replay: formatReplay(points),
    error: run.error ?? new Error(message),
    size: points.length,
  };
}

const onOneLine = (text: string): string => text.trim().replaceAll(/\s*\n\s*/g, " ");

function lineOf({ call, injected, error }: Made): string {
  const line = `${call.index} ${formatCall(call)}`;
  if (injected === undefined) {
    return error === undefined ? line : `${line}: ${codeOf(error)}`;
  }
  if ("atMostBytes" in injected) return `${line}: injected, ${injected.atMostBytes} bytes`;
  const after = injected.when === "after" ? ", having taken effect" : "";
  return `${line}: injected ${injected.errno}${after}`;
}

const codeOf = (error: unknown): string =>
  String((error as NodeJS.ErrnoException).code ?? (error as Error).message);
