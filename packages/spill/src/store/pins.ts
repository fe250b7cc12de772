import { errorCode, openFlags } from "@holdfast/fs/steps";
import type { Root } from "@holdfast/root";
import { isMissing } from "./errors.ts";
import { flushDirectory } from "./file-io.ts";
import { pinPath, privateOf } from "./session-files.ts";

/** Whether a file is pinned. */
export async function isPinned(root: Root, session: string, file: string): Promise<boolean> {
  return await root.exists(pinPath(session, file));
}

/** Makes the file that says so. Returns whether there is anything to be pinned. */
export async function pin(root: Root, session: string, file: string): Promise<boolean> {
  if (!(await root.exists(`${session}/${file}`))) return false;
  const flags = openFlags.writeOnly | openFlags.create | openFlags.exclusive;
  try {
    const handle = await root.open(pinPath(session, file), flags, 0o600);
    await handle.close();
  } catch (error) {
    if (errorCode(error) !== "EEXIST") throw error;
  }
  await flushDirectory(root, privateOf(session));
  return true;
}

/** Removes it. Returns whether there was one. */
export async function unpin(root: Root, session: string, file: string): Promise<boolean> {
  return await unlessMissing(root.unlink(pinPath(session, file)));
}

/** Sets the times of a file to now. Returns whether it is there. */
export async function touch(root: Root, session: string, file: string): Promise<boolean> {
  const now = new Date();
  return await unlessMissing(root.utimes(`${session}/${file}`, now, now));
}

async function unlessMissing(change: Promise<void>): Promise<boolean> {
  try {
    await change;
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}
