/** Roots and a store in a temporary directory. */

import { join } from "node:path";
import type { FileSystem } from "@holdfast/fs/steps";
import { onTestFinished } from "vitest";
import { openObjects, type ObjectStore } from "../../src/objects/object-store.ts";
import type { PathState } from "../../src/state.ts";
import { look, type Look, type LookSettings } from "../../src/workspace/look.ts";
import { openWorkspaces, type Located, type Workspaces } from "../../src/workspace/workspaces.ts";
import { run } from "../objects/run.ts";

export interface Tracked {
  readonly workspaces: Workspaces;
  readonly objects: ObjectStore;
  readonly locate: (path: string) => Promise<Located>;
  readonly recall: (path: string, key?: string) => Promise<Located>;
  readonly look: (path: string, settings?: Partial<LookSettings>) => Promise<Look>;
  readonly state: (path: string, settings?: Partial<LookSettings>) => Promise<PathState>;
}

/** @param store holds the objects */
export function track(
  roots: readonly string[],
  store: string,
  exclude: readonly string[] = [],
  fileSystem?: FileSystem,
): Tracked {
  const workspaces = openWorkspaces({ roots, exclude, fileSystem, offload: undefined });
  onTestFinished(() => workspaces.close());
  const objects = openObjects(join(store, "objects"), { fileSystem });
  const locate = (path: string): Promise<Located> =>
    run((operation) => workspaces.locate(operation, path), fileSystem);
  const lookAt = async (path: string, settings: Partial<LookSettings> = {}): Promise<Look> => {
    const { inside } = await locate(path);
    if (inside === undefined) throw new Error(`${path} is outside`);
    const all = { keep: "bytes", maxFileBytes: 1_000_000, ...settings } as const;
    return await run((operation) => look(operation, inside, objects, all), fileSystem);
  };
  return {
    workspaces,
    objects,
    locate,
    recall: (path, key) => run((operation) => workspaces.recall(operation, path, key), fileSystem),
    look: lookAt,
    state: async (path, settings) => (await lookAt(path, settings)).state,
  };
}
