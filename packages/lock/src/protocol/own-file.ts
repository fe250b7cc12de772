import { randomBytes } from "node:crypto";
import {
  atExit,
  attempt,
  directoryOf,
  errorCode,
  type FileSystem,
  inline,
  link,
  lstat,
  notAtExit,
  Operation,
  Refusal,
  rename,
  rmdir,
  runSync,
  type Steps,
  unlink,
} from "@holdfast/fs/steps";
import { setOwn } from "../thread/own-locks.ts";
import { claimName, type LockNames, privateName } from "./lock-names.ts";
import { refusedName } from "./name-refusals.ts";
import { OpenRecord, type RecordOptions } from "./open-record.ts";

/** link(2) where the file system has no hard links: Linux says EPERM of FAT, macOS ENOTSUP. */
const noHardLinks = new Set(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"]);
/** Failures of open(2) that, but for a server that is at odds with itself, made no file. */
const notMade = new Set(["EACCES", "EPERM", "EROFS", "ENOENT", "ENOTDIR", "ENAMETOOLONG"]);

const readClocks = (): { monotonic: number; wall: number } => ({
  monotonic: performance.now(),
  wall: Date.now(),
});

/**
 * The one file of an acquisition and its names: private first, then by link(2) the claims and the lock
 * itself. All that it still has are removed when the process ends.
 */
export class OwnFile {
  readonly nonce: string = randomBytes(16).toString("hex");
  readonly names: LockNames;
  readonly privatePath: string;
  /** The name that lasts: the private one, then that of the lock or of a share. */
  at: string;
  /** Whether its handle is of the synchronous half of an injected file system. */
  readonly synchronous: boolean;
  private readonly fileSystem: FileSystem | undefined;
  private readonly heartbeatMs: number;
  private readonly record: OpenRecord;
  /** The names that it has, or may have. */
  private readonly places = new Set<string>();
  /**
   * When it was last written to and nobody had claimed it after that. By two clocks: one of them stands
   * still while the machine sleeps.
   */
  private proven = { monotonic: -Infinity, wall: 0 };
  /** It was lost, or could not be removed: somebody may be removing it. */
  private doubted = false;

  constructor(operation: Operation, names: LockNames, options: RecordOptions) {
    this.names = names;
    this.privatePath = privateName(names, this.nonce);
    this.at = this.privatePath;
    this.fileSystem = operation.fileSystem;
    this.synchronous = operation.synchronous && operation.injected;
    this.heartbeatMs = options.heartbeatMs;
    this.record = new OpenRecord(this.nonce, options);
  }

  /** Steps that use the file, in the half of an injected file system that its handle is of. */
  *inOwnHalf<T>(operation: Operation, steps: Steps<T>): Steps<T> {
    return yield* this.synchronous && !operation.synchronous ? inline(steps) : steps;
  }

  /** Writes the file under its private name. */
  *create(operation: Operation): Steps<void> {
    atExit(this.key, () => this.removeAtExit());
    this.places.add(this.privatePath);
    setOwn(this.nonce, "held");
    const began = readClocks();
    const created = yield* attempt(this.record.create(operation, this.privatePath));
    if (!created.ok) {
      if (notMade.has(errorCode(created.error) ?? "")) {
        yield* attempt(unlink(this.privatePath));
        this.places.delete(this.privatePath);
      }
      throw created.error;
    }
    this.proven = began;
  }

  /** Writes it again, with the time of now, after a wait: it is not the lock yet. */
  *renew(operation: Operation): Steps<void> {
    const began = readClocks();
    yield* this.record.renew(operation, this.privatePath);
    this.proven = began;
  }

  /** Now, by the clock of the file system, in nanoseconds. */
  *clock(operation: Operation): Steps<bigint> {
    return yield* this.record.clock(operation, this.at);
  }

  /** When it was last written to, by the same clock. */
  *lastWritten(): Steps<bigint> {
    return yield* this.record.lastWritten();
  }

  /** Whether its owner showed so lately that it lives that nobody can have taken it for dead. */
  get isFresh(): boolean {
    const byWall = Date.now() - this.proven.wall;
    const ms = Math.max(performance.now() - this.proven.monotonic, byWall);
    return !this.doubted && byWall >= 0 && ms < this.heartbeatMs;
  }

  /** From now on it is looked at closely before it is removed. */
  doubt(): void {
    this.doubted = true;
  }

  /**
   * Shows that its owner lives, and tells whether it is still what was left at a name. First written,
   * then looked: who takes over first claims, and then looks whether something was written. So of one who
   * wakes up after having been taken for dead, and one who takes over, at least one sees the other.
   */
  *prove(operation: Operation, path: string): Steps<boolean> {
    const began = readClocks();
    // A full disk (of a file system that copies on write), or a device that fails, is no loss.
    const beaten = yield* attempt(this.record.beat(operation, path));
    if (!(yield* this.record.isAt(operation, path)) || (yield* this.isClaimed())) return false;
    if (beaten.ok) this.proven = began;
    return true;
  }

  /** Whether a name is one of it. */
  *isAt(operation: Operation, path: string): Steps<boolean> {
    return yield* this.record.isAt(operation, path);
  }

  /** Whether somebody is about to remove it, having taken its owner for dead. */
  private *isClaimed(): Steps<boolean> {
    const claim = yield* attempt(lstat(claimName(this.names, this.nonce)));
    if (claim.ok || errorCode(claim.error) === "ERR_HARDLINK") return true;
    if (errorCode(claim.error) === "ENOENT") return false;
    throw claim.error;
  }

  /** Whether a name of it may be removed or renamed: nobody else has done so, or is about to. */
  private *mayChange(operation: Operation, path: string): Steps<boolean> {
    if (path === this.privatePath) return true;
    return yield* this.isFresh ? this.record.isAt(operation, path) : this.prove(operation, path);
  }

  /** Gives it one more name; `false` if that is taken. */
  *linkTo(operation: Operation, path: string): Steps<boolean> {
    this.places.add(path);
    const linked = yield* attempt(link(this.privatePath, path));
    if (linked.ok) return true;
    // Over a network link(2) can fail though it happened: the answer was lost, and it was asked again.
    const happened =
      !(yield* this.record.hasOneName()) && (yield* this.record.isAt(operation, path));
    if (happened) return true;
    this.places.delete(path);
    const code = errorCode(linked.error) ?? "";
    if (code === "EEXIST") return false;
    if (code === "ENOENT" && (yield* this.restore(operation))) return false;
    if (!noHardLinks.has(code)) throw yield* refusedName(linked.error, path, "made");
    throw new Refusal("ERR_UNSUPPORTED", {
      problem: "the lock needs hard links, and this file system has none, or forbids them",
      hint: "Keep the file, or a file that stands for it, on a local file system that has them.",
      cause: linked.error,
    });
  }

  /** Where the private file, of one who waited for long, was taken for litter: makes it again. */
  private *restore(operation: Operation): Steps<boolean> {
    const found = yield* attempt(lstat(this.privatePath));
    if (found.ok) return false;
    yield* this.record.close(operation);
    yield* this.create(operation);
    return true;
  }

  /**
   * Makes steps with a name that stays, even if the process ends meanwhile: a call that waits for a
   * thread then is still made after the last code of ours has run.
   */
  *keeping<T>(path: string, steps: Steps<T>): Steps<T> {
    this.places.delete(path);
    try {
      return yield* steps;
    } finally {
      this.places.add(path);
    }
  }

  /** Renames it, where it is still there; `false` if it is not. */
  *rename(operation: Operation, from: string, to: string): Steps<boolean> {
    if (!(yield* this.mayChange(operation, from))) return false;
    const moved = yield* this.keeping(from, attempt(rename(from, to)));
    if (moved.ok || (yield* this.record.isAt(operation, to))) {
      this.places.delete(from);
      this.places.add(to);
      return true;
    }
    throw moved.error;
  }

  /**
   * Takes a name away, unless it has become somebody else's: `"lost"`. Throws if that fails, and then
   * knows of the name still.
   */
  *remove(operation: Operation, path: string): Steps<"removed" | "lost"> {
    if (!this.places.has(path)) return "removed";
    const ours = yield* this.mayChange(operation, path);
    // Not if a synchronous call did it while we looked: it may be the name of somebody else by now.
    if (!this.places.delete(path)) return "removed";
    if (!ours) return "lost";
    const removed = yield* attempt(unlink(path));
    if (removed.ok || errorCode(removed.error) === "ENOENT") {
      // Not empty, if others share it.
      if (directoryOf(path) === this.names.shares) yield* attempt(rmdir(this.names.shares));
      return "removed";
    }
    this.places.add(path);
    this.doubted = true;
    // Over a network unlink(2) can fail though it happened, too.
    const still = yield* attempt(this.record.isAt(operation, path));
    if (!still.ok || still.value) throw yield* refusedName(removed.error, path, "removed");
    this.places.delete(path);
    return "removed";
  }

  /**
   * The end: takes away all names that it still has and closes it. What cannot be removed is named in
   * `leftovers`, and tried again when the process ends. Whether nothing is left.
   */
  *discard(operation: Operation): Steps<boolean> {
    const places = [...this.places];
    for (const path of places) {
      const removed = yield* operation.cleanUp(this.remove(operation, path));
      if (!removed) operation.leftovers.push(path);
    }
    yield* operation.cleanUp(this.record.close(operation));
    const nothingLeft = this.places.size === 0;
    if (nothingLeft) notAtExit(this.key);
    // Other processes wait until this one ends; calls of this thread need not.
    setOwn(this.nonce, nothingLeft ? undefined : "abandoned");
    return nothingLeft;
  }

  private get key(): string {
    return `lock ${this.privatePath}`;
  }

  private removeAtExit(): void {
    const { fileSystem } = this;
    if (fileSystem !== undefined && !(fileSystem.lstatSync && fileSystem.unlinkSync)) return;
    const operation = new Operation({ op: "removeLock", path: this.privatePath, fileSystem });
    const places = [...this.places];
    for (const path of places) runSync(attempt(this.remove(operation, path)), operation);
  }
}
