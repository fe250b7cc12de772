import { sameIdentity, type FileStats, type PathArgument } from "@holdfast/fs/steps";
import { isWithin, type Names } from "./way-names.ts";
import { settledAt } from "./change-time.ts";

/** Something on the way of a call, as it was when it was looked at: an entry of the one above. */
export interface Waypoint {
  readonly path: PathArgument;
  /** From the root; of the directory that the root is in, `undefined`. */
  readonly names: Names | undefined;
  /** What it is an entry of. `undefined` for the first one, which is trusted to stay. */
  readonly above: Waypoint | undefined;
  /** Which of the changes that were announced came before it was met. */
  readonly born: number;
  stats: FileStats;
  /** The local time, in milliseconds, before which nobody had looked. */
  since: number;
  /** Whether anything has been done by its path: then it must be proved to have held still. */
  relied: boolean;
}

/** What a second look found: nothing if there is nothing any more. */
export type Found = ReadonlyMap<Waypoint, FileStats>;

/** Whether its change time was old when it was seen: then as long as it stays nothing has happened. */
export function isSettled({ stats, since }: Waypoint): boolean {
  return settledAt(stats) <= since;
}

/**
 * What can prove that an entry has not been exchanged: that no entry of the directory was, or that
 * this one was neither renamed nor removed.
 */
export function witnesses(point: Waypoint): readonly Waypoint[] {
  return point.above === undefined ? [] : [point.above, point];
}

/**
 * Whether a path has led to one and the same thing from the first look to the second, provided that
 * the path of what is above has.
 */
export function hasHeldStill(point: Waypoint, found: Found): boolean {
  const seen = found.get(point);
  if (seen === undefined || sameIdentity(seen, point.stats) !== true) return false;
  return point.above === undefined || witnesses(point).some((one) => isUnchanged(one, found));
}

/** Whether it is what it was, with a change time that proves it. */
export function isUnchanged(point: Waypoint, found: Found): boolean {
  const seen = found.get(point);
  return (
    seen !== undefined &&
    sameIdentity(seen, point.stats) === true &&
    seen.ctimeNs === point.stats.ctimeNs &&
    isSettled(point)
  );
}

/** As it is before it has been looked at, which comes before anything else. */
export function newPoint(
  path: PathArgument,
  names: Names | undefined,
  above: Waypoint | undefined,
  born: number,
): Waypoint {
  const stats = undefined as unknown as FileStats;
  return { path, names, above, born, stats, since: 0, relied: false };
}

/** Whether a change at a place sets the change time of this. */
export function isTouched({ names }: Waypoint, place: Names): boolean {
  if (names === undefined) return false;
  const isOneOf = names.length === place.length || names.length === place.length - 1;
  return isOneOf && isWithin(place, names);
}

/** Whether, when nothing happens to it, that can be proved. */
export const isProvable = (point: Waypoint): boolean =>
  point.above === undefined || witnesses(point).some(isSettled);

/** How long, in milliseconds, until the first of them is old. */
export const waitFor = (points: readonly Waypoint[]): number =>
  Math.min(...points.map(({ stats }) => settledAt(stats))) - Date.now();

/** Whether it was seen and is this. */
export function isSame(point: Waypoint, stats: FileStats): boolean {
  return point.stats !== undefined && sameIdentity(point.stats, stats) === true;
}
