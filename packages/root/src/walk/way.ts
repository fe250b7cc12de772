import {
  all,
  attempt,
  errorCode,
  lstat,
  type Refusal,
  sameIdentity,
  sleep,
  type FileStats,
  type PathArgument,
  type Steps,
} from "@holdfast/fs/steps";
import type { RootCall } from "../call/root-call.ts";
import { isWithin, keyOf, parentOf, pathOfDirectory, type Names } from "./way-names.ts";
import { changed, rootGone } from "./way-refusals.ts";
import {
  hasHeldStill,
  isProvable,
  isSame,
  isSettled,
  isTouched,
  isUnchanged,
  newPoint,
  waitFor,
  witnesses,
  type Waypoint,
} from "./waypoint.ts";

/** How long a call waits, in all, for a way to hold still. */
const patienceMs = 250;
/** Where stamps are whole seconds it takes that long until one is old. */
const coarsePatienceMs = 2500;

/**
 * The way of one call: what it passed and relies on, by path, from the root's own entry in the directory
 * above downwards. Directories above that one are trusted.
 *
 * It is looked at a second time before each change and at the end. If each entry held still in between,
 * every path that the call used led where it was meant to: the first one because its directory is
 * trusted, each further one because the way to its directory held still.
 *
 * Links are not part of it: they are read in a directory that is, and where they lead is looked up from
 * the root.
 */
export class Way {
  /** Whether waiting was given up: then starting over is too. */
  gaveUp = false;
  /** Whether something honest was in the way, and the call had best begin anew at once. */
  again = false;

  /** Whether a change may have been made through a link, although the way to it held still. */
  astray = false;
  /** How often it was waited, and what was seen before was not relied on. */
  rests = 0;

  private readonly call: RootCall;
  private readonly points = new Map<string, Waypoint>();
  /** The last two changes that were announced: a call like rename(2) changes two places at once. */
  private places: readonly { readonly names: Names; readonly at: number }[] = [];
  private announced = 0;
  /** Whether a change has been announced since all was looked at. */
  private outdated = false;
  private waitingSince: number | undefined;

  constructor(call: RootCall) {
    this.call = call;
  }

  /**
   * Puts the directories that lead to these names, and the last one too, on the way, and returns when it
   * can be proved of each that it held still. `false` if one of them is not a directory, or not there.
   */
  *reach(names: Names): Steps<boolean> {
    if (this.missingTo(names).length === 0) return true;
    yield* this.catchUp();
    const missing = this.missingTo(names);
    yield* this.lookAt(missing);
    if (!missing.every(({ stats }) => stats?.isDirectory())) return false;
    for (const point of missing) this.points.set(keyOf(point.names), point);
    for (;;) {
      const unproved = missing.filter((point) => !isProvable(point));
      if (unproved.length === 0) break;
      yield* this.rest(Math.min(...unproved.map((point) => waitFor(witnesses(point)))));
      yield* this.proveSoFar();
      if (!missing.every((point) => this.points.has(keyOf(point.names)))) return false;
    }
    for (const point of missing) point.relied = true;
    return true;
  }

  /**
   * Puts something else than a directory on the way, to be used by its path.
   *
   * @throws `ERR_CHANGED` if it is not what was seen before; that may be honest
   */
  *include(path: PathArgument, names: Names, stats: FileStats): Steps<void> {
    yield* this.catchUp();
    const point = newPoint(path, names, this.pointAt(names.slice(0, -1)), this.announced);
    yield* this.lookAt([point]);
    this.points.set(keyOf(names), point);
    while (isSame(point, stats) && !isProvable(point)) {
      yield* this.rest(waitFor(witnesses(point)));
      yield* this.proveSoFar();
    }
    if (!isSame(point, stats) || !this.points.has(keyOf(names))) throw this.beginAgain();
    point.relied = true;
  }

  /** For what is honest and cannot be gone on with. */
  beginAgain(): Refusal {
    this.again = true;
    return changed();
  }

  /**
   * Waits until an entry cannot be exchanged without a trace in the directory that it is in, and returns
   * that; nothing if there is none above.
   */
  *settleAbove(names: Names): Steps<Waypoint | undefined> {
    for (;;) {
      yield* this.proveSoFar();
      const above = this.points.get(keyOf(names.length === 0 ? undefined : names.slice(0, -1)));
      if (above === undefined || isSettled(above)) return above;
      yield* this.rest(waitFor([above]));
    }
  }

  /** Whether no entry of a directory that was settled has been exchanged since. */
  *isUntouched(directory: Waypoint | undefined): Steps<boolean> {
    if (directory === undefined) return true;
    const found = new Map([[directory, yield* lstat(directory.path)]]);
    return isUnchanged(directory, found);
  }

  /** The directory with these names, which has been reached. */
  pointAt(names: Names): Waypoint {
    return this.points.get(keyOf(names))!;
  }

  /**
   * Proves the way up to now and makes it such that it can be proved after a change at this place too:
   * the change will set the change time of the directory it is in. What has nothing to do with it is
   * forgotten.
   */
  *announce(names: Names): Steps<void> {
    this.waitingSince = undefined;
    for (;;) {
      if (!(yield* this.reach(names.slice(0, -1)))) throw changed();
      yield* this.proveSoFar();
      // What an earlier change took away has been made again, perhaps; it must be met anew.
      if (this.missingTo(names.slice(0, -1)).length > 0) continue;
      const waits = [...this.points.values()]
        .filter((point) => !isWithin(point.names, names))
        .map((point) => this.lastingWitnesses(point, names))
        .filter((lasting) => lasting.length > 0 && !lasting.some(isSettled))
        .map(waitFor);
      if (waits.length === 0) break;
      yield* this.rest(Math.min(...waits));
    }
    this.waitingSince = undefined;
    this.outdated = true;
    this.places = [...this.places.slice(-1), { names, at: ++this.announced }];
    for (const [key, point] of this.points) {
      const used = this.places.some(({ names: place }) => isWithin(place, point.names ?? []));
      if (!used) this.points.delete(key);
    }
  }

  /** @throws `ERR_CHANGED` unless everything relied on has held still up to now */
  *proveSoFar(): Steps<void> {
    if (!(yield* this.lookAgain())) throw changed();
  }

  /** Whether everything relied on has held still up to now; from here it is counted anew. */
  *lookAgain(): Steps<boolean> {
    this.outdated = false;
    const points = [...this.points.values()];
    const since = Date.now();
    const looks = yield* all(points.map(({ path }) => attempt(lstat(path))));
    const found = new Map<Waypoint, FileStats>();
    for (const [index, look] of looks.entries()) {
      if (look.ok) found.set(points[index]!, look.value);
    }
    const root = this.points.get(keyOf([]));
    if (root !== undefined) this.checkRoot(found.get(root));
    const lost = new Set(points.filter((point) => point.relied && !hasHeldStill(point, found)));
    if ([...lost].some((point) => !this.isOurDoing(point))) return false;
    for (const point of points) {
      const stats = found.get(point);
      const same = stats !== undefined && sameIdentity(stats, point.stats) === true;
      if (!same || lost.has(point)) this.points.delete(keyOf(point.names));
      else [point.stats, point.since] = [stats, since];
    }
    return true;
  }

  /** Has all its patience again. */
  startOver(): void {
    this.waitingSince = undefined;
    this.gaveUp = false;
  }

  /** Nothing that was done so far is relied on any more, or all of it was proved. */
  forget(): void {
    this.points.clear();
  }

  /** What the last changes went by, to look at them. */
  *reachPlaces(): Steps<boolean> {
    for (const { names } of this.places) {
      if (!(yield* this.reach(names.slice(0, -1)))) return false;
    }
    return true;
  }

  /** @throws `ERR_CHANGED` if that would be longer than a call may wait */
  *rest(ms: number): Steps<void> {
    const now = Date.now();
    this.waitingSince ??= now;
    const wait = Math.max(1, ms);
    const limit = wait > patienceMs ? coarsePatienceMs : patienceMs;
    if (now + wait > this.waitingSince + limit) {
      this.gaveUp = true;
      throw changed();
    }
    this.rests++;
    yield* sleep(wait);
  }

  /**
   * What a directory looked like before a change of ours proves nothing of what is met in it after that.
   */
  private *catchUp(): Steps<void> {
    if (this.outdated) yield* this.proveSoFar();
  }

  private *lookAt(points: readonly Waypoint[]): Steps<void> {
    const since = Date.now();
    const looks = yield* all(points.map(({ path }) => attempt(lstat(path))));
    for (const [index, point] of points.entries()) {
      const look = looks[index]!;
      point.since = since;
      if (look.ok) point.stats = look.value;
      else if (errorCode(look.error) === undefined) throw look.error;
    }
    const root = points.find(({ names }) => names?.length === 0);
    if (root !== undefined) this.checkRoot(root.stats);
  }

  /** What is not on the way yet of what leads to these names, from above the root on. */
  private missingTo(names: Names): Waypoint[] {
    const missing: Waypoint[] = [];
    let above: Waypoint | undefined;
    const add = (path: string, to: Names | undefined): void => {
      const known = this.points.get(keyOf(to));
      // One that an attempt left behind that gave up is not on the way: nobody would look at it again.
      const reached = known?.relied === true ? known : undefined;
      if (reached === undefined) missing.push(newPoint(path, to, above, this.announced));
      above = reached ?? missing.at(-1)!;
    };
    let { path } = this.call.core.top;
    const parent = parentOf(path);
    if (parent !== undefined) add(parent, undefined);
    add(path, []);
    for (const [index, name] of names.entries()) {
      path = pathOfDirectory(path, name);
      add(path, names.slice(0, index + 1));
    }
    return missing;
  }

  private checkRoot(seen: FileStats | undefined): void {
    if (seen !== undefined && sameIdentity(seen, this.call.core.topStats) === true) return;
    this.gaveUp = true;
    throw rootGone();
  }

  /**
   * What can still prove that an entry has held still when a change here has been made: it sets the
   * change times of what it changes and of the directory that this is in. If two places change together
   * and nothing is left, what remains after the second one is better than nothing.
   */
  private lastingWitnesses(point: Waypoint, names: Names): readonly Waypoint[] {
    const lasting = witnesses(point).filter((one) => !isTouched(one, names));
    const before = this.places.at(-1)?.names;
    if (before === undefined) return lasting;
    const both = lasting.filter((one) => !isTouched(one, before));
    return both.length > 0 ? both : lasting;
  }

  /**
   * Whether an announced change may have taken something off the way: it came after this was met, at this
   * very place or above, and no later change went by it.
   */
  private isOurDoing({ names, born }: Waypoint): boolean {
    if (names === undefined) return false;
    const last = this.places.findLastIndex(
      (place) => isWithin(names, place.names) && born < place.at,
    );
    const wentBy = ({ names: place }: { names: Names }): boolean =>
      place.length > names.length && isWithin(place, names);
    return last >= 0 && !this.places.slice(last + 1).some(wentBy);
  }
}
