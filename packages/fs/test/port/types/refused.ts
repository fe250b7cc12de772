// What must not be a `FileSystem`. Each line is an error of its own; the test counts them.

import type { FileSystem } from "../../../src/index.ts";

const accept = (fileSystem: FileSystem): FileSystem => fileSystem;

accept({ promises: { rename: "not a function" } });
accept({ renameSync: (_from: number) => {} });
accept({ openSync: () => "not a descriptor" });
accept({ promises: { stat: async () => ({ size: 1 }) } });
accept({ promises: { open: async () => ({}) } });
accept({ platform: "amiga" });
accept({ renameSnyc: () => {} });
accept("fs");
