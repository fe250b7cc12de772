import { Buffer } from "node:buffer";
import type { PathArgument, Steps } from "@holdfast/fs/steps";
import { openForSync, syncDirectory } from "@holdfast/atomic/steps";
import type { RootCall } from "../call/root-call.ts";
import type { Directory } from "../walk/strategy.ts";

/**
 * Opens directories whose entries are about to change, where the call is to be durable: what can go
 * wrong with that then goes wrong before the change.
 *
 * @returns flushes them; what was changed is in place by then, whether or not this succeeds
 */
export function* holdForFlush(
  call: RootCall,
  ...directories: readonly Directory[]
): Steps<() => Steps<void>> {
  const { operation } = call;
  const flushes: (() => Steps<unknown>)[] = [];
  const seen: Directory[] = [];
  for (const directory of call.policy.durable ? directories : []) {
    if (seen.some((other) => sameNames(other.names, directory.names))) continue;
    seen.push(directory);
    const handle = yield* openForSync(operation, directory.path);
    if (handle === undefined) continue;
    call.hold(handle);
    flushes.push(() => syncDirectory(operation, directory.path, handle));
  }
  return function* () {
    for (const flush of flushes) yield* flush();
  };
}

function sameNames(a: readonly PathArgument[], b: readonly PathArgument[]): boolean {
  return a.length === b.length && a.every((name, index) => sameName(name, b[index]!));
}

const sameName = (a: PathArgument, b: PathArgument): boolean =>
  typeof a === "string" || typeof b === "string" ? a === b : Buffer.compare(a, b) === 0;
