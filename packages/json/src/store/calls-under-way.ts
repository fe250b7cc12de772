import { AsyncLocalStorage } from "node:async_hooks";

/** A call of a store that has not ended yet, and the call from inside of which it was made. */
interface CallUnderWay {
  readonly store: object;
  readonly synchronous: boolean;
  readonly outer: CallUnderWay | undefined;
  ended: boolean;
}

const innermost = new AsyncLocalStorage<CallUnderWay>();

/**
 * Begins a call of a store, so that what its functions of the caller's ask for can be told from what others
 * ask for.
 *
 * @param end called when none of those functions is waited for any more: what they left behind, a timer for
 *   one, is then as anything else
 */
export function beginCall<T>(
  store: object,
  synchronous: boolean,
  begin: (end: () => void) => T,
): T {
  let outer = innermost.getStore();
  // A timer that calls, and so begins itself again, would make a chain without end.
  while (outer?.ended === true) outer = outer.outer;
  const call = { store, synchronous, outer, ended: false };
  return innermost.run(call, () => begin(() => void (call.ended = true)));
}

/** Whether a call of this store may be waiting for whoever asks: to wait for it would never end. */
export function isWaitedForBy(store: object): boolean {
  return isInside((call) => call.store === store && !call.synchronous);
}

/** Whether whoever asks was called by a call of this store. */
export function isCalledBy(store: object): boolean {
  return isInside((call) => call.store === store);
}

function isInside(matches: (call: CallUnderWay) => boolean): boolean {
  for (let call = innermost.getStore(); call !== undefined; call = call.outer) {
    if (!call.ended && matches(call)) return true;
  }
  return false;
}
