import { Refusal } from "@holdfast/fs/steps";
import type { Root } from "@holdfast/root";
import { privateDirectory } from "./names.ts";
import { makeDirectory } from "./open-directory.ts";
import { privateOf } from "./session-files.ts";

/**
 * Makes the directories of a session, where they are missing. One that holds something and has no mark is
 * somebody else's: nothing is put into it, and nothing will be removed from it.
 */
export async function makeSession(root: Root, session: string): Promise<void> {
  await makeDirectory(root, session);
  const names = await root.readdir(session);
  if (!names.includes(privateDirectory)) {
    if (names.length > 0) {
      throw new Refusal("EEXIST", {
        problem: "a directory that is no session of a store has its name",
        hint: "Give the store a directory of its own.",
      });
    }
    await makeDirectory(root, privateOf(session));
  }
  // Whether something else was planted there: to list it does not follow it.
  await root.readdir(privateOf(session));
}
