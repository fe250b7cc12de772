/** Journals of all kinds, for properties: what a session may write, and what is left of that by damage. */

import fc from "fast-check";
import type { JournalEntry } from "../../src/journal/records.ts";
import type { PathState } from "../../src/state.ts";

export const names = ["a", "b", "c"];
export const turns = ["1", "2"];

const sha = (digit: string): string => digit.repeat(64);

const content = fc.constantFrom<PathState>(
  ...["1", "2", "3"].map(
    (digit) => ({ kind: "file", sha256: sha(digit), size: Number(digit), mode: 0o644 }) as const,
  ),
  { kind: "absent" },
  { kind: "absent" },
  { kind: "symlink", target: "x" },
  { kind: "dir", mode: 0o755 },
);
const failed: PathState = { kind: "failed", code: "EACCES" };
const seen = fc.oneof(
  { weight: 4, arbitrary: content },
  { weight: 2, arbitrary: fc.constant(failed) },
  { weight: 1, arbitrary: fc.constant<PathState>({ kind: "skipped", reason: "special" }) },
);

/** `Path` and `path` are one where case is folded: then the key says so. */
const place = fc
  .record({ name: fc.constantFrom(...names), isCapital: fc.boolean(), hasKey: fc.boolean() })
  .map(({ name, isCapital, hasKey }) => {
    const path = isCapital && hasKey ? `/w/${name.toUpperCase()}` : `/w/${name}`;
    return hasKey ? { path, key: `/w/${name}` } : { path };
  });

const turn = fc.constantFrom(...turns);
const signature = fc.constantFrom(undefined, "s1", "s2");
const missing = fc.constantFrom(undefined, undefined, "/w/x");

/** What a journal is grown by. The numbers of snapshots and restores are filled in later. */
type Seed =
  | { readonly kind: "entry"; readonly entry: JournalEntry }
  | { readonly kind: "snapshot" | "gap" }
  | { readonly kind: "pin"; readonly which: number; readonly pinned: boolean }
  | {
      readonly kind: "begin";
      readonly of: number;
      readonly entries: readonly Planned[];
      readonly end: "finished" | "rolled-back" | "later" | "never";
    }
  | { readonly kind: "end" };
interface Planned {
  readonly place: { readonly path: string; readonly key?: string };
  readonly from: PathState;
  readonly to: PathState;
}

const look = fc
  .record({
    place,
    state: seen,
    cause: fc.constantFrom("touch" as const, "snapshot" as const),
    turn,
    signature,
    missing,
  })
  .map(({ place: at, state, cause, turn: of, ...more }): Seed => ({
    kind: "entry",
    entry: { type: "look", ...at, cause, ...(cause === "touch" && { turn: of }), state, ...more },
  }));
const wrote = fc
  .record({ place, state: content })
  .map(({ place: at, state }): Seed => ({ kind: "entry", entry: { type: "wrote", ...at, state } }));

const seeds = fc.oneof(
  { weight: 8, arbitrary: look },
  { weight: 3, arbitrary: wrote },
  { weight: 4, arbitrary: fc.constant<Seed>({ kind: "snapshot" }) },
  { weight: 1, arbitrary: fc.constant<Seed>({ kind: "gap" }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("pin" as const),
      which: fc.nat(9),
      pinned: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("begin" as const),
      of: fc.nat(9),
      entries: fc.uniqueArray(fc.record({ place, from: content, to: content }), {
        maxLength: 3,
        selector: ({ place: at }) => at.key ?? at.path,
      }),
      end: fc.constantFrom("finished", "rolled-back", "later", "never"),
    }),
  },
  { weight: 1, arbitrary: fc.constant<Seed>({ kind: "end" }) },
);

/** A journal: its snapshots are `s0`, `s1`, … and its restores `r0`, `r1`, …. */
export const journals: fc.Arbitrary<JournalEntry[]> = fc
  .array(seeds, { maxLength: 40, size: "max" })
  .map((all) => grow(all));

/** A touch says after which snapshot it was. */
function inTurn(entry: JournalEntry, snapshots: number): JournalEntry {
  const isTouch = entry.type === "look" && entry.cause === "touch";
  return isTouch && snapshots > 0 ? { ...entry, after: `s${snapshots - 1}` } : entry;
}

function grow(all: readonly Seed[]): JournalEntry[] {
  const entries: JournalEntry[] = [{ type: "session", format: 1, session: "s", at: 1 }];
  let snapshots = 0;
  let restores = 0;
  let open: (JournalEntry & { type: "end" }) | undefined;
  const snapshot = (kind: "turn" | "restore"): string => {
    const id = `s${snapshots++}`;
    entries.push({ type: "snapshot", id, turn: "1", kind, at: snapshots });
    return id;
  };
  for (const seed of all) {
    switch (seed.kind) {
      case "entry":
        entries.push(inTurn(seed.entry, snapshots));
        break;
      case "gap":
        entries.push({ type: "gap" });
        break;
      case "snapshot":
        snapshot("turn");
        break;
      case "pin":
        if (snapshots > 0)
          entries.push({ type: "pin", id: `s${seed.which % snapshots}`, pinned: seed.pinned });
        break;
      case "end":
        if (open !== undefined) entries.push(open);
        open = undefined;
        break;
      case "begin": {
        if (snapshots === 0) break;
        const before = snapshot("restore");
        const restore = `r${restores++}`;
        const planned = seed.entries.map(({ place: at, from, to }) => ({ ...at, from, to }));
        const of = `s${seed.of % snapshots}`;
        entries.push({
          type: "begin",
          restore,
          snapshot: of,
          before,
          entries: planned,
          skipped: [],
          at: 1,
        });
        const written = planned.slice(0, 2).map(({ to, path, key }) => ({
          path,
          ...(key !== undefined && { key }),
          state: to,
        }));
        const outcome = seed.end === "rolled-back" ? "rolled-back" : "finished";
        open = { type: "end", restore, outcome, written };
        if (seed.end === "never") open = undefined;
        if (seed.end === "later" || seed.end === "never") break;
        entries.push(open!);
        open = undefined;
        break;
      }
    }
  }
  return entries;
}
