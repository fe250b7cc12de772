import { readOptions, type Request } from "@holdfast/atomic/steps";
import type { RootCall } from "../call/root-call.ts";

/** What a copy asks of the replacement beyond what its root says. */
interface CopyRequest {
  /** What is written where links have been dealt with; `"-"` where `putInPlace` fills it in. */
  readonly filePath?: string;
  readonly exclusive: boolean;
  /** Exact permission bits. */
  readonly mode?: number | undefined;
  /** Whether a file that is replaced keeps its own. */
  readonly keepMode: boolean;
  /** Whether the name is given to a file of the caller's own, as if the old one were removed first. */
  readonly anew?: boolean;
  readonly syncDirectory?: boolean;
}

/** How a copy is put into place. */
export function copyRequest(call: RootCall, copy: CopyRequest): Request {
  const { durable, hardlinks } = call.policy;
  const { fileSystem, half } = call.core;
  const { filePath = "-", mode, keepMode, exclusive, anew = false } = copy;
  const checked = readOptions(
    call.method,
    {
      filePath,
      mode,
      preserveExistingMode: keepMode,
      syncTempFile: durable,
      syncParentDir: durable && copy.syncDirectory !== false,
      symlinks: anew ? "replace" : "refuse", // the walker follows, inside
      hardlinks: hardlinks === "allow" ? "break" : "refuse",
      ownership: anew ? "ignore" : "preserve",
      readonly: anew ? "override" : "refuse",
      inPlaceFallback: !anew,
      fileSystem,
    },
    half,
    exclusive,
  );
  return { ...checked, parents: false };
}
