// The calls of which only one of several programs can succeed, and what they say to the others.
import type { NodeFileSystem } from "@holdfast/testing";

const codeOf = (error: unknown): unknown => (error as NodeJS.ErrnoException).code;

/** Whether it was this call that did it: false if it failed with `code`. */
async function unless(code: string, call: Promise<unknown>): Promise<boolean> {
  try {
    await call;
    return true;
  } catch (error) {
    if (codeOf(error) === code) return false;
    throw error;
  }
}

/** False if the name is taken. */
export const ifFree = (call: Promise<unknown>): Promise<boolean> => unless("EEXIST", call);

/** False if there is nothing of that name. */
export const ifThere = (call: Promise<unknown>): Promise<boolean> => unless("ENOENT", call);

/** False if the file is there already. */
export const create = ({ promises }: NodeFileSystem, path: string): Promise<boolean> =>
  ifFree(promises.open(path, "wx").then((file) => file.close()));
