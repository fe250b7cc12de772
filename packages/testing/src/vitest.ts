/**
 * Matchers for vitest: `import "@holdfast/testing/vitest"` once, in a test or in a setup file.
 *
 * @module
 */

import { expect } from "vitest";
import type { CrashOptions } from "./crash/options.ts";
import type { SweepFaultsOptions } from "./faults/sweep/sweep-options.ts";
import type { AssertOptions } from "./scenario/assert-passed.ts";
import * as matchers from "./vitest/matchers.ts";

expect.extend({ ...matchers });

export interface HoldfastMatchers {
  /**
   * Of a file system, or of what `createMemoryFileSystem` returned: what is in `directory` (default:
   * `"/"`), one line an entry, in any order. The difference is shown.
   *
   * @example expect(fs).toHaveTree(["src/", "src/a.txt = hello"])
   */
  toHaveTree(lines: readonly string[], directory?: string): void;
  /** Of a file system: no name in `directory` (default: `"/"`) is one of a staged file. */
  toHaveNoStagedFiles(directory?: string, pattern?: RegExp): void;
  /**
   * Of a `Scenario`: `exploreCrashes` runs every case, and none fails. `sampled: "accept"` makes do
   * with a part.
   *
   * @example await expect(scenario).toBeCrashConsistent({ models: ["ext4"] })
   */
  toBeCrashConsistent(options?: CrashOptions & AssertOptions): Promise<void>;
  /** Of a `Scenario`: the same with `sweepFaults`. */
  toSurviveFaults(options?: SweepFaultsOptions & AssertOptions): Promise<void>;
  /** Of a `Report`: no case failed, and none was left out, unless `sampled: "accept"` allows it. */
  toHavePassed(options?: AssertOptions): void;
}

declare module "vitest" {
  // oxlint-disable-next-line no-unused-vars, typescript/no-explicit-any -- as vitest declares it
  interface Assertion<T = any> extends HoldfastMatchers {}
  interface AsymmetricMatchersContaining extends HoldfastMatchers {}
}
