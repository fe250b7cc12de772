import {
  all,
  attempt,
  type Attempt,
  close,
  closeFlushed,
  directoryOf,
  errorCode,
  type FileStats,
  fstat,
  type Handle,
  joinName,
  lstat,
  nameOf,
  open,
  openFlags,
  type Operation,
  Refusal,
  resolveLink,
  stat,
  type Steps,
  unlink,
} from "@holdfast/fs/steps";
import { directoryIdentity, makeDirectories, openForSync } from "../durable/directories.ts";
import { newStagedName } from "../staging/staged-name.ts";
import { registerStaged, unregisterStaged } from "../staging/staged-registry.ts";
import { writeContent, type Content } from "./content.ts";
import { swapped } from "./in-place.ts";
import { giveMode, giveOwner, ownersDiffer, wantedMode } from "./metadata.ts";
import type { ReplaceFileReceipt, Request } from "./options.ts";
import { checkWritable, follows, refuseByPolicy, refuseDirectoryPath } from "./target.ts";
import { endTurn, settleTurn, takeTurn, type Turn } from "./target-queue.ts";

/** A staged file: beside its target, with a name that nobody can guess. */
export interface StagedFile {
  readonly path: string;
  /** `undefined` once it is closed. */
  handle: Handle | undefined;
}

type Lost = ReplaceFileReceipt["lost"][number];

/** What creating a staged file may fail with where the target itself may be writable. */
const stagingImpossible: ReadonlySet<string> = new Set(["EACCES", "EPERM", "EROFS"]);
/** Another process may remove a directory, or change a link, while we look: then we look again. */
const maxLooks = 8;

/**
 * The replacement of one file: `prepare`, then `write` (or `finish`, if it was written piece by
 * piece), then `publish` of publication.ts; and in the end, whatever happened, `discard`.
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
  /** The content, in that case. */
  unstaged: Uint8Array | undefined;
  directory: Handle | undefined;
  private directoryMissing = false;
  directoryIdentity: string | undefined;
  /** Which directory it is, where it is not held open. */
  private directoryStats: FileStats | undefined;
  /** The staged file as it was created: which owner and group this file system gave it. */
  private own: FileStats | undefined;
  private turn: Turn | undefined;
  /** The call may be a part of a larger one, which has left something behind on purpose. */
  private readonly leftBefore: number;
  bytes = 0;
  /** To be written over, rather than renamed over. */
  inPlace = false;
  readonly lost: Lost[] = [];
  /** Whether others were told of the staged file, and may have changed it. */
  exposed = false;

  constructor(operation: Operation, request: Request) {
    this.operation = operation;
    this.request = request;
    this.path = request.target;
    this.leftBefore = operation.leftovers.length;
  }

  /** Waits for its turn, finds out what the target is, and stages a file beside it. */
  *prepare(): Steps<void> {
    const { operation, request } = this;
    refuseDirectoryPath(request.target);
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
      if (follows(request, this.existing)) {
        yield* this.startOver();
        this.path = yield* resolveLink(this.path);
        refuseDirectoryPath(this.path);
      } else {
        this.inPlace = refuseByPolicy(request, this.existing);
        const missing =
          this.directoryMissing || (!staged.ok && errorCode(staged.error) === "ENOENT");
        if (missing && !staged.ok && !request.parents) throw staged.error;
        if (missing && looks < maxLooks) {
          yield* this.startOver();
          yield* makeDirectories(
            operation,
            directoryOf(this.path),
            request.dirMode,
            request.syncParentDir,
          );
        } else if (!(yield* this.settle())) {
          if (!staged.ok) this.withoutStaging(staged.error);
          if (this.staged?.handle !== undefined) this.own = yield* fstat(this.staged.handle);
          yield* this.refuseUnwritable();
          return;
        } else {
          yield* this.startOver();
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
    if (follows(this.request, this.existing)) {
      throw swapped(undefined);
    }
    this.inPlace = refuseByPolicy(this.request, this.existing);
    yield* this.refuseUnwritable();
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
    // The source may end the process. (Where it is asynchronous this is known already.)
    if (content.kind === "pieces") registerStaged(staged.path, this.operation.fileSystem);
    const mode = wantedMode(this.request, this.replaced());
    if (ownersDiffer(this.operation, own, this.replaced()) || (mode & 0o6000) !== 0) {
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
    yield* this.setMetadata(staged.handle, own, wantedMode(this.request, this.replaced()));
  }

  /**
   * Gives up what is held: closes, removes the staged file unless it has become the target or is kept
   * on purpose, leaves the queue. Does nothing the second time.
   */
  *discard(): Steps<void> {
    yield* this.release();
    this.leaveQueue();
  }

  /** Whether there is a file that is replaced as a file: not a link that is replaced itself. */
  replaced(): FileStats | undefined {
    return this.existing?.isFile() === true ? this.existing : undefined;
  }

  private *openDirectory(): Steps<void> {
    const path = directoryOf(this.path);
    if (this.request.syncParentDir) {
      const opened = yield* attempt(openForSync(this.operation, path));
      if (opened.ok) this.directory = opened.value;
      this.directoryMissing = !opened.ok && errorCode(opened.error) === "ENOENT";
      if (!opened.ok && !this.directoryMissing) throw opened.error;
    }
    const settled = this.directory !== undefined || this.directoryMissing;
    if (settled || this.turn === undefined) return;
    // The queue must still know which directory it is. A name alone is taken for the same name in any
    // directory; and a `beforeRename` that writes a backup of that name elsewhere would wait for ever.
    const found = yield* attempt(stat(path));
    this.directoryStats = found.ok ? found.value : undefined;
  }

  private *stage(): Steps<void> {
    const { operation, request } = this;
    const flags = openFlags.readWrite | openFlags.create | openFlags.exclusive | openFlags.noFollow;
    for (let tried = 1; ; tried++) {
      const path = joinName(directoryOf(this.path), newStagedName(request.tempPrefix));
      // A synchronous call ends before anything else can end the process, except what it calls.
      const runsOthers = !operation.synchronous || request.beforeRename !== undefined;
      if (runsOthers) registerStaged(path, operation.fileSystem);
      let opened: Attempt<Handle> | undefined;
      try {
        opened = yield* attempt(open(path, flags, 0o600));
      } finally {
        if (opened?.ok !== true) unregisterStaged(path);
      }
      if (opened.ok) {
        this.staged = { path, handle: opened.value };
        return;
      }
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
    const stats = this.directory === undefined ? this.directoryStats : yield* fstat(this.directory);
    this.directoryIdentity = stats && directoryIdentity(stats);
    const directory = this.directoryIdentity;
    return yield* settleTurn(this.operation, this.turn, { directory, name: nameOf(this.path) });
  }

  private *refuseUnwritable(): Steps<void> {
    const replaced = this.replaced();
    if (replaced === undefined || this.request.readonly === "override") return;
    yield* checkWritable(this.path, replaced, this.own?.uid);
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

  private *setMetadata(handle: Handle, own: FileStats, mode: number): Steps<void> {
    const replaced = this.replaced();
    let now = own;
    if (replaced !== undefined && ownersDiffer(this.operation, own, replaced)) {
      const given = yield* giveOwner(this.operation, this.request, handle, own, replaced);
      if (given === "in-place") {
        this.inPlace = true;
        return;
      }
      now = given.now;
      this.lost.push(...given.lost);
    }
    yield* this.setMode(handle, now, mode);
  }

  private *setMode(handle: Handle, own: FileStats, mode: number): Steps<void> {
    // A file that is written over keeps its own mode; the staged one stays private.
    if (this.inPlace) return;
    if (!(yield* giveMode(this.operation, handle, own, mode))) this.lost.push("mode");
  }

  /** One that is there no more is removed too; one that cannot be is named in `leftovers`. */
  *removeStaged(staged: StagedFile): Steps<void> {
    const removed = yield* attempt(unlink(staged.path));
    if (removed.ok || errorCode(removed.error) === "ENOENT") return;
    this.operation.leftovers.push(staged.path);
    throw removed.error;
  }

  /** Closes the staged file after everything went well: a failure is reported. */
  *closeStaged(staged: StagedFile): Steps<void> {
    const { handle } = staged;
    if (handle === undefined) return;
    staged.handle = undefined;
    yield* this.request.syncTempFile ? closeFlushed(handle) : close(handle);
  }

  /** The closes of a success: one that fails is reported. */
  *close(): Steps<void> {
    const { directory, staged } = this;
    this.directory = undefined;
    this.staged = undefined;
    yield* all([
      staged === undefined ? nothing() : this.closeStaged(staged),
      directory === undefined ? nothing() : closeFlushed(directory),
    ]);
  }

  /** A success could not name a staged file that was left behind on the way: so that ends the call. */
  private *startOver(): Steps<void> {
    yield* this.release();
    const { leftovers, suppressed } = this.operation;
    if (leftovers.length > this.leftBefore) throw suppressed.pop();
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
    // Kept on purpose, or could not be removed. With "complete" it has become the target, or is named.
    const keep = operation.leftovers.includes(staged.path);
    if (!keep) yield* operation.cleanUp(this.removeStaged(staged));
    // Not before: the process may end while that call is under way.
    unregisterStaged(staged.path);
  }
}

function* nothing(): Steps<void> {}
