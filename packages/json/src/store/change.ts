import { invalidCombination, type Attempt, type Refusal, type Steps } from "@holdfast/fs/steps";
import type { Found } from "../target/place.ts";
import { callCaller } from "./call-caller.ts";
import { contentOf, contentOfDefaults, isSame, withDefaults, type Content } from "./content.ts";
import { copyValue } from "./copy-value.ts";
import type { DeepReadonly } from "./deep-readonly.ts";
import {
  contentWithoutFile,
  exclusively,
  parseDocument,
  readHeld,
  sourceFor,
  writeHeld,
  type Hold,
  type StoreCall,
} from "./held-document.ts";
import type { Changed, StoreRecovery } from "./options.ts";
import { isCorrupt, keepCorrupt, publicError } from "./recover.ts";
import type { StoreState } from "./state.ts";

export type Change<Value> = (value: Value) => Changed<Value> | PromiseLike<Changed<Value>>;

/**
 * Changes what is on disk at this moment, under the lock.
 *
 * @returns the new value, or what the caller's function threw: that is to come through as it is
 */
export function update<Value>(
  call: StoreCall<Value>,
  state: StoreState<Value>,
  fn: Change<Value>,
): Steps<Attempt<DeepReadonly<Value>>> {
  const { operation, place, settings } = call;
  return exclusively(call, function* (hold): Steps<Attempt<DeepReadonly<Value>>> {
    const found = yield* place.read(operation, settings.maxBytes);
    const { current, from, draft } = yield* readForChange(call, state, hold, found);
    const made = yield* callCaller(() => hold.run(() => fn(draft)));
    if (!made.ok) return made;
    const wanted = made.value === undefined ? draft : made.value;
    if (wanted !== draft) refuseBoth(call, current.value, draft);
    const next = yield* contentOf(operation, settings, wanted, found?.isPrivate);
    if (found === undefined || from !== undefined || !isSame(current.body, next.body)) {
      const bytes = yield* writeHeld(call, hold, next, { found, from });
      state.adopt(next, true, "us", sourceFor(call, bytes));
      return { ok: true, value: next.value };
    }
    return { ok: true, value: current.value };
  });
}

/** What is there before a change, and a copy of it for the caller. */
interface Before<Value> {
  readonly current: Content<Value>;
  /** The version of the document, where it has to be migrated. */
  readonly from: number | undefined;
  readonly draft: Value;
}

function* readForChange<Value>(
  call: StoreCall<Value>,
  state: StoreState<Value>,
  hold: Hold,
  found: Found | undefined,
): Steps<Before<Value>> {
  const known = found === undefined ? undefined : state.contentOf(found.bytes);
  if (found !== undefined && known !== undefined) {
    // To parse it once more is the quickest way to a copy.
    const draft = withDefaults(call.settings, parseDocument(call, found).body) as Value;
    return { current: known, from: undefined, draft };
  }
  const { content: current, from } =
    found === undefined
      ? { content: yield* contentWithoutFile(call), from: undefined }
      : yield* readHeld(call, hold, found);
  const source = found === undefined || from !== undefined ? undefined : found.bytes;
  state.adopt(current, found !== undefined, "others", sourceFor(call, source));
  return { current, from, draft: copyValue(current.value, false) as Value };
}

/**
 * `(draft) => (draft.count = 5)` returns 5, and `(draft) => draft.list.push(x)` a length: neither is meant
 * to be the document.
 */
function refuseBoth({ operation }: StoreCall<unknown>, value: unknown, draft: unknown): void {
  if (isSame(value, draft)) return;
  throw invalidCombination(
    operation.op,
    "the function changed the draft and returned something else; it must do one of both " +
      "(an arrow function without braces returns the value of its expression)",
  );
}

/** Puts the defaults in the place of the value, whatever it is, but for a newer version. */
export function reset<Value>(
  call: StoreCall<Value>,
  state: StoreState<Value>,
): Steps<DeepReadonly<Value>> {
  const { operation, place, settings } = call;
  return exclusively(call, function* (hold: Hold): Steps<DeepReadonly<Value>> {
    const found = yield* place.read(operation, settings.maxBytes);
    const content = yield* contentOfDefaults(operation, settings);
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
    const bytes = yield* writeHeld(call, hold, content, { found: replaced, from: undefined });
    state.recovery = recovery ?? state.recovery;
    state.adopt(content, true, "us", sourceFor(call, bytes));
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
