import { facesOf } from "../../../src/calls/faces.ts";
import type { FileSystemLike } from "../../../src/calls/node-file-system.ts";
import type { ConformanceCase, Need } from "../../../src/conformance.ts";
import { MemoryBackend } from "../../../src/memory/memory-backend.ts";
import type { MemoryFileSystemOptions } from "../../../src/memory/options.ts";
import type { PlaceForOne } from "./failures.ts";

/** All that a memory file system can be. */
export const everything: readonly Need[] = [
  "preparation",
  "second-device",
  "small-device",
  "descriptor-paths",
];

const dir = "/dir";
const secondDevice = "/second";

/** A memory file system of its own for a case; what root has to do before is done by root. */
export async function inMemory(
  one: ConformanceCase,
  { uid, umask }: { readonly uid: number; readonly umask: number },
): Promise<PlaceForOne> {
  const options: MemoryFileSystemOptions = {
    umask,
    devices: [secondDevice],
    ...(one.needs.includes("small-device") && { capacityBytes: 1024 * 1024 }),
  };
  const asRoot = new MemoryBackend({ ...options, uid: 0, tree: ["dir/"] });
  for (const path of [dir, secondDevice]) asRoot.sync("chown", [path, uid, uid]);
  await one.prepare?.({ fs: likeNode(asRoot), dir });
  const backend = new MemoryBackend({ ...options, uid }, asRoot.snapshot());
  return { place: { fs: likeNode(backend), dir, secondDevice, smallDevice: dir } };
}

function likeNode(backend: MemoryBackend): FileSystemLike {
  return facesOf(backend) as unknown as FileSystemLike;
}
