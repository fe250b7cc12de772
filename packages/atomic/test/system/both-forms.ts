import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, lstatSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  isHoldfastError,
  replaceFileAtomic,
  replaceFileAtomicSync,
  type HoldfastError,
  type ReplaceFileAtomicSyncOptions,
  type ReplaceFileReceipt,
} from "../../src/index.ts";
import { tempDir } from "../support/temp-dir.ts";

/** Options that both forms accept. */
export type Options = ReplaceFileAtomicSyncOptions;
export type Replace = (options: Options) => Promise<ReplaceFileReceipt>;

/** A replacement and its synchronous twin, behind one signature. */
export const replaceForms: readonly { readonly form: FormName; readonly replace: Replace }[] = [
  { form: "replaceFileAtomic", replace: replaceFileAtomic },
  { form: "replaceFileAtomicSync", replace: async (options) => replaceFileAtomicSync(options) },
];
export type FormName = "replaceFileAtomic" | "replaceFileAtomicSync";

/** The error of a call that must fail. */
export async function failure(call: Promise<unknown>): Promise<HoldfastError> {
  try {
    await call;
  } catch (error) {
    if (isHoldfastError(error)) return error;
    throw error;
  }
  throw new Error("it did not fail");
}

/** What a script says of a call: its receipt or the error's fields. */
export interface Outcome {
  readonly receipt?: ReplaceFileReceipt;
  readonly code?: string;
  readonly effect?: string;
  readonly leftovers?: readonly string[];
  readonly message?: string;
}

/** For scripts in other processes: `await outcome(form, options)` calls one form of the package. */
export const outcomeInScript = `
  import * as atomic from "@holdfast/atomic";
  import * as nodeFs from "node:fs";
  const outcome = async (form, options) => {
    try {
      return { receipt: await atomic[form](options) };
    } catch (error) {
      const { code, effect, leftovers, message } = error;
      return { code, effect, leftovers, message };
    }
  };
`;

/** A script that makes one call with \`input.options\` and reports the outcome. */
export const oneCall = `${outcomeInScript} report(await outcome(input.form, input.options));`;

/** What can be seen of a file: who it is, whose it is and what is in it. */
export function look(path: string): Record<"ino" | "uid" | "gid" | "nlink", number> & {
  readonly mode: string;
  readonly content: string;
} {
  const { ino, uid, gid, nlink, mode } = lstatSync(path);
  const content = readFileSync(path, "latin1");
  return { ino, uid, gid, nlink, mode: (mode & 0o7777).toString(8), content };
}

/** A directory that everybody may write to: temporary ones are closed to others. */
export function openDir(mode = 0o777): string {
  const dir = tempDir();
  chmodSync(dir, mode);
  return dir;
}

/** A file with the content "old", of any owner and mode. */
export function writeOwned(
  dir: string,
  name: string,
  { uid = 0, gid = 0, mode = 0o644 }: { uid?: number; gid?: number; mode?: number },
): string {
  const path = join(dir, name);
  writeFileSync(path, "old");
  chownSync(path, uid, gid);
  chmodSync(path, mode); // last: chown takes set-id bits away
  return path;
}

export function makeFifo(path: string): void {
  const { status, stderr } = spawnSync("mkfifo", [path], { encoding: "utf8" });
  if (status !== 0) throw new Error(`mkfifo failed: ${stderr}`);
}
