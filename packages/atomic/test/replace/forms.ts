/** The two forms of the operations under test, behind one signature, and what tests ask of a failure. */

import { readdirSync } from "node:fs";
import { join } from "node:path";
import {
  createFileAtomic,
  createFileAtomicSync,
  HoldfastError,
  replaceFileAtomic,
  replaceFileAtomicSync,
  type ReplaceFileAtomicOptions,
  type ReplaceFileAtomicSyncOptions,
  type ReplaceFileReceipt,
} from "../../src/index.ts";

type Perform = (options: ReplaceFileAtomicOptions) => Promise<ReplaceFileReceipt>;

export interface Form {
  readonly form: "async" | "sync";
  readonly replace: Perform;
  readonly create: Perform;
}

// The synchronous forms throw; inside an async function that is a rejection too.
const syncOptions = (options: ReplaceFileAtomicOptions): ReplaceFileAtomicSyncOptions =>
  options as ReplaceFileAtomicSyncOptions;

export const forms: readonly Form[] = [
  { form: "async", replace: replaceFileAtomic, create: createFileAtomic },
  {
    form: "sync",
    replace: async (options) => replaceFileAtomicSync(syncOptions(options)),
    create: async (options) => createFileAtomicSync(syncOptions(options)),
  },
];

/** How something failed; throws if it did not, or not with an error of ours. */
export async function failureOf(run: Promise<unknown>): Promise<HoldfastError> {
  const error = await thrownBy(run);
  if (error instanceof HoldfastError) return error;
  throw new Error("it failed, but not with a HoldfastError", { cause: error });
}

/** What a promise was rejected with, whatever it is. */
export async function thrownBy(run: Promise<unknown>): Promise<unknown> {
  let result: unknown;
  try {
    result = await run;
  } catch (error) {
    return error;
  }
  throw new Error(`it succeeded: ${JSON.stringify(result)}`);
}

/** The staged files in a directory and below. */
export function stagedIn(dir: string): string[] {
  return readdirSync(dir, { recursive: true, encoding: "utf8" })
    .filter((path) => /(^|\/)\.holdfast-[^/]*$/.test(path))
    .map((path) => join(dir, path));
}
