/** What is in a directory, in one line: `d/ f=hello link=>f`. */

import type { Stats } from "node:fs";
import type { MakeCall } from "./calls-through.ts";
import { shownName } from "./words.ts";

/** Everything below `path`; what may not be looked into, with a question mark. */
export async function treeOf(call: MakeCall, path: string): Promise<string> {
  const lines = await entriesOf(call, path, "");
  return lines.length === 0 ? "nothing" : lines.join(" ");
}

async function entriesOf(call: MakeCall, path: string, shown: string): Promise<string[]> {
  const names = (await orUndefined(call("readdir", path))) as string[] | undefined;
  if (names === undefined) return [`${shown}?`];
  const lines: string[] = [];
  for (const name of names.toSorted()) {
    lines.push(...(await entry(call, `${path}/${name}`, shown + shownName(name))));
  }
  return lines;
}

async function entry(call: MakeCall, path: string, shown: string): Promise<string[]> {
  const stats = (await orUndefined(call("lstat", path))) as Stats | undefined;
  if (stats === undefined) return [`${shown}?`];
  if (stats.isSymbolicLink()) return [`${shown}=>${String(await call("readlink", path))}`];
  if (stats.isDirectory()) return [`${shown}/`, ...(await entriesOf(call, path, `${shown}/`))];
  const content = (await orUndefined(call("readFile", path, "latin1"))) as string | undefined;
  if (content === undefined) return [`${shown}=?`];
  return [content === "" ? shown : `${shown}=${shownContent(content)}`];
}

/** Content without spaces and line breaks; long runs of one character are counted. */
export function shownContent(content: string): string {
  return JSON.stringify(content)
    .slice(1, -1)
    .replaceAll("\\u0000", "\\0")
    .replaceAll(/(\\0|.)\1{19,}/gu, (run, unit: string) => `{${unit}*${run.length / unit.length}}`)
    .replaceAll(" ", "{space}");
}

/** What cannot be read is part of what is seen: nothing is hidden by it. */
async function orUndefined(result: Promise<unknown>): Promise<unknown> {
  try {
    return await result;
  } catch {
    return undefined;
  }
}

/** All that a failed call must not have changed, also modes and sizes. */
export async function fingerprint(call: MakeCall, path: string): Promise<string> {
  const lines: string[] = [];
  const open = [path];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    const stats = (await orUndefined(call("lstat", at))) as Stats | undefined;
    if (stats === undefined) continue;
    const { ino, mode, nlink, uid, gid, size, mtimeMs } = stats;
    lines.push([at, ino, mode, nlink, uid, gid, size, mtimeMs].join(" "));
    if (!stats.isDirectory()) continue;
    const names = (await orUndefined(call("readdir", at))) as string[] | undefined;
    for (const name of names ?? []) open.push(`${at}/${name}`);
  }
  return lines.join("\n");
}
