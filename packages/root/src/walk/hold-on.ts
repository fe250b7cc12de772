import { open, openFlags, type Steps } from "@holdfast/fs/steps";
import type { RootCall } from "../call/root-call.ts";
import { pathOfHandle } from "./descriptor.ts";
import type { Directory } from "./strategy.ts";

/**
 * The same directory, held by nobody but the one who asks: for what lives longer than the call, and
 * than the root. Who asks closes it.
 */
export function* holdOn(call: RootCall, directory: Directory): Steps<Directory> {
  // Its path leads there whether it is held or not.
  if (directory.handle === undefined) return directory;
  const { pinning } = call.operation.platform;
  const throughProc = pinning === "proc-self-fd";
  const flags = throughProc ? openFlags.pathOnly : openFlags.readOnly;
  const handle = yield* open(directory.path, flags | openFlags.directory);
  return { ...directory, handle, path: throughProc ? pathOfHandle(handle) : directory.path };
}
