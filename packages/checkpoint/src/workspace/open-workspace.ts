import {
  attempt,
  Operation,
  Refusal,
  runAsync,
  sameIdentity,
  stat,
  wait,
  type FileStats,
  type FileSystem,
  type Offload,
  type PlatformFacts,
  type Steps,
} from "@holdfast/fs/steps";
import { openRoot, type Root } from "@holdfast/root";
import { followWay, pathAlong, type Way } from "./way.ts";
import type { Workspace } from "./workspaces.ts";

/** A root that is open. */
export interface OpenedRoot {
  readonly root: Root;
  readonly realPath: string;
  readonly way: Way;
  readonly stats: FileStats;
}

/** How often a root is opened anew that others keep replacing. */
const maxTries = 8;

/** One root of a session: opened when it is asked for, and again if something else has its place by then. */
export class TrackedRoot implements Workspace {
  readonly given: string;
  private readonly fileSystem: FileSystem | undefined;
  private readonly offload: Offload | undefined;
  private readonly platform: PlatformFacts;
  private opened: OpenedRoot | undefined;
  /** On which it was when it was found first. */
  private device: bigint | undefined;
  private opening: Promise<OpenedRoot> | undefined;
  private readonly endings: Promise<void>[] = [];
  private isClosed = false;

  constructor(given: string, fileSystem: FileSystem | undefined, offload: Offload | undefined) {
    this.given = given;
    this.fileSystem = fileSystem;
    this.offload = offload;
    this.platform = new Operation({ op: "openRoot", fileSystem }).platform;
  }

  /**
   * A root that is held goes on in the directory that it is, wherever that is moved. Whoever edits goes by path: so what
   * has the path is what counts, and "not there" is said of a file only where the root is there.
   */
  *open(): Steps<OpenedRoot> {
    if (this.isClosed) throw new Refusal("ERR_CLOSED");
    const { opened } = this;
    if (opened !== undefined) {
      const now = yield* attempt(stat(opened.realPath));
      if (now.ok && sameIdentity(now.value, opened.stats) !== false) return opened;
      if (this.opened === opened) this.letGo();
    }
    this.opening ??= this.openNow().finally(() => {
      this.opening = undefined;
    });
    return yield* wait(this.opening);
  }

  /** Where it is, or would be. Whether it is there still is found out by who goes in. */
  *way(): Steps<Way> {
    if (this.opened !== undefined) return this.opened.way;
    const opened = yield* attempt(this.open());
    return opened.ok ? opened.value.way : yield* followWay(this.platform, `${this.given}/`);
  }

  async close(): Promise<void> {
    this.isClosed = true;
    await this.opening?.catch(() => {}); // whoever asked for it is told
    this.letGo();
    await Promise.all(this.endings);
  }

  private letGo(): void {
    const { opened } = this;
    this.opened = undefined;
    if (opened === undefined) return;
    const ending = opened.root.close();
    ending.catch(() => {}); // whoever calls close() is told
    this.endings.push(ending);
  }

  private async openNow(): Promise<OpenedRoot> {
    const { given, fileSystem, offload } = this;
    const operation = new Operation({ op: "openRoot", path: given, fileSystem, offload });
    this.opened = await runAsync(this.find(), operation);
    this.device = this.opened.stats.dev;
    return this.opened;
  }

  private *find(): Steps<OpenedRoot> {
    const { given, fileSystem, offload } = this;
    for (let tries = 1; ; tries++) {
      const root = yield* wait(openRoot(given, { hardlinks: "allow", fileSystem, offload }));
      let isKept = false;
      try {
        const way = yield* followWay(this.platform, `${given}/`);
        const realPath = pathAlong(way);
        const own = (yield* wait(root.stat(".", { bigint: true }))) as FileStats;
        const named = yield* attempt(stat(realPath));
        // Under a disk that was taken away lies an empty directory: by it all files would seem to be removed.
        if (this.device !== undefined && own.dev !== this.device) throw onOtherDevice();
        if (named.ok && sameIdentity(named.value, own) !== false) {
          isKept = true;
          return { root, realPath, way, stats: own };
        }
      } finally {
        if (!isKept) yield* wait(root.close());
      }
      if (tries === maxTries) {
        throw new Refusal("ERR_CHANGED", { problem: "the root is replaced again and again" });
      }
    }
  }
}

const onOtherDevice = (): Refusal =>
  new Refusal("ERR_CHANGED", {
    problem: "the root is on another device than before",
    hint: "Mount the disk again that it was on, or open the checkpoints anew.",
  });
