/**
 * What is locked: a path, a `file:` URL, or a path in a root of `@holdfast/root`. The lock of a path in a root
 * lies in the root too, as its rules allow (`ERR_DENIED` names the file of the lock that was refused). It has
 * no synchronous form, and is not given back when the process exits: the next one who asks takes it
 * over.
 */
export type LockPath = string | URL | PathInRoot;

/** A path relative to a root. */
export interface PathInRoot {
  /** A `Root`: what is used of it is `promises`. */
  readonly root: { readonly promises: object };
  readonly path: string;
}
