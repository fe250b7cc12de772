import { createHash } from "node:crypto";
import { lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished } from "vitest";
import { tempDir } from "../../../atomic/test/support/temp-dir.ts";
import {
  openSpillStore,
  type OpenSpillStoreOptions,
  type SpilledOutput,
  type SpillResult,
  type SpillStore,
  type TruncatedOutput,
} from "../../src/index.ts";

/** A store in a directory of its own, closed when the test is over. */
export async function openStore(
  options: Partial<OpenSpillStoreOptions> = {},
): Promise<{ store: SpillStore; dir: string }> {
  const dir = typeof options.root === "string" ? options.root : join(tempDir(), "store");
  const store = await openSpillStore({ root: dir, session: "s1", ...options });
  onTestFinished(() => store.close());
  return { store, dir };
}

/** Numbered lines, of at least so many bytes. */
export function linesOf(bytes: number, mark = ""): string {
  let text = "";
  for (let line = 0; text.length < bytes; line++) text += `line ${line}${mark}\n`;
  return text;
}

export const sha256 = (data: string | Uint8Array): string =>
  createHash("sha256").update(data).digest("hex");

export function spilled(result: SpillResult<unknown>): SpilledOutput {
  if (!result.spilled) throw new Error(`not spilled: ${result.reason}`, { cause: result.error });
  return result;
}

export function truncated(result: SpillResult<unknown>): TruncatedOutput {
  if (!result.truncated) throw new Error("not truncated");
  return result;
}

/** The files of outputs in a session's directory. */
export const outputsIn = (dir: string, session = "s1"): string[] =>
  readdirSync(join(dir, session))
    .filter((name) => name !== ".spill")
    .toSorted();

/** What is being written, or was left. */
export const stagedIn = (dir: string, session = "s1"): string[] =>
  readdirSync(join(dir, session, ".spill"));

/** Every name below a directory, with mode, and link target or digest. */
export function treeOf(dir: string): string[] {
  return readdirSync(dir, { recursive: true, encoding: "utf8" })
    .map((name) => {
      const path = join(dir, name);
      const stats = lstatSync(path);
      const what = stats.isSymbolicLink()
        ? `-> ${readlinkSync(path)}`
        : stats.isFile()
          ? sha256(readFileSync(path))
          : "";
      return `${name} ${stats.mode.toString(8)} ${stats.mtimeMs} ${what}`;
    })
    .toSorted();
}

/** Nothing is on disk but what the budget says. */
export function expectNothingLeft(store: SpillStore, dir: string): void {
  expect(outputsIn(dir)).toEqual([]);
  expect(stagedIn(dir)).toEqual([]);
  expect(store.usage()).toMatchObject({ sessionBytes: 0, storeBytes: 0 });
}
