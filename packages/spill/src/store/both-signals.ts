/** For each signal what is done when it is aborted: with one listener, however many calls it is of. */
const followers = new WeakMap<AbortSignal, Set<() => void>>();

function follow(signal: AbortSignal, act: () => void): () => void {
  if (signal.aborted) {
    act();
    return () => {};
  }
  // Node warns of a leak where a signal has more than ten listeners, and ten calls at once are no leak.
  let acts = followers.get(signal);
  if (acts === undefined) {
    const created = new Set<() => void>();
    acts = created;
    followers.set(signal, created);
    const onAbort = (): void => {
      for (const each of created) each();
    };
    signal.addEventListener("abort", onAbort, { once: true });
  }
  acts.add(act);
  return () => acts.delete(act);
}

/** A signal that is aborted when one of two is; `unlink` lets go of them. */
export function bothSignals(
  one: AbortSignal,
  other: AbortSignal | undefined,
): { readonly signal: AbortSignal; readonly unlink: () => void } {
  const controller = new AbortController();
  const links = [one, other].map((signal) => {
    return signal && follow(signal, () => controller.abort(signal.reason));
  });
  const unlink = (): void => {
    for (const end of links) end?.();
  };
  return { signal: controller.signal, unlink };
}
