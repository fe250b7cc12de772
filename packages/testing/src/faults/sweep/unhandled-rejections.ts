/**
 * Rejections that nobody handled, told apart by what they were rejected with: those with an error that
 * a sweep injected are its findings, all others go where they went before.
 */

type Listener = NodeJS.UnhandledRejectionListener;
/** Returns whether it takes it: not once its case is over. */
type Found = (reason: unknown) => boolean;

const event = "unhandledRejection";
const owners = new WeakMap<object, Found>();
let watching = 0;
let others: Listener[] = [];

/** From now on a rejection with this error, or with one that it caused, is offered to `found`. */
export function attribute(error: unknown, found: Found): void {
  if (typeof error === "object" && error !== null) owners.set(error, found);
}

/** Returns what ends it. Sweeps may overlap. */
export function watchRejections(): () => void {
  if (watching++ === 0) {
    // They would take what a sweep found for a failure of the test runner's own.
    others = process.listeners(event);
    for (const listener of others) process.off(event, listener);
    process.on(event, sort);
  }
  return () => {
    if (--watching > 0) return;
    process.off(event, sort);
    for (const listener of others) process.on(event, listener);
    others = [];
  };
}

const sort: Listener = (reason, promise) => {
  if (ownerOf(reason)?.(reason) === true) return;
  if (others.length === 0) throw reason; // as Node does when nobody listens
  for (const listener of others) listener(reason, promise);
};

const mostCauses = 20;

/** Looks through what an error was made from: `cause`, the errors of an `AggregateError`. */
function ownerOf(reason: unknown): Found | undefined {
  const open: unknown[] = [reason];
  for (let seen = 0; seen < mostCauses && open.length > 0; seen++) {
    const one = open.shift();
    if (typeof one !== "object" || one === null) continue;
    const found = owners.get(one);
    if (found !== undefined) return found;
    const { cause, errors } = one as { cause?: unknown; errors?: unknown };
    open.push(cause, ...(Array.isArray(errors) ? (errors as unknown[]) : []));
  }
  return undefined;
}
