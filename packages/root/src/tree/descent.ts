import { fstat, type FileStats, type PathArgument, type Steps } from "@holdfast/fs/steps";
import type { RootCall } from "../call/root-call.ts";
import type { Directory, Link } from "../walk/strategy.ts";

/** A directory above the one where a descent is. */
interface Ancestor {
  /** `undefined` once it was let go. */
  directory: Directory | undefined;
  /** What it was then. */
  identity: Pick<FileStats, "dev" | "ino" | "birthtimeNs"> | undefined;
}

/**
 * A way down into a tree and up again, directory by directory, of which never more than three are
 * held: the first, the one where it is, and the one above that.
 *
 * The way up is `..` of a directory that is held, which the kernel answers from that directory and not
 * from a path. Somebody may have moved it meanwhile: so what is found must be the very directory that
 * was left on the way down (the time of its birth tells it from one that got its inode number). To look
 * it up from the root by its names instead takes a call for each of them, and so, in a tree of ten
 * thousand levels, fifty million calls; and no path has room for so many names.
 */
export class Descent {
  private readonly call: RootCall;
  private readonly top: Directory;
  private readonly above: Ancestor[] = [];
  private here: Directory;

  /** @param top is not let go */
  constructor(call: RootCall, top: Directory) {
    this.call = call;
    this.top = top;
    this.here = top;
  }

  /** Where it is. */
  get directory(): Directory {
    return this.here;
  }

  /** How far down from the first directory. */
  get depth(): number {
    return this.above.length;
  }

  /** Goes into a directory. A link is not followed: it is returned, and nothing has changed. */
  *enter(name: PathArgument): Steps<Link | undefined> {
    const { call, above } = this;
    const found = yield* call.core.strategy.enter(call, this.here, name);
    if ("target" in found) return found;
    const parent = above.at(-1);
    above.push({ directory: this.here, identity: undefined });
    this.here = found;
    if (above.length > 2 && parent?.directory?.handle !== undefined) yield* this.letGo(parent);
    return undefined;
  }

  /** Goes up again. Returns whether that is where it came from; otherwise it is lost, and must start over. */
  *leave(): Steps<boolean> {
    const { call } = this;
    const child = this.here;
    const parent = this.above.pop()!;
    const directory = parent.directory ?? (yield* this.climb(child, parent));
    this.here = directory ?? this.top;
    yield* call.release(child);
    return directory !== undefined;
  }

  /** Goes back to the first directory, from wherever it is, and also when it is lost. */
  *startOver(): Steps<void> {
    const held = [this.here, ...this.above.splice(0).map(({ directory }) => directory)];
    this.here = this.top;
    for (const directory of held) {
      if (directory !== undefined && directory !== this.top) yield* this.call.release(directory);
    }
  }

  private *letGo(ancestor: Ancestor): Steps<void> {
    const directory = ancestor.directory!;
    const { dev, ino, birthtimeNs } = yield* fstat(directory.handle!);
    ancestor.identity = { dev, ino, birthtimeNs };
    ancestor.directory = undefined;
    yield* this.call.release(directory);
  }

  private *climb(child: Directory, { identity }: Ancestor): Steps<Directory | undefined> {
    const { call } = this;
    const found = yield* call.core.strategy.enter(call, { ...child, names: [] }, "..");
    if ("target" in found) return undefined;
    const directory = Object.assign(found, { names: child.names.slice(0, -1) });
    const { dev, ino, birthtimeNs } = yield* fstat(directory.handle!);
    const same =
      dev === identity?.dev && ino === identity.ino && birthtimeNs === identity.birthtimeNs;
    if (same) return directory;
    yield* call.release(directory);
    return undefined;
  }
}
