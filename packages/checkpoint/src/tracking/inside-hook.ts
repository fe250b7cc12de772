import { AsyncLocalStorage } from "node:async_hooks";
import { Refusal } from "@holdfast/fs/steps";

/** A function of the caller's that a session waits for. */
interface Hook {
  readonly session: object;
  ended: boolean;
}

const innermost = new AsyncLocalStorage<Hook>();

/** Calls such a function, so that what it asks of the same session is told from what others ask. */
export async function insideHook<T>(session: object, fn: () => T): Promise<Awaited<T>> {
  const hook = { session, ended: false };
  try {
    return await innermost.run(hook, fn);
  } finally {
    hook.ended = true; // what it has left behind, a timer for one, is as anybody
  }
}

/** Refuses a call that would wait for the restore that waits for whoever makes it. */
export function refuseInsideHook(session: object): void {
  const hook = innermost.getStore();
  if (hook?.session !== session || hook.ended) return;
  throw new Refusal("ERR_LOCK_HELD", {
    problem: 'it was called by "onConflict", for which the restore waits: it would wait for itself',
    hint: "Ask before the restore: a dry run lists the conflicts.",
  });
}
