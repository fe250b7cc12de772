import type { FileSystem, HoldfastError, Offload } from "@holdfast/fs/steps";

/** Options of the functions that take a lock. */
export interface LockOptions {
  /**
   * How long to wait for a lock that somebody else holds, in milliseconds; `0` asks once, `Infinity`
   * waits for ever. Default: 60,000, which is longer than `staleAfterMs`.
   */
  readonly timeoutMs?: number | undefined;
  /** Ends the waiting with an `AbortError`. It does not take away a lock that was got. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Many who share it, or one who does not. Whoever waits for it alone keeps those out who come later,
   * so that a stream of readers does not starve a writer. Default: `false`.
   */
  readonly shared?: boolean | undefined;
  /** What it is for, in a few words: for whoever finds it and asks `inspectLock`. At most 200 characters. */
  readonly purpose?: string | undefined;
  /**
   * How often the holder shows that it is alive, in milliseconds, and looks whether the lock is still its
   * own. Only who cannot ask the holder's kernel looks at that. Default: 5,000.
   */
  readonly heartbeatMs?: number | undefined;
  /**
   * For holders that cannot be judged from here (another host, boot, container or pid namespace; a
   * platform that does not tell when a process started): taken for dead when they have shown no life
   * for this long, in milliseconds, by the clock of the file system, or while somebody waited. At least twice `heartbeatMs`, here and
   * of the holder. A holder that this kernel says is alive is never stale, however old. Default: 30,000.
   */
  readonly staleAfterMs?: number | undefined;
  /**
   * How often to ask while somebody else holds it. Delays begin at `minMs`, grow to `maxMs`, shrink
   * when the holder has changed, and are spread at random. In milliseconds, at least 1. Default: 2 and
   * 100.
   */
  readonly retry?: { readonly minMs?: number; readonly maxMs?: number } | undefined;
  /**
   * Called once if the lock is lost while it is held, with what `lock.signal` is aborted with. What it
   * throws is an uncaught exception.
   */
  readonly onCompromised?: ((error: HoldfastError) => void) | undefined;
  /** The file system to use; not with `{ root, path }`. Default: `node:fs`. */
  readonly fileSystem?: FileSystem | undefined;
  /** As for `replaceFileAtomic`. Default: `"calls"`. */
  readonly offload?: Offload | undefined;
}

/** Options of the functions that take a lock synchronously: the thread sleeps while it waits. */
export type LockSyncOptions = Omit<LockOptions, "signal">;

/** Options of `inspectLock`. */
export interface InspectLockOptions {
  /** As for `acquireLock`: from when on a holder that cannot be judged is `"stale"`. Default: 30,000. */
  readonly staleAfterMs?: number | undefined;
  readonly fileSystem?: FileSystem | undefined;
}
