/** Roots on a real disk, in both forms and with both kinds of containment. */

import fs from "node:fs";
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { openRoot, openRootSync, type FileSystem, type RootOptions } from "../../../src/index.ts";

/** A method of a root, in whichever form; what a synchronous one throws is a rejection here. */
type Caller = (method: string, ...args: unknown[]) => Promise<any>;

export interface Opened {
  readonly root: any;
  readonly call: Caller;
}

export interface Form {
  readonly name: string;
  readonly sync: boolean;
  readonly open: (directory: string, options?: RootOptions) => Promise<Opened>;
}

/** Node's file system, on a platform that has no way to hold a directory. */
const withoutPinning = { ...fs, platform: "other" } as unknown as FileSystem;

function formOf(name: string, sync: boolean, forced: RootOptions): Form {
  return {
    name,
    sync,
    async open(directory, options = {}) {
      const all = { ...options, ...forced };
      const root: any = sync ? openRootSync(directory, all) : await openRoot(directory, all);
      onTestFinished(() => root.close());
      const call: Caller = async (method, ...args) =>
        root[sync ? `${method}Sync` : method](...args);
      return { root, call };
    },
  };
}

export const asynchronous: Form = formOf("async", false, {});
export const synchronous: Form = formOf("sync", true, {});

/** Held by descriptors where that is possible. */
export const forms: readonly Form[] = [asynchronous, synchronous];

/** The same by paths, and detecting swaps. */
export const formsByIdentity: readonly Form[] = [
  formOf("async, identity", false, { fileSystem: withoutPinning }),
  formOf("sync, identity", true, { fileSystem: withoutPinning }),
];

export interface Ground {
  /** What is to be the root. */
  readonly inside: string;
  /** Beside it: what nobody may get at. */
  readonly outside: string;
}

/** A root directory with something outside beside it. Removed when the test is over. */
export function ground(): Ground {
  const base = realpathSync(mkdtempSync(join(tmpdir(), "holdfast-root-")));
  onTestFinished(() => rmSync(base, { recursive: true, force: true }));
  const [inside, outside] = [join(base, "inside"), join(base, "outside")];
  mkdirSync(inside);
  mkdirSync(outside);
  return { inside, outside };
}

/** Directories in directories, deeper than a path can be long: `names` in each, the first with the next. */
export function makeDeep(inside: string, depth: number, names: readonly string[] = ["d"]): void {
  let fd = fs.openSync(inside, "r");
  for (let level = 0; level < depth; level++) {
    for (const name of names) fs.mkdirSync(`/proc/self/fd/${fd}/${name}`);
    const next = fs.openSync(`/proc/self/fd/${fd}/${names[0]}`, "r");
    fs.closeSync(fd);
    fd = next;
  }
  fs.closeSync(fd);
  onTestFinished(() => removeDeep(inside));
}

/** Moves what is deep to the top, piece by piece, because `rm` takes paths and the stack. */
function removeDeep(inside: string): void {
  const pending = fs.readdirSync(inside);
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    const path = join(inside, name);
    if (!fs.lstatSync(path).isDirectory()) continue;
    for (const below of fs.readdirSync(path)) {
      const moved = `moved-${counter++}`;
      fs.renameSync(join(path, below), join(inside, moved));
      pending.push(moved);
    }
    fs.rmdirSync(path);
  }
}

let counter = 0;

/** How many descriptors this process has open; 0 where that is not known. */
export function openDescriptors(): number {
  try {
    return fs.readdirSync("/proc/self/fd").length;
  } catch {
    return 0;
  }
}

/** The built package, for scripts in processes of their own. */
export const builtRoot: string = new URL("../../../dist/index.js", import.meta.url).href;
