/** How a new version takes the place of the old one. */

import { basename } from "node:path";
import { O_APPEND, O_CREAT, O_EXCL } from "../../calls/constants.ts";
import { isLockName } from "../name-patterns.ts";
import type { TracedCall } from "../trace.ts";
import type { Lint, Suspicion } from "./lint.ts";
import type { TracedFile, TracedFiles } from "./traced-files.ts";

interface Taken {
  readonly file: TracedFile;
  readonly call: TracedCall;
}

/**
 * A name with content that others may read must never be missing. What is hard is to tell it from a
 * lock, which must be missing now and then: both are removed, and made again with O_EXCL. A lock is
 * known by its name, by being empty, by being removed again, or by having been made in the same way
 * before. What a plain `open` makes, or a rename brings, is no lock; a log is appended to, and nobody
 * misses an old one.
 */
export function replacement(): Lint {
  /** What was taken away since the last acknowledgement. */
  const gone = new Map<string, Taken>();
  /** A new one is there; it may turn out to be staged (it goes on before anybody is told), or a lock. */
  const perhapsStaged = new Map<string, Suspicion>();
  const perhapsLock = new Map<string, Suspicion>();
  return {
    *end(call, files) {
      if (call.error !== undefined) return;
      if (call.name === "unlink" || call.name === "rename") {
        const from = call.paths[0]!;
        perhapsStaged.delete(from);
        perhapsLock.delete(from);
        const file = files.at(from);
        if (heldContent(file) && !isMovedOn(file, call)) gone.set(from, { file, call });
      }
      const path = arrivesAt(call);
      const taken = path === undefined ? undefined : gone.get(path);
      if (path === undefined || taken === undefined) return;
      gone.delete(path);
      const suspicion: Suspicion = { rule: "name-gone", path, call: taken.call };
      if (call.name === "rename") yield suspicion;
      else if (!isExclusive(call)) perhapsStaged.set(path, suspicion);
      else if (!isKnownLock(path, taken.file, call, files)) perhapsLock.set(path, suspicion);
    },

    ack() {
      gone.clear(); // removed, and said so: what comes later is something new
      const found = [...perhapsStaged.values()];
      perhapsStaged.clear();
      return found;
    },

    *finish(files) {
      yield* perhapsStaged.values();
      for (const [path, suspicion] of perhapsLock) {
        if (heldContent(files.at(path))) yield suspicion;
      }
    },
  };
}

/** Of a file that was there before nobody knows: it is taken to have some. */
function heldContent({ made, filled }: TracedFile): boolean {
  if (made === undefined || filled || made.name === "symlink") return true;
  return made.name === "open" && made.existed === true;
}

/** A staged file that goes where it belongs. */
const isMovedOn = ({ made, firstPath }: TracedFile, { name, paths }: TracedCall): boolean =>
  name === "rename" && made !== undefined && firstPath === paths[0];

function isKnownLock(path: string, old: TracedFile, call: TracedCall, files: TracedFiles): boolean {
  if (isLockName(basename(path))) return true;
  if (call.name === "link") return files.at(call.paths[0]!) === old;
  const { made } = old;
  if (made?.name !== call.name || old.firstPath !== path) return false;
  return call.name === "symlink" ? made.paths[0] === call.paths[0] : isExclusive(made);
}

/** `link` and `symlink` never replace anything either. */
const isExclusive = ({ name, args }: TracedCall): boolean =>
  name !== "open" || ((args[1] as number) & O_EXCL) !== 0;

/** Where a new version is put. A log, which is appended to, is none. */
function arrivesAt({ name, args, paths }: TracedCall): string | undefined {
  if (name === "rename" || name === "link" || name === "symlink") return paths[1];
  if (name !== "open") return undefined;
  return ((args[1] as number) & (O_CREAT | O_APPEND)) === O_CREAT ? paths[0] : undefined;
}
