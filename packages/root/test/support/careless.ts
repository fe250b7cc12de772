/**
 * The twin of a root that most programs have: `path.resolve`, `startsWith`, plain fs. What attacks do to
 * it shows that they are attacks.
 */

import { resolve } from "node:path";
import type { NodeFileSystem } from "@holdfast/testing";
import type { AttackedProgram } from "./attacked-programs.ts";
import type { Victim } from "./attack-scenario.ts";

export const carelessVictim: Victim = {
  containment: "none",
  open: async (fs, world) => ({
    make: (program) => makeCarelessly(fs, world.root, program, world.base),
    close: () => {},
  }),
};

type Calls = Readonly<Record<string, (...args: readonly unknown[]) => Promise<unknown>>>;

/** What a careless program calls where a root has a method that plain fs has not. */
const counterparts: Readonly<Record<string, string>> = {
  create: "writeFile",
  exists: "lstat",
  walk: "readdir",
  createReadStream: "readFile",
  opendir: "readdir",
  openRoot: "readdir",
  copyIn: "copyFile",
  copyOut: "copyFile",
};

/** The same call by plain fs, after a look at the string. Rejects with what that says. */
export async function makeCarelessly(
  fs: Pick<NodeFileSystem, "promises">,
  root: string,
  { method, args, paths = 1, use }: AttackedProgram,
  base: string,
): Promise<unknown> {
  const given = [...args(base)];
  const first = method === "symlink" || method === "copyIn" ? 1 : 0;
  const last = method === "symlink" || method === "copyIn" ? 1 : paths - 1;
  for (let i = first; i <= last; i++) given[i] = inside(root, String(given[i]));
  const calls = fs.promises as unknown as Calls;
  if (method === "copyIn" && typeof given[0] !== "string") {
    return await calls["writeFile"]!(given[1], given[0]);
  }
  const got = await calls[counterparts[method] ?? method]!(...given);
  if (method !== "open") return got;
  const file = got as Awaited<ReturnType<NodeFileSystem["promises"]["open"]>>;
  try {
    return use === "write" ? await file.writeFile("WRITTEN") : await file.readFile("utf8");
  } finally {
    await file.close();
  }
}

function inside(root: string, path: string): string {
  const whole = resolve(root, path);
  if (!whole.startsWith(`${root}/`)) throw new Error(`${path} is outside`);
  return whole;
}
