import { errorCode, Refusal } from "@holdfast/fs/steps";
import type { OpenSpillStoreOptions } from "./options.ts";
import { readStoreOptions } from "./settings/read-options.ts";
import type { StoreSettings } from "./settings/settings.ts";
import type { SpillStore } from "./spill-store.ts";
import { errorOf } from "./store/errors.ts";
import { HeldStore } from "./store/held-store.ts";
import { shareLedger } from "./store/ledger.ts";
import { Litter } from "./store/litter.ts";
import { storeDirectory, type StoreDirectory } from "./store/open-directory.ts";
import type { OpenSession } from "./store/open-session.ts";
import { makeSession } from "./store/prepare-session.ts";
import { ReadBack } from "./store/read-back.ts";
import { removeStaged } from "./store/remove-session.ts";
import { countStore } from "./store/session-files.ts";
import { SessionLock } from "./store/session-lock.ts";
import { Turns } from "./store/turns.ts";

const op = "openSpillStore";

/**
 * Opens the store of a session: a directory in which output is kept that is too big to be shown, and which goes when
 * the session ends.
 *
 * Afterwards `<root>/<session>` is there, 0700, and a share of the session's lock, `<root>/<session>.lock`, is
 * held until the store is closed. What a killed process left of files that it was writing is removed, if
 * nobody else has the session open; whole files stay, and their refs hold. How much is on disk is
 * counted.
 *
 * Promised: nothing outside of `root` is read or changed. A link that is planted in the place of the store, the
 * session or a file of it is never followed. Budgets hold for all stores that are open in this process, however
 * many calls are made at once.
 *
 * Not promised: that two processes cannot exceed a budget together; what the other has written is counted when a
 * store is opened, and before it refuses an output. That another process of the same user leaves the files
 * alone: `resolve` and `read` find out.
 *
 * @throws `TypeError` or `RangeError` (`ERR_INVALID_ARG`), before any I/O, for bad options
 * @throws `HoldfastError`, effect `"none"` or `"partial"` (empty directories may have been made): the errno of the file
 *   system (`EACCES`, `EROFS`, `ENOSPC`); `ERR_SYMLINK`, `ENOTDIR` if something else is in the place of the
 *   store or the session; `EEXIST` if the session's directory holds something and was not made by a store;
 *   `ERR_LOCK_TIMEOUT` if somebody is ending the session and does not get done; `ERR_UNSUPPORTED` on file systems
 *   without hard links (FAT)
 *
 * @example
 * ```ts
 * await using store = await openSpillStore({ root: ".agent/output", session: "s-1" });
 * const result = await store.spill("bash-1", output);
 * show(result.spilled ? result.stub : result.content);
 * ```
 */
export async function openSpillStore(options: OpenSpillStoreOptions): Promise<SpillStore> {
  const settings = readStoreOptions(op, options);
  const open = storeDirectory(op, options.root, options.fileSystem, settings.durable);
  let shown = settings.session;
  try {
    const directory = await open();
    shown = directory.shown;
    return new HeldStore(await openSession(directory, settings));
  } catch (error) {
    if (errorCode(error) === "ERR_INVALID_ARG") throw error;
    const refusal = error instanceof Refusal ? { code: error.code, ...error.details } : {};
    throw errorOf(op, shown, error instanceof Refusal ? error.details.cause : error, {
      effect: "partial",
      ...refusal,
    });
  }
}

async function openSession(
  directory: StoreDirectory,
  settings: StoreSettings,
): Promise<OpenSession> {
  const { root, fileSystem, shown } = directory;
  const { session, durable } = settings;
  let lock: SessionLock | undefined;
  let leave: (() => void) | undefined;
  try {
    const make = (): Promise<void> => makeSession(root, session);
    lock = await SessionLock.take(op, root, session, async () => {
      await make();
      await removeStaged(root, session);
    });
    await make();
    const { dev, ino } = await root.stat(".", { bigint: true });
    const shared = shareLedger(fileSystem, `${dev}:${ino}`);
    const { ledger } = shared;
    leave = shared.leave;
    const recount = (): Promise<void> => ledger.recount(() => countStore(root));
    await recount();
    const readBack = new ReadBack(root, session);
    const litter = new Litter(root, (path) => ledger.removed(path));
    return {
      place: { root, session, durable, readBack, makeDirectories: make },
      settings,
      ledger,
      litter,
      turns: new Turns(),
      recount,
      root,
      shown,
      lock,
      readBack,
      leave,
      pathOf: (path) => directory.pathOf(path),
    };
  } catch (error) {
    leave?.();
    await lock?.release(op).catch(() => {}); // what made it fail is what there is to report
    await root.close();
    throw error;
  }
}
