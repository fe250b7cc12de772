import { attempt, sleep, type Attempt, type Steps } from "@holdfast/fs/steps";
import type { Found } from "../target/place.ts";
import { contentOf, readContent, sameBytes, type Content } from "./content.ts";
import {
  contentWithoutFile,
  exclusively,
  isOlder,
  parseDocument,
  readHeld,
  sourceFor,
  writeHeld,
  type Hold,
  type StoreCall,
} from "./held-document.ts";
import { isCorrupt, recover } from "./recover.ts";
import type { StoreState } from "./state.ts";
import { migrate } from "./versions.ts";

/** A document that is corrupt for so long is not on its way. */
const settlingMs = 50;

/**
 * Reads the document, brings an older one up to date, and deals with a corrupt one. The lock is taken only
 * where something has to be written.
 */
export function* load<Value>(call: StoreCall<Value>, state: StoreState<Value>): Steps<void> {
  const { operation, place, settings } = call;
  for (;;) {
    const { looks } = state;
    const found = yield* place.read(operation, settings.maxBytes);
    const read: Attempt<Content<Value> | "older"> = yield* attempt(readUnlocked(call, found));
    const mustWrite = read.ok ? read.value === "older" : isCorrupt(read.error);
    if (mustWrite && !(settings.onCorrupt === "throw" && !read.ok)) {
      return yield* exclusively(call, (hold) => loadHeld(call, state, hold));
    }
    if (!read.ok) throw read.error;
    // Otherwise something was written here meanwhile, and this may be what was there before it.
    if (read.value !== "older" && looks === state.looks) {
      state.recovery = undefined;
      const source = sourceFor(call, found?.bytes);
      return state.adopt(read.value, found !== undefined, "others", source);
    }
  }
}

function* readUnlocked<Value>(
  call: StoreCall<Value>,
  found: Found | undefined,
): Steps<Content<Value> | "older"> {
  if (found === undefined) return yield* contentWithoutFile(call);
  const versioned = parseDocument(call, found);
  if (isOlder(call, versioned)) return "older";
  return yield* readContent(call.operation, call.settings, versioned.body, !found.isPrivate);
}

/** Somebody else may have done what there was to do. */
function* loadHeld<Value>(
  call: StoreCall<Value>,
  state: StoreState<Value>,
  hold: Hold,
): Steps<void> {
  const { operation, place, settings } = call;
  for (let last: Found | undefined; ;) {
    const found = yield* place.read(operation, settings.maxBytes);
    if (found === undefined) {
      state.recovery = undefined;
      return state.adopt(yield* contentWithoutFile(call), false, "others");
    }
    const read = yield* attempt(readHeld(call, hold, found));
    if (read.ok) {
      const { content, from } = read.value;
      let { bytes } = found;
      if (from !== undefined) {
        bytes = yield* writeHeld(call, hold, content, { found, from });
        state.migratedFrom = from;
      }
      state.recovery = undefined;
      return state.adopt(content, true, "others", sourceFor(call, bytes));
    }
    if (!isCorrupt(read.error)) throw read.error;
    // An editor that writes in place is not done yet, perhaps: it asks for no lock.
    if (last !== undefined && sameBytes(last.bytes, found.bytes)) {
      const { content, recovery } = yield* recover(call, hold, found, read.error);
      state.recovery = recovery;
      return state.adopt(content, true, "others");
    }
    last = found;
    yield* sleep(settlingMs);
  }
}

/**
 * What the document says at the moment, for who only watches: nothing is written. `undefined` if there is
 * none.
 */
export function* peek<Value>(call: StoreCall<Value>): Steps<Content<Value> | undefined> {
  const { operation, place, settings } = call;
  const found = yield* place.read(operation, settings.maxBytes);
  if (found === undefined) return undefined;
  const versioned = parseDocument(call, found);
  if (!isOlder(call, versioned))
    return yield* readContent(operation, settings, versioned.body, !found.isPrivate);
  const migrated = yield* migrate(settings, versioned, (fn) => fn());
  return yield* contentOf(operation, settings, migrated, found.isPrivate);
}
