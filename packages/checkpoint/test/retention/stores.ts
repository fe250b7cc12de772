/** Stores with a past, for tests of what is removed from them. */

import { createHash } from "node:crypto";
import * as realFs from "node:fs";
import { join } from "node:path";
import { prune } from "../../src/retention/prune.ts";
import type { PruneReport } from "../../src/results.ts";
import type { OpenSession } from "../../src/session/open-session.ts";
import type { Steps } from "@holdfast/fs/steps";
import { drive } from "../session/opened.ts";

export const minute = 60 * 1000;
export const day = 24 * 60 * minute;

export const shaOf = (content: string): string =>
  createHash("sha256").update(content).digest("hex");

export const objectOf = (store: string, content: string): string =>
  join(store, "objects", shaOf(content).slice(0, 2), shaOf(content).slice(2));

/** What a test uses of a file system to look at a store: the real one, or one in memory. */
export type Disk = Pick<
  typeof realFs,
  "existsSync" | "readdirSync" | "lstatSync" | "utimesSync" | "readFileSync"
>;

/** The contents of all objects, as names in order; also of what is aside. */
export function hashesIn(store: string, fs: Disk = realFs): string[] {
  const folder = join(store, "objects");
  if (!fs.existsSync(folder)) return [];
  const shards = fs.readdirSync(folder).filter((name) => String(name).length === 2);
  return shards
    .flatMap((shard) => fs.readdirSync(join(folder, shard)).map((name) => shard + name))
    .toSorted();
}

export const hashesOf = (...contents: string[]): string[] => contents.map(shaOf).toSorted();

/** Makes everything in a folder as old as that. */
export function makeOld(folder: string, ageMs: number, fs: Disk = realFs): void {
  if (!fs.existsSync(folder)) return;
  const seconds = (Date.now() - ageMs) / 1000;
  for (const name of fs.readdirSync(folder)) {
    const path = join(folder, String(name));
    if (fs.lstatSync(path).isDirectory()) makeOld(path, ageMs, fs);
    fs.utimesSync(path, seconds, seconds);
  }
}

/** Nobody else is at work in the session. */
function* alone<T>(steps: () => Steps<T>): Steps<T> {
  return yield* steps();
}

export async function pruned(session: OpenSession): Promise<PruneReport> {
  return await drive((operation) => prune(operation, session, alone), session.request.fileSystem);
}
