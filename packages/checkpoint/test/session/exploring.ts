/** Sessions on file systems in memory, for explorers. */

import { expect } from "vitest";
import type { NodeFileSystem, Report } from "@holdfast/testing";
import type { FileSystem } from "@holdfast/fs/steps";
import { drive, open } from "./opened.ts";

/** The half that is driven. */
export const asPort = (fs: NodeFileSystem): FileSystem => ({ promises: fs.promises }) as FileSystem;

/** The boot that the holders of locks were of is over; here it is the same process that asks, and it lives. */
export function forgetLocks(fs: NodeFileSystem, folder: string): void {
  if (!fs.existsSync(folder)) return;
  for (const name of (fs.readdirSync(folder) as string[]).map(String)) {
    const path = `${folder}/${name}`;
    if (name.includes(".lock")) fs.rmSync(path, { recursive: true });
    else if (fs.lstatSync(path).isDirectory()) forgetLocks(fs, path);
  }
}

export function provePassed(report: Report, least: number): void {
  const told = report.failures
    .slice(0, 3)
    .map(({ message, where, calls, state }) =>
      [message, where, ...(calls ?? []), ...(state ?? [])].join("\n"),
    );
  expect(told).toEqual([]);
  expect(report.cases).toBeGreaterThan(least);
}

/** What a session says when it is opened: its snapshots, and what each path was, with its bytes. */
export async function contentsOf(
  fs: NodeFileSystem,
  store: string,
  session: string,
): Promise<Record<string, Record<string, string>>> {
  const fileSystem = asPort(fs);
  const opened = await open(store, { session, fileSystem });
  try {
    expect(opened.history.lostRecords).toBe(0);
    const contents: Record<string, Record<string, string>> = {};
    for (const { id } of opened.history.snapshots) {
      contents[id] = {};
      for (const { path, state } of opened.history.targetsOf(id)!.values()) {
        contents[id][path] =
          state.kind === "file"
            ? String(
                await drive(
                  (operation) => opened.objects.readWhole(operation, state.sha256, 100),
                  fileSystem,
                ),
              )
            : state.kind;
      }
    }
    return contents;
  } finally {
    await drive((operation) => opened.close(operation), fileSystem);
  }
}
