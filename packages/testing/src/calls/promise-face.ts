/** `node:fs/promises`: a bad argument is a rejection, and nothing is thrown. */

import { asyncMethods, type AsyncMethod } from "./async-methods.ts";
import type { Backend, Origin } from "./backend.ts";
import { addOthers } from "./other-methods.ts";

/** `origin` says where a call comes from, given the method that the program called. */
export function promiseFace(backend: Backend, origin: (via: string) => Origin): object {
  const face: Record<string, unknown> = { constants: backend.constants };
  const methods = asyncMethods(backend, origin);
  for (const name of Object.keys(methods)) face[name] = rejecting(methods[name]!);
  addOthers(face, "promises", backend.object);
  return face;
}

const rejecting =
  (method: AsyncMethod): AsyncMethod =>
  (...args) => {
    try {
      return method(...args);
    } catch (error) {
      return Promise.reject(error as Error);
    }
  };
