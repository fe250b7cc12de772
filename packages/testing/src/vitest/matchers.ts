import { invalidType } from "@holdfast/fs/steps";
import { memberOf, type FileSystemLike, type NodeFileSystem } from "../calls/node-file-system.ts";
import { stagedFilesIn } from "../checks/surroundings.ts";
import { exploreCrashes } from "../crash/explore-crashes.ts";
import type { CrashOptions } from "../crash/options.ts";
import { sweepFaults } from "../faults/sweep/sweep-faults.ts";
import type { SweepFaultsOptions } from "../faults/sweep/sweep-options.ts";
import type { AssertOptions } from "../scenario/assert-passed.ts";
import { assertPassed } from "../scenario/assert-passed.ts";
import { formatReport } from "../scenario/format-report.ts";
import type { Report } from "../scenario/report.ts";
import type { Scenario } from "../scenario/scenario.ts";
import { diffTrees } from "../tree/diff-trees.ts";
import { readTreeSync } from "../tree/read-tree.ts";

/** What vitest wants to be told. */
export interface Verdict {
  readonly pass: boolean;
  message(): string;
}

interface Context {
  readonly isNot?: boolean;
}

/** A file system, or what `createMemoryFileSystem` returned. */
export type HasTree = FileSystemLike | { readonly fs: FileSystemLike };

export function toHaveTree(
  received: HasTree,
  expected: readonly string[],
  directory: string = "/",
): Verdict {
  const found = readTreeSync(fileSystemOf("toHaveTree", received), directory);
  const difference = diffTrees(found, expected);
  return {
    pass: difference.length === 0,
    message: () =>
      difference.length === 0
        ? ["expected another tree than:", ...found.map((line) => `  ${line}`)].join("\n")
        : [`${directory} has another tree (- expected, + found):`, ...difference].join("\n"),
  };
}

export function toHaveNoStagedFiles(
  received: HasTree,
  directory: string = "/",
  pattern?: RegExp,
): Verdict {
  const fs = fileSystemOf("toHaveNoStagedFiles", received) as unknown as NodeFileSystem;
  const left = stagedFilesIn(fs, directory, pattern);
  return {
    pass: left.length === 0,
    message: () =>
      left.length === 0
        ? `expected staged files in ${directory}, and there is none`
        : `left behind in ${directory}: ${left.join(", ")}`,
  };
}

export function toHavePassed(
  this: Context,
  received: Report,
  options: AssertOptions = {},
): Verdict {
  let failed: Error | undefined;
  try {
    assertPassed(received, options);
  } catch (error) {
    if (error instanceof TypeError) throw error;
    failed = error as Error;
  }
  // Nothing found in a part of the cases is neither: it must not make a `.not` pass.
  const pass = this.isNot === true ? received.failed === 0 : failed === undefined;
  return {
    pass,
    message: () =>
      failed?.message ?? `expected a failure, and found none\n${formatReport(received)}`,
  };
}

export async function toBeCrashConsistent(
  this: Context,
  received: Scenario,
  { sampled, ...options }: CrashOptions & AssertOptions = {},
): Promise<Verdict> {
  const report = await exploreCrashes(received, options);
  return toHavePassed.call(this, report, sampled === undefined ? {} : { sampled });
}

export async function toSurviveFaults(
  this: Context,
  received: Scenario,
  { sampled, ...options }: SweepFaultsOptions & AssertOptions = {},
): Promise<Verdict> {
  const report = await sweepFaults(received, options);
  return toHavePassed.call(this, report, sampled === undefined ? {} : { sampled });
}

function fileSystemOf(op: string, received: HasTree): FileSystemLike {
  const fs = (received as { readonly fs?: unknown } | null | undefined)?.fs ?? received;
  if (typeof fs === "object" && fs !== null && typeof memberOf(fs, "readdirSync") === "function") {
    return fs;
  }
  throw invalidType(op, "received", "a file system with synchronous methods", received);
}
