/** What the explorers run. */

import type { NodeFileSystem } from "@holdfast/testing";
import { openSpillStore, type SpillStore } from "../../src/index.ts";

export const root = "/d/store";
export const text = "0123456789\n".repeat(30);
const limits = { maxBytes: 100, headBytes: 20, tailBytes: 20 };

export const open = (fs: NodeFileSystem, session = "s1", durable = true): Promise<SpillStore> =>
  openSpillStore({ root, session, fileSystem: fs, durable, ...limits });

/** Pieces, so that there is more than one write. */
export function* pieces(): Generator<Buffer> {
  yield Buffer.from(text);
  yield Buffer.alloc(70_000, "x");
}
export const streamed = text + "x".repeat(70_000);

/** The names in a session, without its private directory. */
export function outputsOf(fs: NodeFileSystem, session = "s1"): string[] {
  const path = `${root}/${session}`;
  if (!fs.existsSync(path)) return [];
  return (fs.readdirSync(path) as string[]).filter((name) => name !== ".spill");
}

export function stagedOf(fs: NodeFileSystem, session = "s1"): string[] {
  const path = `${root}/${session}/.spill`;
  return fs.existsSync(path) ? (fs.readdirSync(path) as string[]) : [];
}

export const contentOf = (fs: NodeFileSystem, name: string, session = "s1"): string =>
  String(fs.readFileSync(`${root}/${session}/${name}`, "utf8"));
