import {
  attempt,
  closeFlushed,
  directoryOf,
  fdatasync,
  Refusal,
  resolveLink,
  type Operation,
  type Steps,
} from "@holdfast/fs/steps";
import type { HeldLock } from "@holdfast/lock/steps";
import type { TornEnd } from "./cut-back.ts";
import { makeMissing } from "../../target/make-directories.ts";
import { healTail } from "./heal-tail.ts";
import { lockLog } from "./log-lock.ts";
import {
  canBeClosed,
  inItsHalf,
  openLogFile,
  refuseNoFile,
  type OpenedFile,
} from "./open-log-file.ts";
import type { LogHealing } from "../options.ts";
import type { LogSettings } from "./read-settings.ts";

/** A log that is open, for protocols. */
export interface OpenLog {
  readonly settings: LogSettings;
  readonly healed: LogHealing | undefined;
  /** Where links led when it was opened. */
  path: string;
  opened: OpenedFile;
  /** A share. */
  lock: HeldLock;
  /** How long it is if nobody else has written since we did: then it ends with our newline. */
  end: bigint | undefined;
  /** What is left at its end of a record of ours that could not be written. */
  torn: TornEnd | undefined;
  /** How often it was written, and how much of that is on the device. */
  written: number;
  flushed: number;
  /** The flush that failed; `told` once somebody got it as an error. */
  poison: { readonly error: unknown; told: boolean } | undefined;
  /** Files that had the name before, to be closed when nothing is under way on them. */
  retired: OpenedFile[];
  /** The process is ending: nothing may be waited for. */
  ending: boolean;
}

/** Opens a log, heals its end if nobody else has it open, and holds a share of its lock. */
export function* openLog(operation: Operation, settings: LogSettings): Steps<OpenLog> {
  const { file, mode, dirMode, maxRecordBytes } = settings;
  const path = yield* resolveLink(file.path);
  yield* refuseNoFile(path);
  const onMade = (): void => {
    operation.effect = "partial";
  };
  yield* makeMissing(operation, directoryOf(path), { dirMode, onMade });
  const { lock, alone } = yield* lockLog(operation, file, path);
  try {
    const opened = yield* openLogFile(operation, path, mode, () => {});
    try {
      const healed = alone ? yield* healTail(operation, path, opened, maxRecordBytes) : undefined;
      if (healed?.quarantine !== undefined) operation.leftovers.push(healed.quarantine);
      if (alone) yield* lock.share(operation);
      const nothing = { end: undefined, torn: undefined, written: 0, flushed: 0 };
      const log = { settings, healed, path, opened, lock, ...nothing };
      return { ...log, poison: undefined, retired: [], ending: false };
    } catch (error) {
      yield* operation.cleanUp(closeFlushed(opened.handle));
      throw error;
    }
  } catch (error) {
    yield* operation.cleanUp(lock.release(operation));
    throw error;
  }
}

/**
 * Flushes what was written. A flush that fails is the last one: the next one would say that all is
 * well, and what this one should have flushed may be gone (see docs/guarantees/power-loss.md).
 */
export function* flushLog(log: OpenLog): Steps<void> {
  if (log.poison !== undefined) throw poisoned(log.poison.error);
  const { written } = log;
  if (log.flushed >= written) return;
  // The size is flushed too where the data cannot be read without it (fdatasync(2)).
  for (const opened of [...log.retired, log.opened]) {
    const flushed = yield* attempt(inItsHalf(opened, fdatasync(opened.handle)));
    if (flushed.ok) continue;
    log.poison ??= { error: flushed.error, told: false };
    throw flushed.error;
  }
  log.flushed = Math.max(log.flushed, written);
}

/** The refusal of everything that comes after a failed flush. */
export function poisoned(cause: unknown): Refusal {
  return new Refusal("ERR_POISONED", {
    cause,
    hint: "Read the log to see what is in it, and open it again",
  });
}

/** Closes the files that had the name before. Not while a call is under way on them. */
export function* closeRetired(operation: Operation, log: OpenLog): Steps<void> {
  if (log.retired.length === 0) return;
  // A batch that was on its way when `appendSync` opened another file went to the old one.
  if (log.poison === undefined) yield* operation.cleanUp(flushLog(log));
  const closed = log.retired.filter((opened) => canBeClosed(operation, opened));
  log.retired = log.retired.filter((opened) => !canBeClosed(operation, opened));
  for (const opened of closed) {
    yield* operation.cleanUp(inItsHalf(opened, closeFlushed(opened.handle)));
  }
}
