import { callLine, numbered } from "../../scenario/call-lines.ts";
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
  const message = problems.join(" ");
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
    calls: numbered(made.map((one) => ({ number: one.call.index, text: lineOf(one) }))),
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
  if (injected === undefined) return callLine(call, error);
  const line = callLine(call);
  if ("atMostBytes" in injected) return `${line}: injected, ${injected.atMostBytes} bytes`;
  const after = injected.when === "after" ? ", having taken effect" : "";
  return `${line}: injected ${injected.errno}${after}`;
}
