import {
  all,
  attempt,
  close,
  closeFlushed,
  commitPoint,
  currentUmask,
  errorCode,
  fchmod,
  fchown,
  fstat,
  fsync,
  inline,
  isAborted,
  link,
  lstat,
  open,
  openFlags,
  permissionBits,
  Refusal,
  rename,
  sameIdentity,
  unlink,
  wait,
  type FileStats,
  type Handle,
  type Operation,
  type Steps,
} from "@holdfast/fs/steps";
import {
  makeDirectories,
  openForSync,
  syncDirectory,
  type Synced,
} from "../durable/directories.ts";
import { directoryOf, joinName, nameOf } from "../durable/paths.ts";
import { renameWithRetrySteps } from "../durable/rename.ts";
import { newStagedName } from "../staging/staged-name.ts";
import { registerStaged, unregisterStaged } from "../staging/staged-registry.ts";
import { isPromise, writeContent, type Content } from "./content.ts";
import { writeInPlace } from "./in-place.ts";
import type { ReplaceFileReceipt, Request } from "./options.ts";
import { resolveLink } from "./resolve-link.ts";
import { endTurn, settleTurn, takeTurn, type Turn } from "./target-queue.ts";
import { checkContent, checkStats, versionOf } from "./version.ts";

/** A staged file: beside its target, with a name that nobody can guess. */
export interface StagedFile {
  readonly path: string;
  /** `undefined` once it is closed. */
  handle: Handle | undefined;
}

type Lost = ReplaceFileReceipt["lost"][number];

/** What a rename may fail with where writing in place still can succeed. */
const renameImpossible: ReadonlySet<string> = new Set(["EBUSY", "EXDEV", "EACCES", "EPERM"]);
/** What creating a staged file may fail with where the target itself may be writable. */
const stagingImpossible: ReadonlySet<string> = new Set(["EACCES", "EPERM", "EROFS"]);
/** What setting metadata fails with on file systems that have none. */
const notKept: ReadonlySet<string> = new Set([
  "EPERM",
  "ENOTSUP",
  "EOPNOTSUPP",
  "ENOSYS",
  "EINVAL",
]);

/** Another process may remove a directory, or change a link, while we look: then we look again. */
const maxLooks = 8;

/**
 * The replacement of one file, in the acts `prepare`, `write`, `seal`, `publish`; or, at any moment
 * before the commit point, `discard`.
 */
export class Replacement {
  readonly operation: Operation;
  readonly request: Request;

  /** Where links led. */
  path: string;
  existing: FileStats | undefined;
  staged: StagedFile | undefined;
  /** Why the directory allows no staged file, where only the target itself can be written. */
  stagingError: unknown;
  private unstaged: Uint8Array | undefined;
  private directory: Handle | undefined;
  /** The staged file as it was created: which owner and group this file system gave it. */
  private own: FileStats | undefined;
  private turn: Turn | undefined;
  private bytes = 0;
  private inPlace = false;
  private readonly lost: Lost[] = [];
  private mode: number | undefined;
  /** Where the staged file must be closed before it is renamed. */
  private closedStats: FileStats | undefined;

  constructor(operation: Operation, request: Request) {
    this.operation = operation;
    this.request = request;
    this.path = request.target;
  }

  /** Waits for its turn, finds out what the target is, and stages a file beside it. */
  *prepare(): Steps<void> {
    const { operation, request } = this;
    if (["", ".", ".."].includes(nameOf(request.target))) throw new Refusal("EISDIR");
    // A synchronous call cannot wait for an asynchronous one that is under way.
    if (!operation.synchronous) this.turn = yield* takeTurn(operation, request.target);
    for (let looks = 1; ; looks++) {
      const [found, , staged] = yield* all([
        attempt(lstat(this.path)),
        this.openDirectory(),
        attempt(this.stage()),
      ]);
      if (!found.ok && errorCode(found.error) !== "ENOENT") throw found.error;
      this.existing = found.ok ? found.value : undefined;
      if (this.follows()) {
        yield* this.release();
        this.path = yield* resolveLink(this.path);
        if (["", ".", ".."].includes(nameOf(this.path))) throw new Refusal("EISDIR");
      } else {
        this.refuse();
        if (!staged.ok && errorCode(staged.error) === "ENOENT" && looks < maxLooks) {
          yield* this.release();
          yield* makeDirectories(
            operation,
            directoryOf(this.path),
            request.dirMode,
            request.syncParentDir,
          );
        } else if (!(yield* this.settle())) {
          if (!staged.ok) this.withoutStaging(staged.error);
          if (this.staged?.handle !== undefined) this.own = yield* fstat(this.staged.handle);
          yield* this.checkWritable();
          return;
        } else {
          yield* this.release();
        }
      }
      if (looks > maxLooks) throw new Refusal("ERR_CHANGED");
    }
  }

  /** Lets other calls for this file go ahead while the staged file is being written. */
  leaveQueue(): void {
    if (this.turn !== undefined) endTurn(this.operation, this.turn);
    this.turn = undefined;
  }

  /** Waits for its turn again, and looks at the target again: it may be another file by now. */
  *retakeTurn(): Steps<void> {
    this.turn = yield* takeTurn(this.operation, this.path);
    yield* this.settle();
    const found = yield* attempt(lstat(this.path));
    if (!found.ok && errorCode(found.error) !== "ENOENT") throw found.error;
    this.existing = found.ok ? found.value : undefined;
    if (this.follows()) {
      throw new Refusal("ERR_CHANGED", { problem: "the file has become a symbolic link" });
    }
    this.refuse();
    yield* this.checkWritable();
  }

  /** Writes the content, and gives the file its owner and mode. */
  *write(content: Content): Steps<void> {
    const { staged, own } = this;
    if (staged?.handle === undefined || own === undefined) {
      // Pieces that cannot be staged would have to go over the file one by one as they come.
      if (content.kind === "pieces") throw this.stagingError;
      this.unstaged = content.bytes;
      return;
    }
    const { handle } = staged;
    const mode = this.wantedMode();
    if (this.ownersDiffer(own) || (mode & 0o6000) !== 0) {
      // A write takes the set-id bits away, and so does chown(2); and before the group is right,
      // the group's permissions would be those of another group.
      this.bytes = yield* writeContent(this.operation, handle, content);
      yield* this.setMetadata(handle, own, mode);
    } else {
      [this.bytes] = yield* all([
        writeContent(this.operation, handle, content),
        this.setMode(handle, own, mode),
      ]);
    }
  }

  /** The metadata of a staged file that was written piece by piece. */
  *finish(bytes: number): Steps<void> {
    const { staged, own } = this;
    if (staged?.handle === undefined || own === undefined) throw new Refusal("ERR_CLOSED");
    this.bytes = bytes;
    yield* this.setMetadata(staged.handle, own, this.wantedMode());
  }

  /** Flushes the staged file, calls `beforeRename`, puts the file into place, flushes the directory. */
  *publish(): Steps<ReplaceFileReceipt> {
    const { operation, request, staged } = this;
    if (staged?.handle !== undefined && request.syncTempFile) yield* fsync(staged.handle);
    yield* this.callBeforeRename();
    if (request.ifMatch !== undefined) yield* this.checkAgain();
    if (this.inPlace || staged === undefined) return yield* this.publishInPlace("in-place");
    if (staged.handle !== undefined && !operation.platform.rename.sourceMayBeOpen) {
      this.closedStats = yield* fstat(staged.handle);
      yield* this.closeStaged(staged);
    }
    yield* commitPoint();
    if (request.exclusive || isAbsent(request.ifMatch)) {
      yield* this.linkIntoPlace(staged);
      return yield* this.conclude("link");
    }
    const fallback = yield* this.renameIntoPlace(staged);
    if (fallback !== undefined) return yield* this.publishInPlace(fallback);
    return yield* this.conclude("rename");
  }

  /**
   * Gives up what is held: closes, removes the staged file unless it has become the target or is kept
   * on purpose, leaves the queue. Does nothing the second time.
   */
  *discard(): Steps<void> {
    yield* this.release();
    this.leaveQueue();
  }

  private follows(): boolean {
    const { existing, request } = this;
    return (
      existing?.isSymbolicLink() === true && request.symlinks === "follow" && !request.exclusive
    );
  }

  /** Refuses what this file, as it is, must not be replaced by or as. */
  private refuse(): void {
    const { existing, request } = this;
    checkStats(request.ifMatch, existing);
    if (existing === undefined) return;
    if (request.exclusive) throw new Refusal("EEXIST");
    if (existing.isSymbolicLink()) {
      if (request.symlinks === "refuse") throw new Refusal("ERR_SYMLINK");
      return;
    }
    if (existing.isDirectory()) throw new Refusal("EISDIR");
    if (!existing.isFile()) throw new Refusal("ERR_NOT_FILE");
    if (existing.nlink > 1n && request.hardlinks === "refuse") throw new Refusal("ERR_HARDLINK");
    this.inPlace = existing.nlink > 1n && request.hardlinks === "preserve";
  }

  /** Whether there is a file that is replaced as a file: not a link that is replaced itself. */
  private replaced(): FileStats | undefined {
    return this.existing?.isFile() === true ? this.existing : undefined;
  }

  private *openDirectory(): Steps<void> {
    if (!this.request.syncParentDir) return;
    const opened = yield* attempt(openForSync(this.operation, directoryOf(this.path)));
    if (opened.ok) this.directory = opened.value;
    // A missing directory is noticed by staging, and made.
    else if (errorCode(opened.error) !== "ENOENT") throw opened.error;
  }

  private *stage(): Steps<void> {
    const { operation, request } = this;
    const flags = openFlags.readWrite | openFlags.create | openFlags.exclusive | openFlags.noFollow;
    for (let tried = 1; ; tried++) {
      const path = joinName(directoryOf(this.path), newStagedName(request.tempPrefix));
      if (!operation.synchronous) registerStaged(path, operation.fileSystem);
      const opened = yield* attempt(open(path, flags, 0o600));
      if (opened.ok) {
        this.staged = { path, handle: opened.value };
        return;
      }
      unregisterStaged(path);
      if (errorCode(opened.error) !== "EEXIST") {
        // It may have been created although the call failed, as on a network file system.
        yield* attempt(unlink(path));
        throw opened.error;
      }
      if (tried === maxLooks) throw opened.error;
    }
  }

  private *settle(): Steps<boolean> {
    if (this.turn === undefined) return false;
    let directory: string | undefined;
    if (this.directory !== undefined) {
      const { dev, ino } = yield* fstat(this.directory);
      if (ino !== 0n) directory = `${dev}:${ino}`;
    }
    return yield* settleTurn(this.operation, this.turn, { directory, name: nameOf(this.path) });
  }

  private withoutStaging(error: unknown): void {
    const allowed =
      this.replaced() !== undefined &&
      this.request.inPlaceFallback &&
      stagingImpossible.has(errorCode(error) ?? "");
    if (!allowed) throw error;
    this.inPlace = true;
    this.stagingError = error;
  }

  /** Fails as plain writing would where the caller may not write the file. */
  private *checkWritable(): Steps<void> {
    const existing = this.replaced();
    if (existing === undefined || this.request.readonly === "override") return;
    // Whoever owns what we create may write what they own: no need to ask.
    if (this.own?.uid === existing.uid && (existing.mode & 0o200n) !== 0n) return;
    const flags = openFlags.writeOnly | openFlags.noFollow | openFlags.nonBlocking;
    const opened = yield* attempt(open(this.path, flags));
    if (opened.ok) {
      yield* closeFlushed(opened.value);
      return;
    }
    const code = errorCode(opened.error);
    // A running program cannot be opened for writing, but its name can be given to a new file. Gone
    // or changed in the meantime: the replacement itself will find out.
    if (code === "ETXTBSY" || code === "ENOENT" || code === "ELOOP") return;
    throw opened.error;
  }

  private wantedMode(): number {
    const existing = this.replaced();
    if (existing !== undefined && this.request.preserveExistingMode) {
      this.mode = permissionBits(existing);
    }
    this.mode ??= this.request.mode ?? 0o666 & ~currentUmask();
    return this.mode;
  }

  private ownersDiffer(own: FileStats): boolean {
    const existing = this.replaced();
    if (existing === undefined || !this.operation.platform.owners) return false;
    return own.uid !== existing.uid || own.gid !== existing.gid;
  }

  private *setMetadata(handle: Handle, own: FileStats, mode: number): Steps<void> {
    const owned = yield* this.setOwner(handle, own);
    yield* this.setMode(handle, owned, mode);
  }

  /** Gives the staged file the owner and group of the target, and looks whether it has them. */
  private *setOwner(handle: Handle, own: FileStats): Steps<FileStats> {
    const existing = this.replaced();
    if (existing === undefined || !this.ownersDiffer(own)) return own;
    const { ownership, inPlaceFallback } = this.request;
    let now = own;
    if (ownership !== "ignore") {
      const changed = yield* attempt(fchown(handle, Number(existing.uid), Number(existing.gid)));
      if (!changed.ok && !notKept.has(errorCode(changed.error) ?? "")) throw changed.error;
      now = yield* fstat(handle);
      if (!this.ownersDiffer(now)) return now;
      if (ownership === "refuse" || !inPlaceFallback) {
        throw new Refusal("ERR_OWNERSHIP", {
          hint: 'Use ownership: "ignore" to give the file to the caller.',
          cause: changed.ok ? undefined : changed.error,
        });
      }
      this.inPlace = true;
      return now;
    }
    if (now.uid !== existing.uid) this.lost.push("owner");
    if (now.gid !== existing.gid) this.lost.push("group");
    return now;
  }

  private *setMode(handle: Handle, own: FileStats, mode: number): Steps<void> {
    // A file that is written over in place keeps its own mode; the staged one stays private.
    if (this.inPlace || !this.operation.platform.modes || permissionBits(own) === mode) return;
    const changed = yield* attempt(fchmod(handle, mode));
    if (changed.ok) return;
    if (!notKept.has(errorCode(changed.error) ?? "")) throw changed.error;
    this.lost.push("mode");
  }

  private *callBeforeRename(): Steps<void> {
    const { beforeRename, filePath } = this.request;
    if (beforeRename === undefined) return;
    try {
      const answer: unknown = beforeRename({ filePath, tempPath: this.staged?.path ?? "" });
      if (!isPromise(answer)) return;
      if (this.operation.synchronous) {
        answer.then(undefined, () => {}); // its failure has nobody else to go to
        throw new TypeError("beforeRename returned a promise to a synchronous call");
      }
      yield* wait(answer);
    } catch (error) {
      if (isAborted(error)) throw error;
      throw new Refusal("ERR_HOOK", { problem: "beforeRename failed", cause: error });
    }
  }

  /** `ifMatch` once more: staging and the hook took their time. */
  private *checkAgain(): Steps<void> {
    const found = yield* attempt(lstat(this.path));
    if (!found.ok && errorCode(found.error) !== "ENOENT") throw found.error;
    const existing = found.ok ? found.value : undefined;
    yield* checkContent(this.operation, this.request.ifMatch, existing, this.path);
  }

  /**
   * Returns how to go on where the rename is impossible and there is another way. A rename that says
   * that it failed may have happened all the same: then the error says so.
   */
  private *renameIntoPlace(staged: StagedFile): Steps<"in-place" | "copy" | undefined> {
    try {
      yield* renameWithRetrySteps(this.operation, staged.path, this.path, this.request.retry, () =>
        this.guarded(rename(staged.path, this.path)),
      );
    } catch (error) {
      yield* this.judge(staged);
      if (this.operation.effect !== "none") throw error;
      const fallback = this.fallbackFor(errorCode(error) ?? "");
      if (fallback === undefined) throw error;
      return fallback;
    }
    this.operation.effect = "complete";
    return undefined;
  }

  /** Puts into place: behind the guard and at once, where there is one. */
  private *guarded<T>(steps: Steps<T>): Steps<T> {
    const { guard } = this.request;
    if (guard === undefined) return yield* steps;
    guard();
    return yield* inline(steps);
  }

  /** Whether a staged file whose publication failed has become the target nevertheless. */
  private *judge(staged: StagedFile): Steps<void> {
    const { operation } = this;
    const left = yield* attempt(lstat(staged.path));
    if (left.ok) {
      operation.effect = "none";
      return;
    }
    const target = yield* attempt(lstat(this.path));
    const own = staged.handle === undefined ? undefined : yield* attempt(fstat(staged.handle));
    const arrived =
      target.ok && own?.ok === true ? sameIdentity(target.value, own.value) : undefined;
    operation.effect =
      errorCode(left.error) === "ENOENT" && arrived === true ? "complete" : "unknown";
  }

  private fallbackFor(code: string): "in-place" | "copy" | undefined {
    const { request, existing } = this;
    if (existing?.isSymbolicLink() === true) return undefined; // it would be written through
    if (request.copyFallbackOnPermissionError && (code === "EPERM" || code === "EEXIST")) {
      return "copy";
    }
    return request.inPlaceFallback && renameImpossible.has(code) ? "in-place" : undefined;
  }

  /** link(2) never replaces: whoever comes second gets EEXIST. */
  private *linkIntoPlace(staged: StagedFile): Steps<void> {
    const { operation, request } = this;
    const linked = yield* attempt(link(staged.path, this.path));
    if (!linked.ok) {
      const [target, own] = [yield* attempt(lstat(this.path)), yield* attempt(lstat(staged.path))];
      const arrived = target.ok && own.ok && sameIdentity(target.value, own.value) === true;
      operation.effect = arrived ? "complete" : "none";
      if (!arrived && errorCode(linked.error) === "EEXIST" && !request.exclusive) {
        throw new Refusal("ERR_CHANGED", { cause: linked.error });
      }
      throw linked.error;
    }
    operation.effect = "complete";
  }

  private *publishInPlace(method: "in-place" | "copy"): Steps<ReplaceFileReceipt> {
    const { operation, request, staged } = this;
    if (staged !== undefined && request.syncParentDir) {
      // The staged file is what is left if a crash interrupts the writing: it must be findable.
      yield* syncDirectory(operation, directoryOf(this.path), this.directory);
    }
    const writing = writeInPlace(operation, {
      path: this.path,
      existing: this.replaced(),
      staged,
      unstaged: this.unstaged,
      mode: this.wantedMode(),
      sync: request.syncTempFile,
      bytes: this.bytes,
    });
    const result = yield* this.guarded(writing);
    this.bytes = result.bytes;
    if (!result.modeKept) this.lost.push("mode");
    return yield* this.conclude(method, result.stats);
  }

  /** Flushes the directory, closes, and says what was done. */
  private *conclude(
    method: ReplaceFileReceipt["method"],
    inPlaceStats?: FileStats,
  ): Steps<ReplaceFileReceipt> {
    const { operation, request, staged } = this;
    const existing = this.replaced();
    if (staged !== undefined && method !== "rename") yield* this.removeStaged(staged);
    if (staged !== undefined) unregisterStaged(staged.path);
    const stats = inPlaceStats ?? (yield* this.statsInPlace(staged!));
    if (method === "rename" && staged !== undefined && stats.nlink > 1n) {
      // rename(2) does nothing at all if both names are one file already (a hook linked them): the
      // staged name is still there.
      yield* attempt(unlink(staged.path));
    }
    if (existing !== undefined && existing.nlink > 1n && method === "rename") {
      this.lost.push("hardlinks");
    }
    let directory: Synced = false;
    if (request.syncParentDir) {
      directory = yield* syncDirectory(operation, directoryOf(this.path), this.directory);
    }
    yield* this.close();
    return {
      path: this.path,
      method,
      created: this.existing === undefined,
      bytes: this.bytes,
      synced: { file: request.syncTempFile, directory },
      lost: this.lost,
      version: versionOf(stats),
    };
  }

  /** What the published file is now. By its handle, where there is one: the name may have moved on. */
  private *statsInPlace(staged: StagedFile): Steps<FileStats> {
    if (staged.handle !== undefined) return yield* fstat(staged.handle);
    const found = yield* attempt(lstat(this.path));
    const own = this.closedStats;
    if (found.ok && (own === undefined || sameIdentity(found.value, own) !== false)) {
      return found.value;
    }
    if (own === undefined) throw new Refusal("ERR_CHANGED");
    return own;
  }

  private *removeStaged(staged: StagedFile): Steps<void> {
    const removed = yield* attempt(unlink(staged.path));
    if (removed.ok || errorCode(removed.error) === "ENOENT") return;
    this.operation.leftovers.push(staged.path);
    throw removed.error;
  }

  private *closeStaged(staged: StagedFile): Steps<void> {
    const { handle } = staged;
    if (handle === undefined) return;
    staged.handle = undefined;
    yield* this.request.syncTempFile ? closeFlushed(handle) : close(handle);
  }

  /** The closes of a success: one that fails is reported. */
  private *close(): Steps<void> {
    const { directory, staged } = this;
    this.directory = undefined;
    this.staged = undefined;
    yield* all([
      staged === undefined ? nothing() : this.closeStaged(staged),
      directory === undefined ? nothing() : closeFlushed(directory),
    ]);
  }

  /** Closes and removes what is held, so that `prepare` can look again or the call can end. */
  private *release(): Steps<void> {
    const { operation, directory, staged } = this;
    this.directory = undefined;
    this.staged = undefined;
    if (directory !== undefined) yield* operation.cleanUp(closeFlushed(directory));
    if (staged === undefined) return;
    if (staged.handle !== undefined) yield* operation.cleanUp(close(staged.handle));
    staged.handle = undefined;
    unregisterStaged(staged.path);
    if (operation.leftovers.includes(staged.path)) return; // kept on purpose, or could not be removed
    // With "complete" it has become the target, or is named in `leftovers`.
    yield* operation.cleanUp(this.removeStaged(staged));
  }
}

const isAbsent = (ifMatch: Request["ifMatch"]): boolean =>
  typeof ifMatch === "object" && "absent" in ifMatch;

function* nothing(): Steps<void> {}
