import {
  closeFlushed,
  invalidCombination,
  invalidRange,
  nodeOpendir,
  requireCalls,
  wait,
  type Steps,
} from "@holdfast/fs/steps";
import type { RootCall } from "../call/root-call.ts";
import { openDir, openDirSync, type NodeDir } from "../handles/open-dir.ts";
import type { RootDir, RootDirSync } from "../handles/root-dir.ts";
import { holdOn } from "../walk/hold-on.ts";
import { allNames, findDirectory, parse } from "../walk/walker.ts";
import { readNameEncoding } from "./name-encoding.ts";

export function* opendir(
  call: RootCall,
  path: string | Uint8Array,
  options?: unknown,
): Steps<RootDir | RootDirSync> {
  const { core, operation, method } = call;
  requireCalls(method, core.fileSystem, core.half, ["nodeOpendir"]);
  const wanted = readDirOptions(method, options);
  const parsed = parse(call, path);
  const directory = yield* findDirectory(call, allNames(parsed));
  call.mayRead(directory.names);
  // Node looks at entries by path where the file system does not say what they are: as long as the
  // directory is read, its path must lead there.
  const held = yield* holdOn(call, directory);
  const { handle } = held;
  if (handle !== undefined) call.handOut(() => closeFlushed(handle));
  const dir = (yield* nodeOpendir(held.path, wanted)) as NodeDir;
  call.handOut(() => closeDir(dir, core.half));
  const open = core.half === "sync" ? openDirSync : openDir;
  return open({ dir, handle, path, shown: operation.path, fileSystem: core.fileSystem });
}

function* closeDir(dir: NodeDir, half: "async" | "sync"): Steps<void> {
  if (half === "sync") dir.closeSync();
  else yield* wait(dir.close());
}

function readDirOptions(op: string, options: unknown): object {
  const given = (typeof options === "object" ? options : {}) as Record<string, unknown> | null;
  if (given?.["recursive"] === true) {
    throw invalidCombination(op, '"recursive" is not for opendir; walk() goes through a tree');
  }
  const bufferSize = given?.["bufferSize"] ?? 32;
  // Above that Node ends the process.
  const most = 2 ** 31 - 1;
  if (
    !Number.isInteger(bufferSize) ||
    !((bufferSize as number) > 0 && (bufferSize as number) <= most)
  ) {
    throw invalidRange(op, "bufferSize", `an integer from 1 to ${most}`, bufferSize);
  }
  return { bufferSize, encoding: readNameEncoding(op, options) };
}
