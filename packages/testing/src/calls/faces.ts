import type { Backend, Origin } from "./backend.ts";
import { callbackFace } from "./callback-face.ts";
import { callerOf } from "./caller.ts";
import { addCallbacks } from "./late-callbacks.ts";
import type { NodeFileSystem } from "./node-file-system.ts";
import { addOthers } from "./other-methods.ts";
import { promiseFace } from "./promise-face.ts";
import { addStreams } from "./streams.ts";
import { syncFace } from "./sync-face.ts";

/**
 * The shape of `node:fs` over a backend: sync, callbacks, promises and streams. What Node does in
 * several calls (`writeFile`, `rm`, `cp`, …) is made of single calls of the backend.
 *
 * The methods are properties of the object itself and need no `this`, so that they can be spread and
 * taken apart as those of `node:fs` can.
 *
 * @param callers whether each call says where in the program it was made: about 5 µs each
 */
export function facesOf(
  backend: Backend,
  { callers = false }: { readonly callers?: boolean } = {},
): NodeFileSystem {
  const origin = callers ? withCaller : (via: string): Origin => ({ via });
  const face = syncFace(backend, origin) as Record<string, unknown>;
  addCallbacks(face, () => callbackFace(backend, origin));
  addStreams(face, backend, origin);
  face["constants"] = backend.constants;
  addPromises(face, () => promiseFace(backend, origin));
  if (backend.platform !== undefined) face["platform"] = backend.platform;
  addOthers(face, "fs", backend.object);
  return face as unknown as NodeFileSystem;
}

/** Made when they are asked for: a program uses one half of `node:fs` only. */
function addPromises(face: Record<string, unknown>, make: () => object): void {
  let made: unknown;
  Object.defineProperty(face, "promises", {
    configurable: true,
    enumerable: true,
    get: () => (made ??= make()),
    set: (other: unknown) => {
      made = other;
    },
  });
}

function withCaller(via: string): Origin {
  const caller = callerOf();
  return caller === undefined ? { via } : { via, caller };
}
