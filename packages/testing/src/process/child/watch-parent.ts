import { processState, type ProcessIdentity } from "@holdfast/fs/steps";
import { dieWithGroup } from "./die.ts";

const everyMs = 500;

/**
 * Whether the test that started this process is gone, in a way that left it no time to end what it had
 * started. A pid alone would not say so: of a zombie, or within another pid namespace.
 */
export const isOrphan = (parent: ProcessIdentity): boolean => processState(parent) === "dead";

/**
 * Ends this process, and what it has started, soon after its parent has died: once its event loop
 * turns.
 */
export function watchParent(parent: ProcessIdentity): void {
  const watch = setInterval(() => {
    if (isOrphan(parent)) dieWithGroup();
  }, everyMs);
  watch.unref(); // the program ends when it would without
}
