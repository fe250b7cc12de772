/** Why nothing is kept of a path, and a restore never touches it. */
export type SkipReason =
  /** Larger than `limits.maxFileBytes`. */
  | "too-large"
  /** A FIFO, a socket, a device, a mount point, or a link whose target is not UTF-8. */
  | "special"
  /** In none of the roots, or excluded. */
  | "outside"
  /** The session tracks `limits.maxPaths` paths already. */
  | "too-many-paths";

/**
 * What a path was. Only `"absent"`, which is what the file system itself said (`ENOENT`), can ever make a
 * restore remove something.
 */
export type PathState =
  | { readonly kind: "absent" }
  | {
      readonly kind: "file";
      /** Of the bytes, in hex. */
      readonly sha256: string;
      /** In bytes. */
      readonly size: number;
      /** Permission bits. */
      readonly mode: number;
    }
  | { readonly kind: "symlink"; readonly target: string }
  | { readonly kind: "dir"; readonly mode: number }
  | { readonly kind: "skipped"; readonly reason: SkipReason }
  /** It could not be found out: an errno, or `ERR_CHECKPOINT_DAMAGED` where the record of it was lost. */
  | { readonly kind: "failed"; readonly code: string };

/** Whether a restore may bring a path to this state. */
export function isRestorable(state: PathState): boolean {
  return state.kind !== "skipped" && state.kind !== "failed";
}

/** Whether two states are the same: of files the bytes and the mode. */
export function sameState(a: PathState, b: PathState): boolean {
  return sameContent(a, b) && modeOf(a) === modeOf(b);
}

/** Whether two states are the same but for permission bits. */
export function sameContent(a: PathState, b: PathState): boolean {
  if (a.kind === "file") return b.kind === "file" && a.sha256 === b.sha256;
  if (a.kind === "symlink") return b.kind === "symlink" && a.target === b.target;
  return a.kind === b.kind && (a.kind === "absent" || a.kind === "dir");
}

const modeOf = (state: PathState): number | undefined =>
  state.kind === "file" || state.kind === "dir" ? state.mode : undefined;
