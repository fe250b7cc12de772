/** Runs of the suite on the real disk in a process of its own: another user, another umask, mounts. */

import * as nodeFs from "node:fs";
import { chownSync, existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type * as Conformance from "../../../src/conformance.ts";
import type { NodeScript } from "../../../../atomic/test/support/node-script.ts";

export interface RunInput {
  readonly uid: number;
  readonly umask: number;
  /** A directory of the user; each case has one of its own in it. */
  readonly base: string;
  /** Which cases, besides what follows from who runs them. */
  readonly cases: Pick<Conformance.FileSystemCaseOptions, "have" | "faces">;
  /** Only these groups. */
  readonly groups?: readonly string[];
  readonly secondDevice?: string;
  readonly smallDevice?: string;
}

export interface RunReport {
  readonly count: number;
  readonly failures: readonly string[];
}

// Another user can import only what is built, and may read only what all may.
const built = new URL("../../../dist/conformance.js", import.meta.url);

const script = `
import * as fs from "node:fs";
const { fileSystemCases } = await import(input.entry);
process.umask(input.umask);
const failures = [];
let count = 0;
const empty = (parent) => {
  const path = parent + "/" + count;
  fs.mkdirSync(path, { recursive: true });
  return path;
};
const remove = (path) => {
  try {
    fs.rmSync(path, { recursive: true, force: true });
  } catch {
    // a case took the permission away, or root made it: the parent removes everything
  }
};
for (const one of fileSystemCases(input.cases)) {
  count++;
  if (input.groups !== undefined && !input.groups.includes(one.group)) continue;
  const place = { fs, dir: empty(input.base) };
  if (input.secondDevice !== undefined) place.secondDevice = empty(input.secondDevice);
  if (input.smallDevice !== undefined) place.smallDevice = empty(input.smallDevice);
  await one.check(place).catch((error) => failures.push(error.message));
  remove(place.dir);
  if (place.smallDevice !== undefined) remove(place.smallDevice);
}
report({ count, failures });
`;

export function childRun(input: RunInput): NodeScript {
  if (!existsSync(built)) {
    throw new Error(`${fileURLToPath(built)} is not there: "npm run setup" builds it`);
  }
  return { script, input: { ...input, entry: built.href }, timeoutMs: 120_000 };
}

/** Does what root has to do before another user runs the cases, and returns how many needed it. */
export async function prepareAll({ uid, umask, base, cases }: RunInput): Promise<number> {
  const { fileSystemCases } = (await import(built.href)) as typeof Conformance;
  let prepared = 0;
  for (const [index, one] of fileSystemCases({ ...cases, uid, umask }).entries()) {
    if (one.prepare === undefined) continue;
    const dir = join(base, String(index + 1));
    mkdirSync(dir);
    chownSync(dir, uid, uid);
    await one.prepare({ fs: nodeFs as never, dir });
    prepared++;
  }
  return prepared;
}
