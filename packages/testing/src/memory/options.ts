import type { PlatformName } from "@holdfast/fs";

export interface MemoryFileSystemOptions {
  /**
   * What is in it, one line an entry: `"src/"`, `"a.txt = hello"`, `"link => ../x"`,
   * `"run.sh 0755 = …"`. Relative to `/`; missing parents are made. Default: nothing.
   */
  readonly tree?: readonly string[];
  /** Whose rules it follows. Default: `"linux"`, whatever the program runs on. */
  readonly platform?: PlatformName;
  /** The file mode creation mask. Default: `0o022`. */
  readonly umask?: number;
  /** Who the program is. Default: 0, which no permission stops. */
  readonly uid?: number;
  /** Default: `uid`. */
  readonly gid?: number;
  /** How many bytes of file content fit before `ENOSPC`. Default: no limit. */
  readonly capacityBytes?: number;
  /**
   * Directories that are devices of their own: a rename or a link between two devices fails with
   * `EXDEV`. Absolute; made if they are missing. Default: none, everything is one device.
   */
  readonly devices?: readonly string[];
}
