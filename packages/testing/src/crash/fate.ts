import type { Pending } from "./disk.ts";
import type { PowerLossModel } from "./models.ts";
import { page, partsOf } from "./parts.ts";
import type { Part } from "./parts.ts";
import type { Change, DataChange, WriteChange } from "./timeline.ts";

/** What became of one change. */
export type Fate =
  | { readonly kind: "lost" }
  /** Of a write: the file has the size, and zeros where there was nothing before. */
  | { readonly kind: "zeros" }
  | ({ readonly kind: "part" } & Part)
  /** Of a rename between directories: the new name came, the old one stayed. */
  | { readonly kind: "half" }
  | { readonly kind: "all" };

export const lost: Fate = { kind: "lost" };
const zeros: Fate = { kind: "zeros" };
const half: Fate = { kind: "half" };
export const all: Fate = { kind: "all" };

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
  { change, durable, certainSize }: Pick<Pending, "change" | "durable" | "certainSize">,
): readonly Fate[] {
  if (durable === fullyDurable) return certain;
  if (durable === halfDurable) return certainHalf;
  if (change.kind === "write") return writeFates(model, change, certainSize);
  // A journal has a rename as a whole.
  if (change.kind === "names" && change.crossing && model.order === "any") return crossing;
  return either;
}

const known = new WeakMap<PowerLossModel, Map<number, readonly Fate[]>>();

function writeFates(
  model: PowerLossModel,
  { offset, bytes: { length } }: WriteChange,
  certainSize: number,
): readonly Fate[] {
  let ofModel = known.get(model);
  if (ofModel === undefined) known.set(model, (ofModel = new Map<number, readonly Fate[]>()));
  const { writes } = model;
  // Zeros come from blocks that are new. What is written over keeps its block, or gets another with
  // what is new in it.
  const mayBeZeros = writes.includes("zeros") && offset + length > certainSize;
  const key = (length * page + (offset % page)) * 2 + (mayBeZeros ? 1 : 0);
  let fates = ofModel.get(key);
  if (fates === undefined) {
    const parts = writes.includes("part") ? partsOf(offset, length) : [];
    fates = [
      lost,
      ...(mayBeZeros ? [zeros] : []),
      ...parts.map((part): Fate => ({ kind: "part", ...part })),
      all,
    ];
    ofModel.set(key, fates);
  }
  return fates;
}

/** A change that did not reach the disk, or not as it was made. */
export interface Oddity {
  readonly change: Change;
  readonly fate: Fate;
}

/**
 * The content of a file after some of its changes, none of which touches `before`, and the last of them
 * that happened.
 */
export function contentAfter(
  before: Uint8Array,
  changes: readonly DataChange[],
  fates: readonly Fate[],
): { readonly content: Uint8Array; readonly newest: DataChange | undefined } {
  let content = before;
  let own = false;
  let newest: DataChange | undefined;
  for (const [index, change] of changes.entries()) {
    const fate = fates[index]!;
    if (fate.kind === "lost") continue;
    if (fate.kind === "zeros") {
      const size = change.kind === "write" ? change.offset + change.bytes.length : 0;
      if (size > content.length) [content, own, newest] = [grown(content, size), true, change];
      continue;
    }
    newest = change;
    if (change.kind === "truncate") {
      if (change.size <= content.length) content = content.subarray(0, change.size);
      else [content, own] = [grown(content, change.size), true];
      continue;
    }
    const { bytes, offset } = change;
    const { from, to } = fate.kind === "part" ? fate : { from: 0, to: bytes.length };
    if (offset === 0 && fate.kind === "all" && to >= content.length) {
      [content, own] = [bytes, false];
      continue;
    }
    if (offset + to > content.length) [content, own] = [grown(content, offset + to), true];
    else if (!own) [content, own] = [content.slice(), true];
    content.set(fate.kind === "part" ? bytes.subarray(from, to) : bytes, offset + from);
  }
  return { content, newest };
}

function grown(content: Uint8Array, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  bytes.set(content);
  return bytes;
}
