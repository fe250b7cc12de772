import type { InodeAttributes } from "../memory/effect.ts";
import type { DiskInode, Pending, Touch } from "./disk.ts";
import { all, contentAfter, lost } from "./fate.ts";
import type { Fate, Oddity } from "./fate.ts";
import type { Identities } from "./identity.ts";
import type { DataChange } from "./timeline.ts";

/** One thing that a file or directory may be after a power loss, apart from its names. */
export interface InodeVariant {
  /** Equal for equal content and attributes. */
  readonly id: number;
  readonly content: Uint8Array;
  readonly attributes: InodeAttributes;
  readonly odd: readonly Oddity[];
}

/** What may have become of a change: a choice of one is none. */
export type Choices = (pending: Pending) => readonly Fate[];

/** What the contents of states that wait to be run may take. */
export const maxBytes: number = 2 ** 28;
/** More than so many changes of one file are not looked at in every way. */
const maxChanges = 1000;
// Attributes are few; the rest of the 53 bits of a number is for contents.
const attributesBits = 2 ** 20;

/** All variants, each once; `undefined` if there may be more than `limit`. */
export function variantsOf(
  inode: DiskInode,
  choices: Choices,
  limit: number,
  identities: Identities,
): readonly InodeVariant[] | undefined {
  const contents = contentsOf(inode, choices, limit, identities);
  if (contents === undefined) return undefined;
  const modes = modesOf(inode, choices);
  if (contents.length * modes.length > limit) return undefined;
  const variants = new Map<number, InodeVariant>();
  for (const { kept, odd, attributes } of modes) {
    for (const one of contents) {
      // Whichever of the two changes was made last set the time.
      const made =
        one.modesBefore < kept ? attributes : touchedAt(attributes, one.touched!.mtimeMs);
      const id = one.id * attributesBits + identities.attributes(made);
      const allOdd = [...one.odd, ...odd];
      const known = variants.get(id);
      if (known === undefined || known.odd.length > allOdd.length) {
        variants.set(id, { id, content: one.content, attributes: made, odd: allOdd });
      }
    }
  }
  return [...variants.values()];
}

/** The time is one that no program chose. */
function touchedAt(attributes: InodeAttributes, mtimeMs: number): InodeAttributes {
  return { ...attributes, birthtimeMs: attributes.birthtimeMs ?? attributes.mtimeMs, mtimeMs };
}

interface Contents extends Pick<InodeVariant, "id" | "content" | "odd"> {
  readonly touched: Touch | undefined;
  /** How many of the changes of attributes were made before `touched`; -1: it was even before them. */
  readonly modesBefore: number;
}

interface Modes extends Pick<InodeVariant, "attributes" | "odd"> {
  /** How many of the pending changes of attributes happened. */
  readonly kept: number;
}

function contentsOf(
  inode: DiskInode,
  choices: Choices,
  limit: number,
  identities: Identities,
): readonly Contents[] | undefined {
  const { data, content } = inode;
  // The content of a directory or a link is in the shape of the tree.
  if (data.length === 0) {
    const id = inode.type === "file" ? identities.content(content) : 0;
    return [{ id, content, odd: [], ...timeOf(inode, inode.touched) }];
  }
  if (data.length > maxChanges && limit < Infinity) return undefined;
  const changes = data.map(({ change }) => change);
  const found = new Map<number, Contents>();
  const seen = new Set<number>();
  const fates: Fate[] = changes.map(() => all);
  let visited = 0;
  let bytes = 0;
  // From the last to the first: what a later change hides need not be tried in every way.
  const choose = (at: number): boolean => {
    if (at < 0) {
      if (++visited > limit) return false;
      const { content: made, newest } = contentAfter(content, changes, fates);
      const id = identities.content(made);
      const odd = odditiesOf(changes, fates);
      if (!seen.has(id) && (bytes += made.length) > maxBytes && limit < Infinity) return false;
      seen.add(id);
      const time = timeOf(inode, newest ?? inode.touched);
      const key = id * (inode.modes.length + 2) + time.modesBefore + 1;
      const known = found.get(key);
      if (known === undefined || known.odd.length > odd.length) {
        found.set(key, { id, content: known?.content ?? made, odd, ...time });
      }
      return true;
    }
    fates[at] = all;
    if (isHidden(changes, fates, at)) return choose(at - 1);
    for (const fate of choices(data[at]!)) {
      fates[at] = fate;
      if (!choose(at - 1)) return false;
    }
    return true;
  };
  return choose(changes.length - 1) ? [...found.values()] : undefined;
}

function odditiesOf(changes: readonly DataChange[], fates: readonly Fate[]): Oddity[] {
  const odd: Oddity[] = [];
  for (let at = 0; at < changes.length; at++) {
    if (fates[at] !== all) odd.push({ change: changes[at]!, fate: fates[at]! });
  }
  return odd;
}

/** Whether a later change that happened makes it irrelevant whether this one did. */
function isHidden(changes: readonly DataChange[], fates: readonly Fate[], at: number): boolean {
  const change = changes[at]!;
  for (let later = at + 1; later < changes.length; later++) {
    const other = changes[later]!;
    const fate = fates[later]!;
    if (fate.kind === "lost") continue;
    if (other.kind === "truncate") {
      if ((change.kind === "write" ? change.offset : change.size) >= other.size) return true;
    } else if (change.kind === "write" && fate.kind !== "zeros") {
      const { from, to } = fate.kind === "part" ? fate : { from: 0, to: other.bytes.length };
      const covered = change.offset + change.bytes.length <= other.offset + to;
      if (covered && change.offset >= other.offset + from) return true;
    }
  }
  return false;
}

function timeOf(
  { attributesSince, modes }: DiskInode,
  touched: Touch | undefined,
): Pick<Contents, "touched" | "modesBefore"> {
  if (touched === undefined || touched.id < attributesSince) return { touched, modesBefore: -1 };
  const modesBefore = modes.filter(({ change }) => change.id < touched.id).length;
  return { touched, modesBefore };
}

/** The newest change of attributes that happened decides. */
function modesOf({ modes, attributes }: DiskInode, choices: Choices): readonly Modes[] {
  const found: Modes[] = [];
  for (let kept = modes.length; kept >= 0; kept--) {
    const newest = modes[kept - 1];
    const later = modes.slice(kept);
    const allowed =
      later.every((one) => choices(one).includes(lost)) &&
      (newest === undefined || choices(newest).includes(all));
    if (!allowed) continue;
    const odd = later.map(({ change }) => ({ change, fate: lost }));
    found.push({ kept, attributes: newest?.change.attributes ?? attributes, odd });
  }
  return found;
}
