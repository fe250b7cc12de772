import type { FileStats } from "@holdfast/fs/steps";

/**
 * What a change time proves. The kernel sets that of a directory whenever an entry of it comes, goes or
 * is exchanged, and mostly also that of what is renamed (POSIX rename, link, unlink); nobody else can
 * set it. So a directory with the change time that it had has the entries that it had, unless two
 * changes fell into one tick of the clock that the file system stamps with. Therefore a time proves
 * something only if it was older than a tick when it was first seen, as in git's index ("racy").
 *
 * The clock is taken to be the local one. That of a file server may lag behind by more than this allows
 * for; then two changes within a tick of it can go unseen. If it is ahead, more is refused than need be.
 */

/** Kernels stamp by a tick of up to 10 ms, Windows by one of 15.6 ms. */
const tickMs = 20;
/** Where stamps are whole seconds, or every second one (FAT). */
const coarseTickMs = 2100;

/** From when on, in milliseconds of the local clock, a change cannot get this change time any more. */
export function settledAt({ ctimeNs }: FileStats): number {
  const tick = ctimeNs % 1_000_000_000n === 0n ? coarseTickMs : tickMs;
  return Number(ctimeNs / 1_000_000n) + 1 + tick;
}
