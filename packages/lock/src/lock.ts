/**
 * A lock that is held.
 *
 * It is the right to be the only one (or, with `shared`, one of those who share) among all who ask
 * for the lock of this path: it keeps nobody from writing to the file who does not ask.
 */
export interface Lock extends AsyncDisposable, Disposable {
  /** As it was given; in a root, relative to it. */
  readonly path: string;
  readonly shared: boolean;
  /**
   * Aborted when the lock is lost: with a `HoldfastError`, `ERR_LOCK_LOST`. That is noticed at the next
   * heartbeat, at `assertHeld()`, or at the release.
   */
  readonly signal: AbortSignal;
  /**
   * Looks, here and now and synchronously, whether the lock is still held: with three system calls. What
   * is done after it can still come too late; there is no file lock of which that is not true.
   *
   * @throws `HoldfastError`: `ERR_LOCK_LOST` if somebody removed it or took it over, `ERR_CLOSED` if it
   * was released
   */
  assertHeld(): void;
  /**
   * Calls a function that knows of the lock: if it, or what it calls, asks for the same lock again, it
   * gets `ERR_LOCK_HELD` at once instead of waiting for itself. `withLock` does that.
   */
  run<Result>(fn: () => Result): Result;
  /**
   * Gives it back. Again: nothing. What has become somebody else's is left alone.
   *
   * @throws `HoldfastError` if it cannot be removed: effect `"none"`, and named in `leftovers`. Other
   * processes get it when this one has ended, this thread at once; or call it again.
   */
  release(): Promise<void>;
  /** The same, synchronously. */
  releaseSync(): void;
}

/** Who holds a lock, as it says itself. */
export interface LockOwner {
  readonly pid: number;
  /** The operating system's id of the thread, where it tells. */
  readonly threadId: number | undefined;
  readonly hostName: string;
  readonly purpose: string | undefined;
  /** When it got the lock, by its own clock. */
  readonly since: Date;
  readonly shared: boolean;
  /**
   * `"alive"` and `"dead"` are what this kernel says; a stopped process is alive, a zombie is dead.
   * `"stale"`: this kernel cannot say, and it has shown no life for longer than `staleAfterMs`.
   * `"unknown"`: this kernel cannot say.
   */
  readonly state: "alive" | "dead" | "stale" | "unknown";
  /** Milliseconds since it last showed that it is alive, as far as our clock is the file system's. */
  readonly heartbeatAgeMs: number;
}

/** What `inspectLock` found. A look, not a promise: it may be otherwise by now. */
export interface LockStatus {
  /** The name of the lock itself. */
  readonly lockPath: string;
  /**
   * Whether somebody holds it, or seems to: somebody who is dead, or stale, does not. With an empty list
   * of owners: there is a record that says nothing, or that we may not read.
   */
  readonly held: boolean;
  readonly owners: readonly LockOwner[];
}
