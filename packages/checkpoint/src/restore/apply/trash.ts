import {
  attempt,
  directoryOf,
  errorCode,
  joinName,
  lstat,
  mkdir,
  type Operation,
  Refusal,
  rename,
  type Steps,
  symlink,
  wait,
} from "@holdfast/fs/steps";
import { syncDirectoryAt } from "@holdfast/atomic/steps";
import { trashName } from "../names.ts";
import { type Directory, flush } from "./directory.ts";
import type { Workshop } from "./workshop.ts";

/** How many names are tried: one is taken where a move was cut off, or a restore settled twice. */
const maxNames = 100;

/**
 * Moves what was taken aside into the trash, durably: there first, and then gone here.
 *
 * By path, and not through the root, for the trash is outside of it. The name is one that nobody else has given to
 * anything: a directory that was swapped for a link leads to nothing of that name.
 *
 * Throws where nothing was moved.
 */
export function* moveToTrash(
  workshop: Workshop,
  directory: Directory,
  aside: string,
  index: number,
): Steps<Trashed> {
  const { operation, restore, trash } = workshop;
  const folder = joinName(trash, restore);
  yield* makePrivate(operation, trash);
  yield* makePrivate(operation, folder);
  const destination = yield* freeName(folder, index, directory.name);
  const moved = yield* attempt(rename(joinName(directory.path, aside), destination));
  if (!moved.ok) {
    if (errorCode(moved.error) !== "EXDEV") throw moved.error;
    yield* copyOver(workshop, directory, aside, destination);
  }
  const flushed = yield* attempt(
    (function* () {
      yield* syncDirectoryAt(operation, folder);
      if (!moved.ok) yield* wait(directory.root.unlink(aside));
      yield* flush(workshop, directory.root);
    })(),
  );
  return { path: destination, failure: flushed.ok ? undefined : flushed };
}

/** What was moved. */
export interface Trashed {
  /** Where it is now. */
  readonly path: string;
  /** What kept it from being durable, or from being gone where it was. */
  readonly failure: { readonly error: unknown } | undefined;
}

/** Nobody else puts anything there: the folder is that of one restore, and ours alone. */
function* freeName(folder: string, index: number, name: string): Steps<string> {
  for (let tried = 0; tried < maxNames; tried++) {
    const path = joinName(folder, trashName(index, name, tried));
    const found = yield* attempt(lstat(path));
    if (found.ok) continue;
    if (errorCode(found.error) === "ENOENT") return path;
    throw found.error;
  }
  throw new Refusal("EEXIST");
}

/**
 * To another device. Not by `movePathWithCopyFallback`, which removes a source under a name that only itself knows: killed
 * there, it would be left in the workspace for ever. A copy has no times and no owner; its bytes and its mode it has.
 */
function* copyOver(
  { maxFileBytes }: Workshop,
  { root }: Directory,
  aside: string,
  destination: string,
): Steps<void> {
  const stats = yield* wait(root.lstat(aside));
  if (stats.isSymbolicLink()) {
    yield* symlink(yield* wait(root.readlink(aside, { encoding: "buffer" })), destination);
  } else if (stats.isFile()) {
    const settings = { maxReadBytes: maxFileBytes, overwrite: false, symlinks: "refuse" } as const;
    yield* wait(root.copyOut(aside, destination, { ...settings, mode: stats.mode & 0o777 }));
  } else {
    throw new Refusal("EXDEV");
  }
}

/** Makes a directory for us alone, where it is missing. */
function* makePrivate(operation: Operation, path: string): Steps<void> {
  const made = yield* attempt(mkdir(path, 0o700));
  if (!made.ok) {
    if (errorCode(made.error) !== "EEXIST") throw made.error;
    if (!(yield* lstat(path)).isDirectory()) throw new Refusal("ENOTDIR");
  }
  // Also of one that is there: whoever made it may not have come so far.
  yield* syncDirectoryAt(operation, directoryOf(path));
}
