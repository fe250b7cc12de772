import { createHash } from "node:crypto";
import { lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { tempDir } from "../../../atomic/test/support/temp-dir.ts";
import { type CheckpointOptions, type Checkpoints, openCheckpoints } from "../../src/index.ts";

/** A workspace and a store beside it, on the real disk. */
export interface Workbench {
  readonly work: string;
  readonly store: string;
  /** In the workspace. */
  readonly at: (name: string) => string;
  /** Opens the session `demo`; closed when the test is over. */
  readonly open: (options?: Partial<CheckpointOptions>) => Promise<Checkpoints>;
  /** All that is in the workspace and beside it, but for the store. */
  readonly listing: () => string[];
}

export function workbench(): Workbench {
  const top = tempDir();
  const work = join(top, "work");
  const store = join(top, "store");
  mkdirSync(work);
  return {
    work,
    store,
    at: (name) => join(work, name),
    async open(options) {
      const given = { store, roots: [work], session: "demo", ...options };
      const checkpoints = await openCheckpoints(given);
      onTestFinished(() => checkpoints.close());
      return checkpoints;
    },
    listing: () => listing(top).filter((line) => !/^store(\/|$| )/.test(line)),
  };
}

/** A tree as lines: paths, kinds, modes, digests, targets. */
export function listing(top: string, inside = ""): string[] {
  return readdirSync(join(top, inside))
    .toSorted()
    .flatMap((name) => {
      const path = inside === "" ? name : `${inside}/${name}`;
      const whole = join(top, path);
      const stats = lstatSync(whole);
      const mode = (stats.mode & 0o7777).toString(8);
      if (stats.isSymbolicLink()) return [`${path} -> ${readlinkSync(whole)}`];
      if (stats.isDirectory()) return [`${path} dir ${mode}`, ...listing(top, path)];
      if (!stats.isFile()) return [`${path} special`];
      const digest = createHash("sha256").update(readFileSync(whole)).digest("hex").slice(0, 16);
      return [`${path} ${mode} ${digest}`];
    });
}
