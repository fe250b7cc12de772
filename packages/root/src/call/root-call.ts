import {
  all,
  closeFlushed,
  Refusal,
  type FileStats,
  type Handle,
  type Operation,
  type PathArgument,
  type Steps,
} from "@holdfast/fs/steps";
import { isPromise } from "@holdfast/atomic/steps";
import { shownPath } from "../path/names.ts";
import type { Directory, Pin, Place } from "../walk/strategy.ts";
import type { Policy } from "./policy.ts";
import type { RootCore } from "./root-core.ts";
import { denied, isAbove, isWithin } from "./rules.ts";

/** As many as the kernel follows (path_resolution(7)). */
const maxLinks = 40;
/** Links and `..` make short paths into long ways: a call must not be kept busy for minutes. */
const maxSteps = 20_000;

/** One call of one method: what its body, the walker and the strategy share. */
export class RootCall {
  readonly core: RootCore;
  readonly operation: Operation;
  /** The public name, with `Sync` where it is synchronous. */
  readonly method: string;
  readonly policy: Policy;
  /** Bytes of content read or written so far, for `audit`. */
  bytes = 0;
  /** Whether anything can have been changed: from then on the body is not run a second time. */
  changing = false;
  /**
   * Whether the change that the body has made can be seen, in a look of its own: asked where the
   * containment is `"identity"` and the way there did not hold still meanwhile.
   */
  confirm: (() => Steps<boolean>) | undefined;

  private links = 0;
  private stepsGone = 0;
  private readonly madeOnTheWay: string[] = [];
  private readonly held: Handle[] = [];
  private readonly handedOut: (() => Steps<unknown>)[] = [];
  /** Directories by the paths that calls used for them, to tell the caller of leftovers. */
  private readonly places: Directory[] = [];

  constructor(core: RootCore, operation: Operation, method: string, policy: Policy) {
    this.core = core;
    this.operation = operation;
    this.method = method;
    this.policy = policy;
  }

  /** Runs the body of a method; whatever happens, nothing stays open that it held. */
  *run<T>(body: () => Steps<T>): Steps<T> {
    try {
      const result = yield* this.core.strategy.contain(this, body);
      this.handedOut.length = 0;
      this.madeOnTheWay.length = 0;
      return result;
    } finally {
      yield* this.releaseAll();
      this.tellLeftovers();
    }
  }

  /** Something that was made on the way: if the call fails after all, the error names it. */
  leavesIfItFails(path: string): void {
    this.madeOnTheWay.push(path);
  }

  /** Closed at the end of the call, or by {@link release}. */
  hold(handle: Handle): Handle {
    this.held.push(handle);
    return handle;
  }

  /**
   * For what the caller is given open. It outlives the call if that succeeds, and is closed in this way
   * if it fails after all, or begins anew.
   */
  handOut(close: () => Steps<unknown>): void {
    this.handedOut.push(close);
  }

  /** Closes what is not needed any more, so that a call never holds more than a few. */
  *release(...found: readonly { readonly handle: Handle | undefined }[]): Steps<void> {
    for (const one of found) {
      const { handle } = one;
      this.forget(one);
      const index = handle === undefined ? -1 : this.held.indexOf(handle);
      if (index === -1) continue;
      this.held.splice(index, 1);
      yield* this.operation.cleanUp(closeFlushed(handle!));
    }
  }

  /** Closes all that the call holds. */
  *releaseAll(): Steps<void> {
    while (this.handedOut.length > 0) yield* this.operation.cleanUp(this.handedOut.pop()!());
    while (this.held.length > 0) yield* this.operation.cleanUp(closeFlushed(this.held.pop()!));
  }

  /** Counts a symbolic link that is about to be followed. @throws `ERR_SYMLINK`, `ELOOP` */
  countLink(): void {
    if (this.policy.symlinks === "refuse") {
      throw new Refusal("ERR_SYMLINK", { problem: "a symbolic link is on the way" });
    }
    if (++this.links > maxLinks) throw new Refusal("ELOOP");
  }

  /** Counts what finding the way costs, in names gone through one by one. @throws `ELOOP` */
  countSteps(steps: number): void {
    if ((this.stepsGone += steps) > maxSteps) {
      throw new Refusal("ELOOP", { problem: 'links and ".." make the way too long' });
    }
  }

  /** Whether a link was followed in the walk that is under way. */
  get hasFollowed(): boolean {
    return this.links > 0;
  }

  /** Begins the count anew, for a walk of its own. */
  forgetLinks(): void {
    this.links = 0;
  }

  /** Whether anybody has a say in where changes are made. */
  get hasRules(): boolean {
    const { denyRead, denyWrite, authorize } = this.core.rules;
    return denyRead.length > 0 || denyWrite.length > 0 || authorize !== undefined;
  }

  /** @throws `ERR_DENIED` if the place is closed to reading */
  mayRead(names: readonly PathArgument[]): void {
    const { denyRead, fold } = this.core.rules;
    if (denyRead.length > 0 && isWithin(names, denyRead, fold)) throw denied("read", names);
  }

  /** Whether {@link mayRead} would let it pass: for lists, which leave out what is closed. */
  isReadable(names: readonly PathArgument[]): boolean {
    const { denyRead, fold } = this.core.rules;
    return denyRead.length === 0 || !isWithin(names, denyRead, fold);
  }

  /**
   * Must come before each change, with nothing in between but the change itself: looks at the rules,
   * asks `authorize`.
   *
   * @param moves whether what is there goes elsewhere or away with all that is in it: then a closed
   * place inside closes it too
   * @throws `ERR_DENIED`
   */
  *mayChange(names: readonly PathArgument[], moves = false): Steps<void> {
    const { denyRead, denyWrite, fold, authorize } = this.core.rules;
    const closed =
      (denyWrite.length > 0 && isWithin(names, denyWrite, fold)) ||
      (moves && (isAbove(names, denyWrite, fold) || isAbove(names, denyRead, fold))) ||
      // What may not be read may not be moved to where it may, nor replaced.
      (denyRead.length > 0 && isWithin(names, denyRead, fold));
    if (closed) throw denied("change", names);
    // Nothing to do, but a step: where there was none before the change, the signal is heard here.
    yield* all([]);
    yield* this.core.strategy.settle(this, names);
    if (authorize !== undefined) askAuthorize(authorize, this.method, shownPath(names));
    this.changing = true;
  }

  /** Looks at what is about to be read or written. @throws `ERR_HARDLINK`, `ERR_OTHER_MOUNT` */
  checkObject(stats: FileStats, use: "read" | "write"): void {
    this.checkMount(stats);
    const { hardlinks } = this.policy;
    if (hardlinks === "allow" || stats.isDirectory() || stats.nlink <= 1n) return;
    if (hardlinks === "refuse-writes" && use === "read") return;
    throw new Refusal("ERR_HARDLINK", {
      hint:
        "One of its names may be outside the root. Package stores share files in this way; " +
        'open the root with hardlinks: "allow" if that is so here.',
    });
  }

  /** @throws `ERR_OTHER_MOUNT` */
  checkMount(stats: Pick<FileStats, "dev">): void {
    if (this.policy.crossMounts === "allow" || stats.dev === this.core.topStats.dev) return;
    throw new Refusal("ERR_OTHER_MOUNT");
  }

  /** Remembers by which path a directory is used. */
  remember(directory: Directory): void {
    this.places.push(directory);
  }

  /** Its path may soon stand for another one; and a walk would remember as many as it meets. */
  private forget(directory: object): void {
    const index = this.places.findIndex((place) => place === directory);
    if (index === -1) return;
    this.tellLeftovers();
    this.places.splice(index, 1);
  }

  /** In the caller's words, not in those that the calls were made with. */
  private tellLeftovers(): void {
    const { leftovers } = this.operation;
    leftovers.push(...this.madeOnTheWay.splice(0));
    if (leftovers.length === 0) return;
    leftovers.splice(0, leftovers.length, ...leftovers.map((path) => this.fromRoot(path)));
  }

  /** A path that a call used, as one from the root; anything else as it is. */
  private fromRoot(path: string): string {
    // The latest first: the number of a descriptor is used again.
    for (const { path: start, names } of [...this.places.toReversed(), this.core.top]) {
      if (!path.startsWith(`${start}/`)) continue;
      const rest = path.slice(start.length + 1);
      return names.length === 0 ? rest : `${shownPath(names)}/${rest}`;
    }
    return path;
  }
}

/** A throw refuses. So does `false`, which can mean nothing else, and an answer that is yet to come. */
function askAuthorize(authorize: Authorize, method: string, path: string): void {
  const refused = (problem: string, cause?: unknown): Refusal =>
    new Refusal("ERR_DENIED", { problem: `"authorize" ${problem} ${JSON.stringify(path)}`, cause });
  let answer: unknown;
  try {
    answer = authorize({ method, path });
  } catch (error) {
    throw refused("refused the change of", error);
  }
  if (answer === false) throw refused("refused the change of");
  if (!isPromise(answer)) return;
  answer.then(undefined, () => {}); // its failure has nobody else to go to
  throw refused("returned a promise, which is not waited for, about the change of");
}

type Authorize = NonNullable<RootCore["rules"]["authorize"]>;

/** Where a place is, from the root. */
export function namesOf({ directory, name }: Place): readonly PathArgument[] {
  return name === "." ? directory.names : [...directory.names, name];
}

/** Whether what was pinned can be opened for I/O: not a FIFO, socket or device. */
export function isFileOrDirectory({ stats }: Pin): boolean {
  return stats.isFile() || stats.isDirectory();
}
