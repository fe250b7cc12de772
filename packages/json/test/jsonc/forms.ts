/** The functions in both halves, on a document in a directory of its own. */

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openRoot, openRootSync } from "@holdfast/root";
import { tempDir, tmpfsParent } from "../../../atomic/test/support/temp-dir.ts";
import {
  editJsonc,
  editJsoncSync,
  readJsonc,
  readJsoncSync,
  type EditJsoncOptions,
  type JsoncEdit,
} from "../../src/jsonc.ts";

export interface Form {
  readonly form: string;
  readonly read: (dir: string, options?: object) => Promise<unknown>;
  readonly edit: (
    dir: string,
    edits: readonly JsoncEdit[],
    options?: EditJsoncOptions,
  ) => Promise<unknown>;
}

export const name = "settings.json";

export const forms: readonly Form[] = [
  {
    form: "async",
    read: (dir, options) => readJsonc(join(dir, name), options),
    edit: (dir, edits, options) => editJsonc(join(dir, name), edits, options),
  },
  {
    form: "sync",
    read: async (dir, options) => readJsoncSync(join(dir, name), options),
    edit: async (dir, edits, options) => editJsoncSync(join(dir, name), edits, options),
  },
  {
    form: "async in a root",
    read: async (dir, options) => {
      await using root = await openRoot(dir);
      return await readJsonc({ root, path: name }, options);
    },
    edit: async (dir, edits, options) => {
      await using root = await openRoot(dir);
      return await editJsonc({ root, path: name }, edits, options);
    },
  },
  {
    form: "sync in a root",
    read: async (dir, options) => {
      using root = openRootSync(dir);
      return readJsoncSync({ root, path: name }, options);
    },
    edit: async (dir, edits, options) => {
      using root = openRootSync(dir);
      return editJsoncSync({ root, path: name }, edits, options);
    },
  },
];

/** A new directory in which the document is this. */
export function withText(text: string | Uint8Array | undefined): string {
  const dir = tempDir(tmpfsParent());
  if (text !== undefined) writeFileSync(join(dir, name), text);
  return dir;
}

export const textIn = (dir: string): string | undefined =>
  existsSync(join(dir, name)) ? readFileSync(join(dir, name), "utf8") : undefined;

/** What becomes of a text. */
export async function edited(text: string | undefined, ...edits: JsoncEdit[]): Promise<string> {
  const dir = withText(text);
  await editJsonc(join(dir, name), edits);
  return textIn(dir)!;
}

export async function failureOf(promise: Promise<unknown>): Promise<never> {
  const outcome = await promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  if ("error" in outcome) return outcome.error as never;
  throw new Error(`it succeeded with ${JSON.stringify(outcome.value)}`);
}
