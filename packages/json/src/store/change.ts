import { invalidCombination, type Attempt, type Refusal, type Steps } from "@holdfast/fs/steps";
import type { Found } from "../target/place.ts";
import { callCaller } from "./call-caller.ts";
import { canonicalOf, contentOf, defaultsOf, sameBytes, type Content } from "./content.ts";
import { copyValue } from "./copy-value.ts";
import {
  contentWithoutFile,
  exclusively,
  parseDocument,
  readHeld,
  writeHeld,
  type Hold,
  type StoreCall,
} from "./held-document.ts";
import type { StoreRecovery } from "./options.ts";
import { isCorrupt, keepCorrupt, publicError } from "./recover.ts";
import type { StoreState } from "./state.ts";

export type Change<Value> = (value: Value) => Value | void | PromiseLike<Value | void>;

/**
 * Changes what is on disk at this moment, under the lock.
 *
 * @returns the new value, or what the caller's function threw: that is to come through as it is
 */
export function update<Value>(
  call: StoreCall<Value>,
  state: StoreState<Value>,
  fn: Change<Value>,
): Steps<Attempt<Value>> {
  const { operation, place, settings } = call;
  return exclusively(call, function* (hold): Steps<Attempt<Value>> {
    const found = yield* place.read(operation, settings.maxBytes);
    const { content: current, from } =
      found === undefined
        ? { content: yield* contentWithoutFile(call), from: undefined }
        : yield* readHeld(call, hold, found);
    state.adopt(current, found !== undefined, "others");
    const draft = copyValue(current.value, false);
    const made = yield* callCaller(() => hold.run(() => fn(draft)));
    if (!made.ok) return made;
    const wanted = made.value === undefined ? draft : made.value;
    if (wanted !== draft) refuseBoth(call, current.value, draft);
    const next = yield* contentOf(operation, settings, wanted);
    if (found === undefined || from !== undefined || !isSame(current, next)) {
      yield* writeHeld(call, hold, next, { found, from });
      state.adopt(next, true, "us");
    }
    return { ok: true, value: next.value };
  });
}

const isSame = (a: Content<unknown>, b: Content<unknown>): boolean =>
  sameBytes(a.canonical, b.canonical);

/**
 * `(draft) => (draft.count = 5)` returns 5, and `(draft) => draft.list.push(x)` a length: neither is meant
 * to be the document.
 */
function refuseBoth({ operation }: StoreCall<unknown>, value: unknown, draft: unknown): void {
  if (sameBytes(canonicalOf(value), canonicalOf(draft))) return;
  throw invalidCombination(
    operation.op,
    "the function changed the draft and returned something else; it must do one of both " +
      "(an arrow function without braces returns the value of its expression)",
  );
}

/** Puts the defaults in the place of the value, whatever it is, but for a newer version. */
export function reset<Value>(call: StoreCall<Value>, state: StoreState<Value>): Steps<Value> {
  const { operation, place, settings } = call;
  return exclusively(call, function* (hold: Hold): Steps<Value> {
    const found = yield* place.read(operation, settings.maxBytes);
    const content = yield* contentOf(operation, settings, defaultsOf(settings));
    let recovery: StoreRecovery | undefined;
    const error = found === undefined ? undefined : faultOf(call, found);
    if (found !== undefined && error !== undefined) {
      yield* hold.check();
      const corrupt = yield* keepCorrupt(call, found);
      const told = publicError(operation, error);
      recovery = { outcome: "quarantined", corrupt, backup: undefined, error: told };
    }
    // What is corrupt is kept already, and is no generation to go back to.
    const replaced = recovery === undefined ? found : undefined;
    yield* writeHeld(call, hold, content, { found: replaced, from: undefined });
    state.recovery = recovery ?? state.recovery;
    state.adopt(content, true, "us");
    return content.value;
  });
}

/** What makes a document corrupt; throws what makes it none of ours. */
function faultOf<Value>(call: StoreCall<Value>, found: Found): Refusal | undefined {
  try {
    parseDocument(call, found);
    return undefined;
  } catch (error) {
    if (isCorrupt(error)) return error;
    throw error;
  }
}
