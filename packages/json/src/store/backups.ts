import {
  attempt,
  closeFlushed,
  directoryOf,
  errorCode,
  fchmod,
  fstat,
  lstat,
  open,
  openFlags,
  type Operation,
  permissionBits,
  rename,
  sameIdentity,
  stat,
  type Steps,
  unlink,
} from "@holdfast/fs/steps";
import { syncDirectoryAt } from "@holdfast/atomic/steps";
import type { Found, PlaceFile } from "../target/place.ts";
import { sameBytes } from "./content.ts";
import type { StoreSettings } from "./settings.ts";
import type { StorePlace } from "./store-place.ts";

/** The newest generation is 1. */
export const generation = (number: number): string => `.backup-${number}`;
/** What a document was before it was migrated from a version. */
export const versionBackup = (version: number): string => `.v${version}.backup`;

type BackupSettings = Pick<StoreSettings<unknown>, "backups" | "file" | "maxBytes">;

/**
 * Keeps what is about to be replaced as the newest generation. Each is in some place at every
 * moment: the oldest are shifted first, each into a gap or over the one that is too many, and the newest
 * place is then filled as a whole.
 */
export function* keepGeneration(
  operation: Operation,
  place: StorePlace,
  settings: BackupSettings,
  found: Found,
): Steps<void> {
  const { backups, file, maxBytes } = settings;
  if (backups === 0) return;
  const newest = yield* attempt(place.file.sibling(generation(1)).read(operation, maxBytes));
  // A write that failed behind this point, or a crash there, must not cost a generation at each new try.
  if (newest.ok && newest.value !== undefined && sameBytes(newest.value.bytes, found.bytes)) return;
  const pathOf = (number: number): string => place.file.sibling(generation(number)).file.path;
  let gap = 1;
  while (gap < backups && (yield* isThere(pathOf(gap)))) gap++;
  for (let to = gap; to > 1; to--) yield* rename(pathOf(to - 1), pathOf(to));
  // Otherwise the new one may reach the disk before the old one has its new name there.
  if (gap > 1 && file.durable !== false) {
    yield* syncDirectoryAt(operation, directoryOf(pathOf(1)));
  }
  yield* writeBeside(operation, place, settings, generation(1), found.bytes);
}

/** Puts a content beside the document, under the permissions of the document. */
export function* writeBeside(
  operation: Operation,
  place: StorePlace,
  { file }: Pick<BackupSettings, "file">,
  suffix: string,
  bytes: Uint8Array,
  durable: boolean | undefined = file.durable,
): Steps<void> {
  const sibling = place.file.sibling(suffix);
  const { effect } = operation;
  try {
    const mode = file.mode ?? (yield* modeOf(place.file));
    if (mode !== undefined) yield* withdraw(operation, sibling.file, mode);
    yield* sibling.replace(operation, bytes, { ...file, mode, durable });
  } catch (error) {
    // There, but perhaps not for good; and of no use, if the document stays as it is.
    if (operation.effect !== "none") operation.leftovers.push(sibling.file.path);
    throw error;
  } finally {
    // It says what became of the document.
    operation.effect = effect;
  }
}

/**
 * Keeps what a document is before it is migrated: a place that can only be written over in place may hold
 * neither the old one nor the new one after a crash. Named in `leftovers` until it is removed.
 */
export function* keepVersion(
  operation: Operation,
  place: StorePlace,
  settings: BackupSettings,
  version: number,
  bytes: Uint8Array,
): Steps<void> {
  const suffix = versionBackup(version);
  yield* writeBeside(operation, place, settings, suffix, bytes, true);
  const { path } = place.file.sibling(suffix).file;
  if (!operation.leftovers.includes(path)) operation.leftovers.push(path);
}

/** Removes it when it is needed no more. That fails in silence: the document is what it should be. */
export function* removeVersion(
  operation: Operation,
  place: StorePlace,
  version: number,
): Steps<void> {
  const { path } = place.file.sibling(versionBackup(version)).file;
  if (!(yield* operation.cleanUp(unlink(path)))) return;
  const index = operation.leftovers.indexOf(path);
  if (index !== -1) operation.leftovers.splice(index, 1);
}

/** A link is no backup, whoever has put it there: its place is free. */
function* isThere(path: string): Steps<boolean> {
  const found = yield* attempt(lstat(path));
  if (!found.ok && errorCode(found.error) !== "ENOENT") throw found.error;
  return found.ok && !found.value.isSymbolicLink();
}

function* modeOf({ path }: PlaceFile): Steps<number | undefined> {
  const found = yield* attempt(stat(path));
  return found.ok ? permissionBits(found.value) & 0o777 : undefined;
}

/** An older backup may be open to more than the document is by now; some places keep the mode of a file. */
function* withdraw(operation: Operation, { path }: PlaceFile, mode: number): Steps<void> {
  const found = yield* attempt(lstat(path));
  if (!found.ok || !found.value.isFile()) return;
  if ((permissionBits(found.value) & 0o777 & ~mode) === 0) return;
  // By its name, a link that was put there meanwhile would lead to another file.
  const flags = openFlags.readOnly | openFlags.nonBlocking | openFlags.noFollow;
  const opened = yield* attempt(open(path, flags));
  if (!opened.ok) {
    // What cannot be read was no backup to go back to, and is replaced in a moment.
    const removed = yield* attempt(unlink(path));
    if (!removed.ok && errorCode(removed.error) !== "ENOENT") throw opened.error;
    return;
  }
  const handle = opened.value;
  try {
    const stats = yield* fstat(handle);
    // A second name may be that of a file that is not ours; where one can be, the file is replaced.
    if (sameIdentity(stats, found.value) !== false && stats.nlink <= 1n) {
      yield* fchmod(handle, mode);
    }
  } finally {
    yield* operation.cleanUp(closeFlushed(handle));
  }
}
