import type { ReplaceFileReceipt } from "@holdfast/atomic";
import {
  absolute,
  type CallName,
  invalidCombination,
  invalidType,
  type Offload,
  type FileSystem,
  Operation,
  type OperationOptions,
  readCount,
  readPath,
  readWord,
  requireCalls,
  type Steps,
} from "@holdfast/fs/steps";
import type { FileSettings } from "../document/options.ts";
import { checkTarget } from "./check-target.ts";
import { PathPlace } from "./path-place.ts";
import { RootPlace } from "./root-place.ts";
import { rootPort } from "./root-port.ts";
import { meaningless, StorePlace, type StoreCall } from "./store-place.ts";
import type { ByteStore, JsonTarget, RootTarget } from "./target.ts";

/** A content as it was read. */
export interface Found {
  readonly bytes: Uint8Array;
  /** Whether only its owner may read it: then it is not quoted in errors. */
  readonly isPrivate: boolean;
}

/** Where a document is, for protocols: the two-method store, and the way to what lies beside it. */
export interface Place {
  /** As the caller gave it, for errors. */
  readonly shown: string | undefined;
  /** Refuses, before any I/O, settings that are wrong, and those that this place cannot honour. */
  checkSettings(op: string, settings: FileSettings): void;
  /** The whole content, at most `maxBytes`; `undefined` if nothing is there. */
  read(operation: Operation, maxBytes: number): Steps<Found | undefined>;
  /**
   * Replaces it as a whole. `operation.effect` says what came of it. The receipt is that of
   * `replaceFileAtomic` where the place is a file.
   */
  replace(
    operation: Operation,
    content: Uint8Array,
    settings: FileSettings,
  ): Steps<ReplaceFileReceipt | undefined>;
  /**
   * Makes steps while nobody else is in this function for this place. A missing parent directory is
   * made: the lock lies beside the file.
   *
   * @param body `run` is for calls of the user's functions: if they ask for the same lock again they are
   *   told so. `check` looks whether the lock is still held, for just before something is written
   */
  exclusively<T>(
    operation: Operation,
    body: (run: <R>(fn: () => R) => R, check: () => Steps<void>) => Steps<T>,
  ): Steps<T>;
  /** The file behind it, if it is one. */
  readonly file: PlaceFile | undefined;
}

/** A file by its path, or in a root. */
export interface PlaceFile {
  /** The port by which it is reached: a root is one too. */
  readonly fileSystem: FileSystem | undefined;
  /** The path as that port takes it: absolute, or relative to the root. */
  readonly path: string;
  /**
   * The place with this at the end of its name: `"settings.json" + ".backup-1"`. The name can be guessed, and
   * nobody but us puts a file there: a symbolic link of that name was planted, and leads to what is not ours
   * to read or to write. It is `ERR_SYMLINK` for who reads, and is itself replaced.
   */
  sibling(suffix: string): Place & { readonly file: PlaceFile };
}

/** What all that is done at a place has in common. */
export interface PlaceSettings {
  readonly fileSystem?: FileSystem | undefined;
  /** How long to wait for the lock; see `LockOptions`. */
  readonly lockTimeoutMs?: number | undefined;
  /** Exact permission bits for directories that are made for the lock. */
  readonly dirMode?: number | undefined;
  /** Whether the directories made for the lock are flushed. Default: `true`. */
  readonly durable?: boolean | undefined;
  /** Only for files by their paths; a root and a store have it from whoever made them. */
  readonly offload?: Offload | undefined;
  /** What a store of bytes must have. Default: nothing is asked for before it is needed. */
  readonly needs?: readonly StoreCall[] | undefined;
}

/**
 * Checks a target before any I/O.
 *
 * @param settings of the lock that `exclusively` takes, and of the file system
 */
export function placeOf(
  op: string,
  target: JsonTarget,
  half: "async" | "sync",
  settings: PlaceSettings,
): Place {
  readCount(op, "lockTimeoutMs", finite(settings.lockTimeoutMs), 0);
  readWord(op, "offload", settings.offload, ["calls", "flushes"]);
  if (half === "sync" && settings.offload !== undefined) {
    throw invalidCombination(op, '"offload" means nothing for a synchronous call');
  }
  if (typeof target === "string" || target instanceof URL) {
    return pathPlaceOf(op, target, half, settings);
  }
  if (typeof target !== "object" || target === null) throw notATarget(op, target);
  checkTarget(op, target);
  if ("root" in target) return rootPlaceOf(op, target, half, settings);
  return storePlaceOf(op, target, half, settings);
}

/** The operation of a call that is made at a place. */
export function operationAt(
  op: string,
  place: Place,
  options: Pick<OperationOptions, "signal" | "offload"> = {},
): Operation {
  const { signal, offload } = options;
  return new Operation({
    op,
    path: place.shown,
    fileSystem: place.file?.fileSystem,
    signal,
    offload,
  });
}

const notATarget = (op: string, target: unknown): Error =>
  invalidType(op, "target", "a path, a file: URL, { root, path } or a store of bytes", target);

const finite = (timeoutMs: unknown): unknown => (timeoutMs === Infinity ? undefined : timeoutMs);

const needed: readonly CallName[] = ["open", "close", "closeFlushed", "read", "fstat"];

function pathPlaceOf(
  op: string,
  target: string | URL,
  half: "async" | "sync",
  settings: PlaceSettings,
): Place {
  const shown = readPath(op, "target", target);
  requireCalls(op, settings.fileSystem, half, needed);
  return new PathPlace(shown, absolute(shown), settings.fileSystem, half, settings);
}

function rootPlaceOf(
  op: string,
  { root, path }: RootTarget,
  half: "async" | "sync",
  settings: PlaceSettings,
): Place {
  const shown = readPath(op, "target.path", path);
  for (const name of ["fileSystem", "offload"] as const) {
    if (settings[name] !== undefined) {
      throw invalidCombination(op, `"${name}" is for the root to say, not for a call in it`);
    }
  }
  return new RootPlace(shown, root, rootPort(op, root, half), half, settings);
}

function storePlaceOf(
  op: string,
  store: ByteStore,
  half: "async" | "sync",
  settings: PlaceSettings,
): Place {
  const names = ["read", "replace", "readSync", "replaceSync"] as const;
  if (!names.some((name) => typeof store[name] === "function")) throw notATarget(op, store);
  for (const name of ["fileSystem", "offload", "lockTimeoutMs"] as const) {
    if (settings[name] !== undefined) throw meaningless(op, name);
  }
  const place = new StorePlace(store, half);
  for (const name of settings.needs ?? []) place.require(op, name);
  return place;
}
