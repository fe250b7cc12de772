import {
  attempt,
  joinName,
  lstat,
  nodeOpendir,
  readdir,
  sameIdentity,
  wait,
  type FileStats,
  type PlatformFacts,
  type Steps,
} from "@holdfast/fs/steps";
import { pathAlong, type Way } from "./way.ts";

/** How many entries of a directory are read to find one with a letter in it. */
const entriesRead = 64;

/**
 * Where two names that differ in case only are one file. That is asked of the disk, directory by directory (ext4 decides
 * it for each), and remembered by the identity of the directory.
 */
export class CaseFolding {
  private readonly platform: PlatformFacts;
  private readonly known = new Map<string, boolean>();

  constructor(platform: PlatformFacts) {
    this.platform = platform;
  }

  /** A path with `/` that is the same for all spellings. */
  *keyOf(way: Way): Steps<string> {
    const names: string[] = [];
    let folds = this.platform.foldsCase;
    for (const [index, name] of way.names.entries()) {
      const directory = index === 0 ? undefined : way.stats[index - 1];
      // In what is missing it will be as in what it is made in.
      if (index === 0 || directory?.isDirectory() === true) {
        folds = yield* this.foldsIn(way, index, directory, folds);
      }
      names.push(folds ? fold(name) : name);
    }
    return pathAlong({ top: folds ? way.top.toLowerCase() : way.top, names });
  }

  /** @param above what is true of the directory above */
  private *foldsIn(
    way: Way,
    index: number,
    directory: FileStats | undefined,
    above: boolean,
  ): Steps<boolean> {
    const path = pathAlong(way, index);
    const identity =
      directory === undefined
        ? path
        : directory.ino === 0n
          ? undefined
          : `${directory.dev}:${directory.ino}`;
    const known = identity === undefined ? undefined : this.known.get(identity);
    if (known !== undefined) return known;
    const name = way.names[index]!;
    const found = way.stats[index];
    let folds = found === undefined ? undefined : yield* asks(path, name, found);
    folds ??= yield* asksAnyEntry(path);
    if (folds === undefined) {
      // An empty directory. A disk of its own may differ from what is above it.
      const isOtherDisk = index > 1 && way.stats[index - 2]?.dev !== directory?.dev;
      return isOtherDisk ? this.platform.foldsCase : above;
    }
    if (identity !== undefined) this.known.set(identity, folds);
    return folds;
  }
}

/** Each character for itself: the disk knows nothing of words, in which a sigma at the end differs. */
const fold = (name: string): string =>
  Array.from(name, (character) => character.toLowerCase()).join("");

const swapCase = (name: string): string =>
  name.replace(/[a-z]/gi, (letter) =>
    letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase(),
  );

/** Whether a name in other letters is the same file; `undefined` if that tells nothing. */
function* asks(directory: string, name: string, stats: FileStats): Steps<boolean | undefined> {
  const other = swapCase(name);
  if (other === name) return undefined;
  const found = yield* attempt(lstat(joinName(directory, other)));
  if (!found.ok) return false;
  const same = sameIdentity(found.value, stats);
  if (same !== true || stats.isDirectory() || stats.nlink <= 1n) return same;
  // Two names of one file may differ in their case on any disk.
  const names = yield* attempt(readdir(directory));
  return names.ok ? !(names.value.includes(name) && names.value.includes(other)) : undefined;
}

function* asksAnyEntry(directory: string): Steps<boolean | undefined> {
  for (const name of yield* someNames(directory)) {
    const found = yield* attempt(lstat(joinName(directory, name)));
    const folds = found.ok ? yield* asks(directory, name, found.value) : undefined;
    if (folds !== undefined) return folds;
  }
  return undefined;
}

interface Listing {
  read(): Promise<{ readonly name: string } | null>;
  close(): Promise<void>;
}

/** A few names that have letters: of a large directory not all are read. */
function* someNames(directory: string): Steps<string[]> {
  const opened = yield* attempt(nodeOpendir(directory, { bufferSize: entriesRead }));
  if (!opened.ok) return [];
  const listing = opened.value as Listing;
  const names: string[] = [];
  try {
    for (let read = 0; read < entriesRead && names.length < 3; read++) {
      const entry = yield* attempt(wait(listing.read()));
      if (!entry.ok || entry.value === null) break;
      const { name } = entry.value;
      if (/[a-z]/i.test(name) && !name.includes("\uFFFD")) names.push(name);
    }
  } finally {
    yield* attempt(wait(listing.close()));
  }
  return names;
}
