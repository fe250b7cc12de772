import {
  attempt,
  isAborted,
  Refusal,
  shielded,
  type Attempt,
  type Step,
  type Steps,
} from "@holdfast/fs/steps";
import type { RootCall } from "../call/root-call.ts";
import { Way } from "./way.ts";

const ways = new WeakMap<RootCall, Way>();
/** Between attempts, in milliseconds, doubling: others are at work, and finish. */
const longestPauseMs = 16;

/** The way that a call goes. */
export function wayOf(call: RootCall): Way {
  let way = ways.get(call);
  if (way === undefined) ways.set(call, (way = new Way(call)));
  return way;
}

/**
 * Runs the body of a call and proves that its way held still. If that cannot be proved, a body that
 * changes nothing is run again, and what it found is thrown away, errors too: they told of who knows
 * what. A change cannot be made again; it is looked for where it ought to be, if the body has said how.
 */
export function* containByProof<T>(call: RootCall, body: () => Steps<T>): Steps<T> {
  const way = wayOf(call);
  for (let pause = 1; ; pause = Math.min(2 * pause, longestPauseMs)) {
    way.again = false;
    const ended = yield* run(call, body);
    if (!call.changing && isFinal(way, ended)) return conclude(ended);
    const proof = yield* attempt(shieldedIf(call.changing, way.lookAgain()));
    const proved = proof.ok && proof.value && !way.astray;
    if (proved && (call.changing || !way.again)) return conclude(ended);
    if (call.changing) return yield* shielded(concludeChange(call, way, ended, proof));
    if (!proof.ok) throw proof.error;
    yield* call.releaseAll();
    call.forgetLinks();
    call.bytes = 0;
    const again = way.again;
    way.forget();
    yield* way.rest(again ? 0 : pause);
  }
}

/** To the end, however that comes; the root is looked at before the first call that the body makes. */
function* run<T>(call: RootCall, body: () => Steps<T>): Steps<Attempt<T>> {
  try {
    const steps = body();
    // Up to here it has only looked at its arguments.
    const first = steps.next();
    if (first.done === true) return { ok: true, value: first.value };
    let begun: IteratorResult<Step, T> = first;
    try {
      yield* wayOf(call).reach([]);
    } catch (error) {
      begun = steps.throw(error); // it may hold a stream, or a place in a queue, and must let go
    }
    return { ok: true, value: yield* from(steps, begun) };
  } catch (error) {
    return { ok: false, error };
  }
}

/** The rest of a generator that was begun by hand. */
function* from<T>(steps: Steps<T>, first: IteratorResult<Step, T>): Steps<T> {
  let result = first;
  while (result.done !== true) {
    let answer: unknown;
    try {
      answer = yield result.value;
    } catch (error) {
      result = steps.throw(error);
      continue;
    }
    result = steps.next(answer);
  }
  return result.value;
}

function* concludeChange<T>(
  call: RootCall,
  way: Way,
  ended: Attempt<T>,
  proof: Attempt<boolean>,
): Steps<T> {
  if (ended.ok && call.confirm !== undefined && (yield* isConfirmed(call, way))) return ended.value;
  call.operation.effect = "unknown";
  if (!ended.ok) throw elsewhere(ended.error);
  throw elsewhere(proof.ok ? undefined : proof.error);
}

/** Whether the change is seen to be there, by a way that is proved to have held still meanwhile. */
function* isConfirmed(call: RootCall, way: Way): Steps<boolean> {
  const confirm = call.confirm!;
  way.startOver();
  const looked = yield* attempt(
    (function* (): Steps<boolean> {
      for (let pause = 1; ; pause = Math.min(2 * pause, longestPauseMs)) {
        way.forget();
        const there = (yield* way.reachPlaces()) && (yield* confirm());
        if (yield* way.lookAgain()) return there;
        yield* way.rest(pause);
      }
    })(),
  );
  return looked.ok && looked.value;
}

/** Whether there is no point in asking whether an error is to be believed. */
function isFinal(way: Way, ended: Attempt<unknown>): boolean {
  if (ended.ok) return false;
  const { error } = ended;
  const gaveUp = way.gaveUp && error instanceof Refusal && error.code === "ERR_CHANGED";
  return gaveUp || isAborted(error);
}

function conclude<T>(ended: Attempt<T>): T {
  if (ended.ok) return ended.value;
  throw ended.error;
}

function* shieldedIf<T>(shield: boolean, steps: Steps<T>): Steps<T> {
  return shield ? yield* shielded(steps) : yield* steps;
}

const elsewhere = (cause: unknown): Refusal =>
  new Refusal("ERR_CHANGED", {
    problem:
      "directories on the way did not hold still; the change may have been made elsewhere, even " +
      "outside the root",
    hint: "Look at what is there before trying again.",
    ...(cause !== undefined && { cause }),
  });
