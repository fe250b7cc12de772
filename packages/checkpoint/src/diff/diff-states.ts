import { isUtf8 } from "node:buffer";
import type { Operation, Steps } from "@holdfast/fs/steps";
import type { ObjectStore } from "../objects/object-store.ts";
import type { PathDiff } from "../results.ts";
import { isRestorable, sameContent, sameState, type PathState } from "../state.ts";
import { compareLines } from "./compare-lines.ts";

/** A state with the way to its bytes. */
export interface Side {
  readonly state: PathState;
  /** The bytes of a file; `undefined` where they are not to be had, or more than `maxBytes`. */
  read(maxBytes: number): Steps<Uint8Array | undefined>;
}

/** What is longer is not compared by lines: reading it alone would hold up others. */
const maxComparedBytes = 1024 * 1024;

/** What differs between two states of a path; `undefined` if nothing does. */
export function* diffStates(
  _operation: Operation,
  path: string,
  from: Side,
  to: Side,
): Steps<PathDiff | undefined> {
  if (sameState(from.state, to.state)) return undefined;
  const change = changeOf(from.state, to.state);
  const states = { path, change, from: from.state, to: to.state };
  const plain = { ...states, lines: undefined, binary: false, oversize: false };
  if (change === "mode") return plain;
  if (change === "unknown") return { ...plain, oversize: wasTooLarge(from) || wasTooLarge(to) };
  if (!isOfLines(from.state, to.state)) return plain;
  if (isTooLong(from.state) || isTooLong(to.state)) return { ...plain, oversize: true };
  const before = yield* bytesOf(from);
  const after = yield* bytesOf(to);
  if (isBinary(before) || isBinary(after)) return { ...plain, binary: true };
  if (before === undefined || after === undefined) return plain;
  const lines = yield* compareLines(before, after);
  return { ...plain, lines, oversize: lines === undefined };
}

function changeOf(from: PathState, to: PathState): PathDiff["change"] {
  if (!isRestorable(from) || !isRestorable(to)) return "unknown";
  if (from.kind === "absent") return "added";
  if (to.kind === "absent") return "removed";
  return sameContent(from, to) ? "mode" : "modified";
}

/** A file that comes or goes has all its lines added or removed; a link that becomes a file has none to compare. */
const isOfLines = (from: PathState, to: PathState): boolean =>
  [from, to].every(({ kind }) => kind === "file" || kind === "absent");

const isTooLong = (state: PathState): boolean =>
  state.kind === "file" && state.size > maxComparedBytes;

const wasTooLarge = ({ state }: Side): boolean =>
  state.kind === "skipped" && state.reason === "too-large";

function* bytesOf(side: Side): Steps<Uint8Array | undefined> {
  return side.state.kind === "file" ? yield* side.read(maxComparedBytes) : new Uint8Array();
}

const isBinary = (bytes: Uint8Array | undefined): boolean =>
  bytes !== undefined && (bytes.includes(0) || !isUtf8(bytes));

/** A side whose bytes are in the store. */
export function storedSide(operation: Operation, objects: ObjectStore, state: PathState): Side {
  return {
    state,
    *read(maxBytes) {
      if (state.kind !== "file" || state.size > maxBytes) return undefined;
      return yield* objects.readWhole(operation, state.sha256, maxBytes);
    },
  };
}
