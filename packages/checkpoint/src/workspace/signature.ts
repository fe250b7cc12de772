import type { FileStats } from "@holdfast/fs/steps";

/** Rule: equal `dev`, `ino`, `size`, `mtimeNs`, `ctimeNs`, `mode`; and times older than this when it was looked at. */
const racyWindowMs = 2000;

/**
 * By which a file is known again that nobody has changed. `undefined` where that proves nothing: a change within the same
 * tick of the clock leaves the times as they are, and a tick can be two seconds long (FAT). So both times must be
 * older than that; what lies in the future can be met again.
 *
 * The time of modification alone would not do, for anybody can set it back. The kernel sets the time of change.
 *
 * @param lookedAt in milliseconds since 1970, before the stats were asked for
 */
export function signatureOf(stats: FileStats, lookedAt: number): string | undefined {
  if (stats.ino === 0n) return undefined;
  const youngest = BigInt(Math.floor(lookedAt) - racyWindowMs) * 1_000_000n;
  if (stats.mtimeNs > youngest || stats.ctimeNs > youngest) return undefined;
  return [stats.dev, stats.ino, stats.size, stats.mtimeNs, stats.ctimeNs, stats.mode].join(":");
}

/** Whether nothing has happened to an open file between two looks. */
export function isUntouched(a: FileStats, b: FileStats): boolean {
  return (
    a.ino === b.ino &&
    a.dev === b.dev &&
    a.size === b.size &&
    a.mtimeNs === b.mtimeNs &&
    a.ctimeNs === b.ctimeNs &&
    a.mode === b.mode
  );
}
