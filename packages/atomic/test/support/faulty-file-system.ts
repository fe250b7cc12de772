/**
 * For tests that decide at each call what becomes of it: a plan for every call, as a thin layer over
 * the interception of `@holdfast/testing`. Both halves count into one list.
 */

import * as nodeFs from "node:fs";
import type { FileSystem } from "@holdfast/fs";
import type { Call } from "../../../testing/src/calls/call.ts";
import { driveAsync, driveSync } from "../../../testing/src/calls/composite.ts";
import { facesOf } from "../../../testing/src/calls/faces.ts";
import { Interception } from "../../../testing/src/calls/intercept.ts";
import { nodeError } from "../../../testing/src/calls/node-error.ts";
import type { FileSystemLike } from "../../../testing/src/calls/node-file-system.ts";
import { backendOf } from "../../../testing/src/calls/real-backend.ts";
import { perform } from "../../../testing/src/faults/perform.ts";

export { nodeError };

/** What is to happen at a call. */
export type Fault =
  | { readonly fail: string; readonly when: "before" | "after" }
  /** Somebody else acts, before the call (the default) or after it. */
  | { readonly act: () => void; readonly when?: "before" | "after" }
  | { readonly atMostBytes: number };

/** A call before it is made; `path` is the first one, or the one that its descriptor was opened with. */
export type FaultyCall = Call & { readonly path: string };
export type FaultPlan = (call: FaultyCall) => Fault | undefined;

export interface FaultyFileSystem {
  readonly fileSystem: FileSystem & { readonly promises: NonNullable<FileSystem["promises"]> };
  /** `"rename /d/a -> /d/b"`, `"fsync /d/a"`, in the order in which they were made. */
  readonly calls: string[];
  openHandles(): string[];
  readonly callsOnClosed: readonly string[];
  /** Closes, uncounted, what was left open. */
  release(): Promise<void>;
  /** How many faults of the plan were really injected, `act` included. */
  injections(): number;
}

/** What `error.code` is when Node reports an errno. */
export const codeInNode = (errno: string): string => nodeError(errno, "open", []).code!;

export function faultyFileSystem({
  real = nodeFs,
  plan = () => undefined,
}: { readonly real?: object; readonly plan?: FaultPlan } = {}): FaultyFileSystem {
  const under = backendOf(real as FileSystemLike);
  const calls: string[] = [];
  let injections = 0;
  const decide = (call: Call): Fault => {
    calls.push(`${call.name} ${call.paths.join(" -> ")}`);
    const fault = plan({ ...call, path: call.paths[0]! });
    if (fault === undefined) return { act: () => {} };
    injections++;
    return fault;
  };
  const injected = (fault: Exclude<Fault, { act: () => void }>): Parameters<typeof perform>[1] =>
    "fail" in fault ? { errno: fault.fail, when: fault.when } : fault;
  const interception = new Interception(under, {
    sync(call, proceed) {
      const fault = decide(call);
      if (!("act" in fault)) return driveSync(under, perform(call, injected(fault)), call);
      if (fault.when !== "after") fault.act();
      const result = proceed();
      if (fault.when === "after") fault.act();
      return result;
    },
    async async(call, proceed) {
      const fault = decide(call);
      if (!("act" in fault)) return await driveAsync(under, perform(call, injected(fault)), call);
      if (fault.when !== "after") fault.act();
      const result = await proceed();
      if (fault.when === "after") fault.act();
      return result;
    },
  });
  return {
    fileSystem: facesOf(interception),
    calls,
    openHandles: () => interception.openFiles().map(({ path }) => path),
    callsOnClosed: interception.callsOnClosed,
    release: async () => {
      for (const { fd } of interception.openFiles())
        await under.async("close", [fd], { via: "close" });
    },
    injections: () => injections,
  };
}
