import { chmodSync, mkdirSync } from "node:fs";
import * as nodeFs from "node:fs";
import { join } from "node:path";
import {
  type Call,
  createMemoryFileSystem,
  failUnchecked,
  injectFaults,
  type Condition,
  type NodeFileSystem,
  rule,
} from "@holdfast/testing";
import { vi } from "vitest";
import { tempDir } from "../../../atomic/test/support/temp-dir.ts";
import { readWhole, type Tree } from "./tree.ts";

/** A disk with a workspace, a store, and something beside them that nobody may touch. */
export interface World {
  /** For the test itself: nothing fails. */
  readonly fs: NodeFileSystem;
  readonly top: string;
  readonly work: string;
  readonly outside: string;
  readonly store: string;
  readonly umask: number;
  /** Workspace and what is beside it; not the store. */
  tree(): Tree;
  advance(ms: number): void;
}

/** In memory; its clock stands still unless it is told to go on, so that changes can come within one tick of it. */
export function memoryWorld(): World {
  vi.useFakeTimers({ toFake: ["Date"], now: new Date("2026-01-01T00:00:00Z") });
  const { fs } = createMemoryFileSystem({ tree: ["work/", "outside/secret = secret"] });
  return world(withCoarseTimes(fs), "", (ms) => {
    vi.setSystemTime(Date.now() + ms);
  });
}

/** The clock of a file system ticks every few milliseconds: what is changed twice in a tick looks unchanged. */
const tickNs = 10_000_000n;

/** The same files, with times as coarse as those of most disks; that of the memory file system never shows one twice. */
function withCoarseTimes(fs: NodeFileSystem): NodeFileSystem {
  const coarse = <T extends object>(stats: T): T => {
    for (const name of ["atimeNs", "mtimeNs", "ctimeNs"] as const) {
      const time = (stats as Record<string, unknown>)[name];
      if (typeof time === "bigint") Object.assign(stats, { [name]: time - (time % tickNs) });
    }
    return stats;
  };
  type Looking = (...args: unknown[]) => Promise<object>;
  const through =
    (look: Looking): Looking =>
    async (...args) =>
      coarse(await look(...args));
  const { promises } = fs as unknown as { promises: Record<"lstat" | "stat" | "open", Looking> };
  const open: Looking = async (...args) => {
    const handle = (await promises.open(...args)) as { stat: Looking };
    handle.stat = through(handle.stat.bind(handle));
    return handle;
  };
  const [lstat, stat] = [through(promises.lstat), through(promises.stat)];
  return { ...fs, promises: { ...promises, lstat, stat, open } } as unknown as NodeFileSystem;
}

/** In a temporary folder of the real disk. */
export function diskWorld(): World {
  const top = nodeFs.realpathSync(tempDir());
  for (const name of ["work", "outside"]) {
    mkdirSync(join(top, name));
    chmodSync(join(top, name), 0o755);
  }
  nodeFs.writeFileSync(join(top, "outside/secret"), "secret");
  return world(nodeFs as unknown as NodeFileSystem, top, () => {});
}

function world(fs: NodeFileSystem, top: string, advance: (ms: number) => void): World {
  const work = `${top}/work`;
  const outside = `${top}/outside`;
  return {
    fs,
    top,
    work,
    outside,
    store: `${top}/store`,
    umask: 0o022,
    advance,
    tree() {
      const tree = readWhole(fs, work);
      return readWhole(fs, outside, tree);
    },
  };
}

/** A process that can be killed: after that nothing that it does reaches the disk. */
export class Process {
  readonly fs: NodeFileSystem;
  private callsLeft = Infinity;
  private startsWithChange = false;

  constructor({ fs, store }: Pick<World, "fs" | "store">) {
    const whenDead: Condition = {
      begin: () => (call) => {
        // What a dead process has open is closed for it.
        if (call.name === "close") return false;
        if (this.startsWithChange) this.startsWithChange = !changes(call, store);
        return !this.startsWithChange && this.callsLeft-- <= 0;
      },
      counts: true,
      names: new Set(["open"]),
      named: new Set(),
    };
    this.fs = injectFaults(fs, rule(whenDead, failUnchecked("EIO")));
  }

  /**
   * Dies before the call after the next `calls`.
   *
   * @param from `"change"`: they are counted from the first call that changes anything outside the store
   */
  dieAfter(calls: number, from: "now" | "change" = "now"): void {
    this.callsLeft = calls;
    this.startsWithChange = from === "change";
  }

  get isDead(): boolean {
    return this.callsLeft <= 0 && !this.startsWithChange;
  }
}

const changing = new Set([
  "rename",
  "link",
  "unlink",
  "symlink",
  "mkdir",
  "rmdir",
  "chmod",
  "fchmod",
]);

function changes({ name, paths, args }: Call, store: string): boolean {
  const creates = name === "open" && (Number(args[1]) & nodeFs.constants.O_CREAT) !== 0;
  return (creates || changing.has(name)) && !paths.some((path) => path.startsWith(store));
}
