import type { FileSystem, Offload, Operation, Steps } from "@holdfast/fs/steps";
import type { Root } from "@holdfast/root";
import { TrackedRoot } from "./open-workspace.ts";
import { TrackedRoots } from "./tracked-roots.ts";

/** A path in one of the roots. */
export interface TrackedPath {
  /** Absolute and real: that of the root, and what follows, links in directories followed. With `/`. */
  readonly path: string;
  /** By which it is known: `path`, folded where the disk folds case. */
  readonly key: string;
  /** From the root, for its methods. */
  readonly inside: string;
  readonly workspace: Workspace;
}

/** One root that is tracked. */
export interface Workspace {
  /** As it was given, absolute. */
  readonly given: string;
  /**
   * Opens it if need be, and again if another directory has its path by then: links that lead out are refused, hard
   * links read (a replacement gives the name a file of its own). Throws the errno if it is not there, and tries again
   * next time.
   */
  open(): Steps<{ readonly root: Root; readonly realPath: string }>;
}

/** Where a path is. */
export type Located =
  | { readonly inside: TrackedPath }
  | {
      readonly inside: undefined;
      /** Absolute. */
      readonly path: string;
      readonly reason: "outside";
    };

/**
 * The roots of a session.
 *
 * `locate` follows the links of the directories on the way (not of the last component), so that all spellings of a path
 * and all ways to it come to one {@link TrackedPath}; missing directories are kept as they were given, `..` in them
 * resolved as the kernel would. What is in no root after that, or in what is excluded, is outside: also by a link that
 * leads out, also what belongs to a root that contains another one (the innermost counts). So is a root itself.
 */
export interface Workspaces {
  locate(operation: Operation, path: string): Steps<Located>;
  /** A path that a journal holds: the root in which it is; no I/O but opening it. Outside where none of the roots has it. */
  recall(operation: Operation, path: string, key: string | undefined): Steps<Located>;
  close(): Promise<void>;
}

/**
 * @param roots absolute
 * @param exclude absolute; also the store
 */
export function openWorkspaces(settings: {
  readonly roots: readonly string[];
  readonly exclude: readonly string[];
  readonly fileSystem: FileSystem | undefined;
  readonly offload: Offload | undefined;
}): Workspaces {
  const { roots, exclude, fileSystem, offload } = settings;
  const tracked = [...new Set(roots)].map((root) => new TrackedRoot(root, fileSystem, offload));
  return new TrackedRoots(tracked, exclude);
}
