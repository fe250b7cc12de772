import {
  absolute,
  directoryOf,
  errorCode,
  invalidCombination,
  invalidType,
  joinName,
  nameOf,
  readPath,
  type FileSystem,
} from "@holdfast/fs/steps";
import { openRoot, type Root } from "@holdfast/root";
import { isMissing } from "./errors.ts";

/** The directory of a store, held open. */
export interface StoreDirectory {
  readonly root: Root;
  /** As it was given, for errors. */
  readonly shown: string;
  /** The path of a file in it, as the caller can use it. */
  readonly pathOf: (file: string) => string;
  /** What its ledger is shared by. */
  readonly fileSystem: object;
}

// Nobody but us puts files here: a link, or a second name, is not ours to follow.
const strict = { symlinks: "refuse", hardlinks: "refuse", create: false } as const;

/** Checks where a store is, before any I/O; then it can be opened. */
export function storeDirectory(
  op: string,
  given: unknown,
  fileSystem: FileSystem | undefined,
  durable: boolean,
): () => Promise<StoreDirectory> {
  const limits = { ...strict, durable };
  if (typeof given === "object" && given !== null && !(given instanceof URL)) {
    const root = given as Root;
    if (typeof root.openRoot !== "function" || typeof root.promises !== "object") {
      throw invalidType(op, "root", "a path, a file: URL or a Root of @holdfast/root", given);
    }
    if (fileSystem !== undefined) {
      throw invalidCombination(op, '"fileSystem" is for the root to say, not for a store in it');
    }
    return async () => ({
      root: await root.openRoot(".", limits),
      shown: ".",
      pathOf: (file) => file,
      // Whether it was opened by another `Root` or by its path: it is one directory, and has one ledger.
      fileSystem: builtIn,
    });
  }
  const shown = readPath(op, "root", given);
  const path = absolute(shown).replace(/(?<=.)[/]+$/, "");
  return async () => ({
    root: await openOrMake(path, fileSystem, limits),
    shown,
    pathOf: (file) => joinName(path, file),
    fileSystem: fileSystem ?? builtIn,
  });
}

const builtIn = {};

type Limits = typeof strict & { readonly durable: boolean };

/** Opens a directory by its name in the one above, so that a link in its place is seen; makes what is missing. */
async function openOrMake(
  path: string,
  fileSystem: FileSystem | undefined,
  limits: Limits,
): Promise<Root> {
  const all = { ...limits, ...(fileSystem !== undefined && { fileSystem }) };
  const name = nameOf(path);
  if (["", ".", ".."].includes(name)) return await openRoot(path, all);
  const above = directoryOf(path);
  const parent = await openRoot(above, all).catch(async (error: unknown) => {
    if (!isMissing(error)) throw error;
    return await openOrMake(above, fileSystem, limits);
  });
  try {
    return await enterOrMake(parent, name);
  } finally {
    await parent.close().catch(() => {}); // nothing was changed by it, and the other is open
  }
}

/** A directory in a root; 0700 if it has to be made. */
async function enterOrMake(parent: Root, name: string): Promise<Root> {
  try {
    return await parent.openRoot(name);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  await makeDirectory(parent, name);
  return await parent.openRoot(name);
}

/** Makes a directory that only we may use, where there is none. */
export async function makeDirectory(root: Root, path: string): Promise<void> {
  try {
    // Flushed also where outputs are not: see `removeSession`.
    await root.mkdir(path, { mode: 0o700, durable: true });
  } catch (error) {
    if (errorCode(error) !== "EEXIST") throw error;
  }
}
