import type { Root } from "@holdfast/root";
import { sessionPattern } from "../settings/read-options.ts";
import { isMissing } from "./errors.ts";
import type { CountedFile } from "./ledger.ts";
import {
  isFileName,
  isOwnStagedName,
  isStagedName,
  pinnedBy,
  pinOf,
  privateDirectory,
} from "./names.ts";

/** A file of a session. */
export interface SessionFile {
  /** Relative to the root of the store. */
  readonly path: string;
  readonly name: string;
  readonly bytes: number;
  readonly changedMs: number;
}

/** What is in a session, of the forms that this package gives; everything else is not ours. */
export interface SessionContent {
  readonly files: readonly SessionFile[];
  /** Being written, or left by somebody who was killed. */
  readonly staged: readonly SessionFile[];
  /** The names of files that are pinned. */
  readonly pinned: ReadonlySet<string>;
}

export const privateOf = (session: string): string => `${session}/${privateDirectory}`;
export const pinPath = (session: string, file: string): string =>
  `${privateOf(session)}/${pinOf(file)}`;

/** Reads a session. One that is not there is empty. */
export async function readSession(root: Root, session: string): Promise<SessionContent> {
  const inside = await listed(root, privateOf(session));
  const names = await listed(root, session);
  return {
    files: await looked(root, session, names.filter(isFileName)),
    staged: await looked(root, privateOf(session), inside.filter(isStagedName)),
    pinned: new Set(inside.map(pinnedBy).filter((name) => name !== undefined)),
  };
}

/** The sessions in a store: directories that have the mark of one. */
export async function listSessions(root: Root): Promise<string[]> {
  const sessions: string[] = [];
  for (const name of await root.readdir(".")) {
    if (!sessionPattern.test(name)) continue;
    const found = await root.lstat(privateOf(name)).catch(() => undefined);
    if (found?.isDirectory() === true) sessions.push(name);
  }
  return sessions;
}

/** All files of a store that take up space, without those that this process is writing. */
export async function countStore(root: Root): Promise<CountedFile[]> {
  const counted: CountedFile[] = [];
  for (const session of await listSessions(root)) {
    const { files, staged } = await readSession(root, session);
    const others = staged.filter(({ name }) => !isOwnStagedName(name));
    for (const { path, bytes } of [...files, ...others]) counted.push({ session, path, bytes });
  }
  return counted;
}

async function listed(root: Root, path: string): Promise<string[]> {
  try {
    return await root.readdir(path);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

async function looked(
  root: Root,
  directory: string,
  names: readonly string[],
): Promise<SessionFile[]> {
  const files: SessionFile[] = [];
  for (const name of names) {
    const path = `${directory}/${name}`;
    try {
      const stats = await root.lstat(path);
      // What is planted in the place of a file counts nothing, and is removed as what it is.
      const bytes = stats.isFile() ? stats.size : 0;
      if (!stats.isDirectory()) files.push({ path, name, bytes, changedMs: stats.mtimeMs });
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }
  return files;
}
