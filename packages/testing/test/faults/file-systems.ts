/** The kinds of file system that faults are injected into, each with one directory to work in. */

import * as nodeFs from "node:fs";
import { Volume, createFsFromVolume } from "memfs";
import { createMemoryFileSystem } from "../../src/memory/create-memory-file-system.ts";
import { tempDir } from "../../../atomic/test/support/temp-dir.ts";

export interface Place {
  /** What is given to `injectFaults`. */
  readonly fs: object;
  /** The same without faults, in both faces: to prepare and to look. */
  readonly plain: typeof nodeFs;
  readonly dir: string;
}

export const fileSystems: Readonly<Record<string, () => Place>> = {
  "the real disk": () => ({ fs: nodeFs, plain: nodeFs, dir: tempDir() }),
  "an object that spreads node:fs": () => ({
    fs: { ...nodeFs, promises: { ...nodeFs.promises } },
    plain: nodeFs,
    dir: tempDir(),
  }),
  "{ promises } alone": () => ({
    fs: { promises: nodeFs.promises },
    plain: nodeFs,
    dir: tempDir(),
  }),
  memfs: () => {
    const fs = createFsFromVolume(Volume.fromJSON({}, "/"));
    fs.mkdirSync("/d");
    return { fs, plain: fs as never, dir: "/d" };
  },
  "the memory file system": () => {
    const { fs } = createMemoryFileSystem({ tree: ["d/"] });
    return { fs, plain: fs as never, dir: "/d" };
  },
};
