// What must be a `FileSystem` without a cast. Compiled by a test, never run.

import * as namespace from "node:fs";
import defaultImport, { promises as realFs } from "node:fs";
import realFsPromises from "node:fs/promises";
import { createFsFromVolume, fs as memfs, Volume } from "memfs";
import type { FileSystem, PromiseFileSystem, SyncFileSystem } from "../../../src/index.ts";

const accept = (fileSystem: FileSystem): FileSystem => fileSystem;

accept(defaultImport);
accept(namespace);
accept({ ...defaultImport });
accept({ promises: realFs });
accept({ promises: realFsPromises });
accept({ promises: { ...realFs } });
accept({ ...defaultImport, renameSync: () => {} });
accept({ ...defaultImport, platform: "win32" });
accept(memfs);
accept({ promises: memfs.promises });
accept({ ...memfs });
accept(createFsFromVolume(new Volume()));
accept({});
accept({ promises: {} });

// The injection that is documented: each replaced method records its name and passes on.
const ops: string[] = [];
accept({
  promises: {
    ...realFs,
    writeFile: async (...args: Parameters<typeof realFs.writeFile>) => {
      ops.push("write");
      return realFs.writeFile(...args);
    },
    rename: async (...args: Parameters<typeof realFs.rename>) => {
      ops.push("rename");
      return realFs.rename(...args);
    },
  },
});
// The same, with the parameters left to be inferred.
accept({
  promises: {
    ...realFs,
    writeFile: async (...args) => {
      ops.push("write");
      return realFs.writeFile(...args);
    },
    rename: async (...args) => {
      ops.push("rename");
      return realFs.rename(...args);
    },
  },
});

// Stubs written by hand.
accept({
  promises: {
    rename: async (from, to) => void ops.push(`${from} ${to}`),
    stat: async () => ({
      dev: 1,
      ino: 2,
      mode: 0o100644,
      nlink: 1,
      uid: 0,
      gid: 0,
      size: 0,
      isFile: () => true,
      isDirectory: () => false,
      isSymbolicLink: () => false,
    }),
  },
  unlinkSync: () => {},
});

const asynchronous: PromiseFileSystem = realFs;
const synchronous: SyncFileSystem = defaultImport;
accept({ ...synchronous, promises: asynchronous });
