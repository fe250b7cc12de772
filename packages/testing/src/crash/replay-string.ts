import { invalidType } from "@holdfast/fs/steps";
import type { Disk, Pending } from "./disk.ts";
import { all, fatesOf, fullyDurable, lost } from "./fate.ts";
import type { Fate, Oddity } from "./fate.ts";
import { metadataIn } from "./legal-states.ts";

/**
 * One case, in text: `crashes:ext4:after=12:not=3,5z`.
 *
 * - `ext4`: the model, or `end` for a run that no power loss cut off.
 * - `after=12`: the power goes after 12 events, which are changes, flushes and acknowledgements.
 * - `not=3,5z,7p2048,8t4096,9h`: the changes that did not reach the disk as they were made, by the
 *   number of their call: 3 not at all, 5 as zeros, of 7 the first 2048 bytes, of 8 all but the first
 *   4096, of the rename 9 only the new name. `7.2` is the second change of call 7.
 * - `fault=2`: in a run in which the second fsync failed.
 * - `;btrfs:after=2:not=1`: and again during the recovery.
 */
export interface Replay {
  readonly fault: number;
  /** None: the run was not cut off. */
  readonly first?: ReplayPoint;
  readonly again?: ReplayPoint;
}

interface ReplayPoint {
  readonly model: string;
  readonly events: number;
  readonly fates: ReadonlyMap<string, NamedFate>;
}

/** A fate as it is written: how long a write is, only the run says. */
interface NamedFate {
  readonly kind: string | undefined;
  readonly to: number | undefined;
  readonly from: number | undefined;
}

export function formatReplay(
  fault: number,
  ...points: { readonly model: string; readonly events: number; readonly odd: readonly Oddity[] }[]
): string {
  const [first = "end", again] = points.map(({ model, events, odd }) => {
    const not = odd.map(({ change, fate }) => `${change.label}${formatFate(fate)}`).join(",");
    return `${model}:after=${events}${not === "" ? "" : `:not=${not}`}`;
  });
  const failed = fault === 0 ? "" : `:fault=${fault}`;
  return `crashes:${first}${failed}${again === undefined ? "" : `;${again}`}`;
}

function formatFate(fate: Fate): string {
  switch (fate.kind) {
    case "zeros":
      return "z";
    case "half":
      return "h";
    case "part":
      return fate.from === 0 ? `p${fate.to}` : `t${fate.from}`;
    default:
      return "";
  }
}

const form =
  /^crashes:(?:end|(?<first>[\w.-]+:after=\d+(?::not=[\d.zhpt,]+)?))(?::fault=(?<fault>[1-9]\d*))?(?:;(?<again>[\w.-]+:after=\d+(?::not=[\d.zhpt,]+)?))?$/;

/** @throws TypeError (`ERR_INVALID_ARG`) if it is not the text of a case */
export function parseReplay(text: unknown): Replay {
  const parts = typeof text === "string" ? form.exec(text)?.groups : undefined;
  if (parts === undefined || (parts["first"] === undefined && parts["again"] !== undefined)) {
    throw notAReplay(text);
  }
  const { first, again } = parts;
  return {
    fault: Number(parts["fault"] ?? 0),
    ...(first !== undefined && { first: parsePoint(first, text) }),
    ...(again !== undefined && { again: parsePoint(again, text) }),
  };
}

function notAReplay(text: unknown): TypeError {
  return invalidType("replayCrash", "replay", 'text like "crashes:ext4:after=12:not=3,5z"', text);
}

function parsePoint(text: string, whole: unknown): ReplayPoint {
  const [model = "", after = "", not] = text.split(":");
  const named = new Map<string, NamedFate>();
  for (const item of not === undefined ? [] : not.slice("not=".length).split(",")) {
    const parts = /^(?<label>\d+(?:\.\d+)?)(?:(?<kind>[zh])|p(?<to>\d+)|t(?<from>\d+))?$/.exec(
      item,
    )?.groups;
    if (parts === undefined || named.has(parts["label"]!)) throw notAReplay(whole);
    const { label, kind, to, from } = parts;
    named.set(label!, { kind, to: numberIn(to), from: numberIn(from) });
  }
  return { model, events: Number(after.slice("after=".length)), fates: named };
}

const numberIn = (digits: string | undefined): number | undefined =>
  digits === undefined ? undefined : Number(digits);

/**
 * What became of each change, as a replay says it. In a model that keeps the order of metadata, what
 * came after the first that is missing is missing, too.
 *
 * @throws TypeError (`ERR_INVALID_ARG`) if the disk cannot be in that state
 */
export function fatesIn(disk: Disk, { fates }: ReplayPoint): (pending: Pending) => Fate {
  const left = new Map(fates);
  const chosen = new Map<Pending, Fate>();
  for (const pending of disk.pending) {
    const { change } = pending;
    const named = left.get(change.label);
    if (named === undefined) continue;
    left.delete(change.label);
    const fate = fatesOf(disk.model, pending).find((one) => isNamed(one, named));
    if (fate === undefined) {
      throw invalidType("replayCrash", "replay", "a case that the model allows", change.label);
    }
    chosen.set(pending, fate);
  }
  const [unknown] = left.keys();
  if (unknown !== undefined) {
    throw invalidType("replayCrash", "replay", "changes that were not durable by then", unknown);
  }
  if (disk.model.order === "prefix") {
    const metadata = metadataIn(disk);
    const missing = metadata.findIndex((pending) => chosen.has(pending));
    if (missing !== -1) for (const pending of metadata.slice(missing)) chosen.set(pending, lost);
  }
  return (pending) => (pending.durable === fullyDurable ? all : (chosen.get(pending) ?? all));
}

function isNamed(fate: Fate, { kind, to, from }: NamedFate): boolean {
  switch (fate.kind) {
    case "part":
      return fate.from === 0 ? fate.to === to : fate.from === from;
    case "zeros":
      return kind === "z";
    case "half":
      return kind === "h";
    case "lost":
      return kind === undefined && to === undefined && from === undefined;
    default:
      return false;
  }
}
