import type { PowerLossModel } from "./models.ts";
import type { Change, DataChange } from "./timeline.ts";

/** What became of one change. */
export type Fate =
  | { readonly kind: "lost" }
  | { readonly kind: "zeros" }
  /** Only the first `bytes` of a write. */
  | { readonly kind: "part"; readonly bytes: number }
  /** Of a rename between directories: the new name came, the old one stayed. */
  | { readonly kind: "half" }
  | { readonly kind: "all" };

export const lost: Fate = { kind: "lost" };
export const zeros: Fate = { kind: "zeros" };
export const half: Fate = { kind: "half" };
export const all: Fate = { kind: "all" };

const page = 4096;

/**
 * The front parts of a write that stand for all of them: half of it, at a page boundary if it is longer
 * than a page, and all but its last byte (the newline that ends a record).
 */
export function partsOf(length: number): number[] {
  if (length < 2) return [];
  const middle = length > page ? Math.ceil(length / 2 / page) * page : Math.floor(length / 2);
  return middle < length - 1 ? [middle, length - 1] : [length - 1];
}

/** How much of a change a flush has made durable. */
export const notDurable = 0;
/** Of a rename between directories: the new name is there, the old one may be, too. */
export const halfDurable = 1;
export const fullyDurable = 2;
export type Durability = typeof notDurable | typeof halfDurable | typeof fullyDurable;

const certain: readonly Fate[] = [all];
const certainHalf: readonly Fate[] = [half, all];
const either: readonly Fate[] = [lost, all];
const crossing: readonly Fate[] = [lost, half, all];

/** All that may have become of a change, the worst first. */
export function fatesOf(
  model: PowerLossModel,
  change: Change,
  durable: Durability,
): readonly Fate[] {
  if (durable === fullyDurable) return certain;
  if (durable === halfDurable) return certainHalf;
  if (change.kind === "write") return writeFates(model, change.bytes.length);
  // A journal has a rename as a whole.
  if (change.kind === "names" && change.crossing && model.order === "any") return crossing;
  return either;
}

const known = new WeakMap<PowerLossModel, Map<number, readonly Fate[]>>();

function writeFates(model: PowerLossModel, length: number): readonly Fate[] {
  let ofModel = known.get(model);
  if (ofModel === undefined) known.set(model, (ofModel = new Map<number, readonly Fate[]>()));
  let fates = ofModel.get(length);
  if (fates === undefined) {
    const { writes } = model;
    fates = [
      lost,
      ...(writes.includes("zeros") ? [zeros] : []),
      ...(writes.includes("part") ? partsOf(length) : []).map((bytes): Fate => ({
        kind: "part",
        bytes,
      })),
      all,
    ];
    ofModel.set(length, fates);
  }
  return fates;
}

/** A change that did not reach the disk, or not as it was made. */
export interface Oddity {
  readonly change: Change;
  readonly fate: Fate;
}

/** The content of a file after some of its changes, none of which touches `before`. */
export function contentAfter(
  before: Uint8Array,
  changes: readonly DataChange[],
  fates: readonly Fate[],
): Uint8Array {
  let content = before;
  let own = false;
  for (const [index, change] of changes.entries()) {
    const fate = fates[index]!;
    if (fate.kind === "lost") continue;
    if (change.kind === "truncate") {
      if (change.size <= content.length) content = content.subarray(0, change.size);
      else [content, own] = [grown(content, change.size), true];
      continue;
    }
    const { bytes, offset } = change;
    const count = fate.kind === "part" ? fate.bytes : bytes.length;
    if (offset === 0 && count === bytes.length && count >= content.length && fate.kind === "all") {
      [content, own] = [bytes, false];
      continue;
    }
    if (offset + count > content.length) [content, own] = [grown(content, offset + count), true];
    else if (!own) [content, own] = [content.slice(), true];
    if (fate.kind === "zeros") content.fill(0, offset, offset + count);
    else content.set(count === bytes.length ? bytes : bytes.subarray(0, count), offset);
  }
  return content;
}

function grown(content: Uint8Array, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  bytes.set(content);
  return bytes;
}
