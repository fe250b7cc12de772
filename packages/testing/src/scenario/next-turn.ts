import { setImmediate } from "node:timers";

// Taken now: a test that replaces the timers does not stop an exploration in it.
const afterwards = setImmediate;

/** Lets everything happen that is ready to: rejections that nobody handles are told by then. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    afterwards(resolve);
  });
}
