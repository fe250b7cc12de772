/** The two forms of moves and renames, behind one signature. */

import {
  movePathWithCopyFallback,
  movePathWithCopyFallbackSync,
  renameWithRetry,
  renameWithRetrySync,
  type MovePathSyncOptions,
  type MoveReceipt,
} from "../../src/index.ts";

export const moveForms = [
  { form: "async", move: movePathWithCopyFallback, rename: renameWithRetry },
  {
    form: "sync",
    move: async (options: MovePathSyncOptions): Promise<MoveReceipt> =>
      movePathWithCopyFallbackSync(options),
    rename: async (...args: Parameters<typeof renameWithRetrySync>): Promise<void> =>
      renameWithRetrySync(...args),
  },
] as const;
