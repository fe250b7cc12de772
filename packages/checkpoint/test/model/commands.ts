import fc from "fast-check";

/** A change that somebody makes to the workspace, without asking anybody. */
export type Edit =
  /** In place, through links; directories on the way are made. */
  | { readonly kind: "write"; readonly content: number }
  /** By a rename over it: a link is replaced. */
  | { readonly kind: "replace"; readonly content: number }
  /** In place, the same size, and the old time of change set back. */
  | { readonly kind: "disguise"; readonly content: number }
  | { readonly kind: "delete" }
  | { readonly kind: "chmod"; readonly mode: number }
  | { readonly kind: "symlink"; readonly target: string }
  | { readonly kind: "mkdir" }
  | { readonly kind: "rename"; readonly to: string };

export type OnConflict = "skip" | "overwrite" | "abort" | "ask";

export type Command =
  /** The protocol: track, edit, record. `"raced"`: a user writes before the record, which has the content given. */
  | {
      readonly do: "agent";
      readonly path: string;
      readonly turn: string;
      readonly edit: Edit;
      readonly record: "yes" | "content" | "raced" | "no";
    }
  | { readonly do: "user"; readonly path: string; readonly edit: Edit }
  | { readonly do: "track"; readonly path: string; readonly turn: string }
  | { readonly do: "track-all"; readonly paths: readonly string[]; readonly turn: string }
  | { readonly do: "snapshot"; readonly turn: string }
  | {
      readonly do: "restore";
      readonly which: number;
      readonly paths: readonly string[] | undefined;
      readonly onConflict: OnConflict;
      readonly dryRun: boolean;
    }
  | { readonly do: "undo"; readonly which: number; readonly onConflict: OnConflict }
  | { readonly do: "pin"; readonly which: number; readonly pinned: boolean }
  | { readonly do: "prune" }
  | { readonly do: "diff"; readonly which: number; readonly against: number | undefined }
  | { readonly do: "settle"; readonly how: "resume" | "rollback" }
  | { readonly do: "reopen" }
  | { readonly do: "pass"; readonly ms: number }
  /**
   * The process dies at one of the next calls of the file system. A restore that it was at is settled at once, or later; who
   * settles it may die too.
   */
  | {
      readonly do: "kill";
      readonly after: number;
      /** Counted from now, or from the first change of the workspace. */
      readonly from: "now" | "change";
      readonly during: Command;
      readonly settled: "resume" | "rollback" | "later";
      readonly again: number | undefined;
    };

/** With the tree of `startTree`: a directory, one that is missing, links to a file, to a directory and out. */
const files = ["a", "b", "d/a", "d/b", "d/e/c", "n/x", "n/m/y", "link", "dlink/a", "out"];
const directories = ["n", "n/m", "d/e"];

export const startTree: readonly (readonly [string, string])[] = [
  ["a", "start-a."],
  ["d/a", "start-d."],
  ["d/e/c", "start-c."],
];
export const startLinks: readonly (readonly [string, string])[] = [
  ["link", "a"],
  ["dlink", "d"],
  ["out", "../outside/secret"],
];

/** Most of one size; two are different and both no UTF-8; one is too large to be kept. */
export const contents: readonly string[] = [
  "first..1",
  "second.2",
  "\x80\xff...3",
  "\x81\xff...3",
  "start-a.",
  "",
  "longer than the others",
  "x".repeat(65),
];

const file = fc.constantFrom(...files);
const anyPath = fc.oneof(
  { weight: 5, arbitrary: file },
  { weight: 1, arbitrary: fc.constantFrom(...directories) },
);
const turn = fc.constantFrom("t1", "t2");
const content = fc.oneof(
  { weight: 6, arbitrary: fc.nat(4) },
  { weight: 1, arbitrary: fc.nat(contents.length - 1) },
);
const which = fc.nat(9);

const write = fc.record({ kind: fc.constant("write" as const), content });
const edit: fc.Arbitrary<Edit> = fc.oneof(
  { weight: 6, arbitrary: write },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("replace" as const), content }) },
  { weight: 3, arbitrary: fc.constant({ kind: "delete" } as const) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("chmod" as const),
      mode: fc.constantFrom(0o600, 0o755),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("symlink" as const),
      target: fc.constantFrom("a", "b", "missing", "../d", "/nowhere/at/all"),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: "mkdir" } as const) },
);
const userEdit: fc.Arbitrary<Edit> = fc.oneof(
  { weight: 8, arbitrary: edit },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("disguise" as const), content }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("rename" as const), to: file }) },
);

const agent: fc.Arbitrary<Command> = fc.record({
  do: fc.constant("agent" as const),
  path: anyPath,
  turn,
  edit,
  record: fc.oneof(
    { weight: 6, arbitrary: fc.constant("yes" as const) },
    { weight: 1, arbitrary: fc.constantFrom("content" as const, "raced" as const, "no" as const) },
  ),
});
const snapshot: fc.Arbitrary<Command> = fc.record({ do: fc.constant("snapshot" as const), turn });
const onConflict: fc.Arbitrary<OnConflict> = fc.oneof(
  { weight: 3, arbitrary: fc.constant("skip" as const) },
  { weight: 1, arbitrary: fc.constantFrom("overwrite" as const, "abort" as const, "ask" as const) },
);
const restore: fc.Arbitrary<Command> = fc.record({
  do: fc.constant("restore" as const),
  which,
  paths: fc.option(fc.array(anyPath, { minLength: 1, maxLength: 3 }), { nil: undefined, freq: 5 }),
  onConflict,
  dryRun: fc.oneof(
    { weight: 5, arbitrary: fc.constant(false) },
    { weight: 1, arbitrary: fc.constant(true) },
  ),
});
const undo: fc.Arbitrary<Command> = fc.record({
  do: fc.constant("undo" as const),
  which,
  onConflict,
});
const pin: fc.Arbitrary<Command> = fc.record({
  do: fc.constant("pin" as const),
  which,
  pinned: fc.boolean(),
});
const prune: fc.Arbitrary<Command> = fc.constant({ do: "prune" } as const);
const settle: fc.Arbitrary<Command> = fc.record({
  do: fc.constant("settle" as const),
  how: fc.constantFrom("resume" as const, "rollback" as const),
});
const calls = fc.oneof(fc.nat(20), fc.nat(60), fc.nat(200));
const kill: fc.Arbitrary<Command> = fc.record({
  do: fc.constant("kill" as const),
  after: calls,
  from: fc.constantFrom("now" as const, "change" as const, "change" as const),
  during: fc.oneof(
    { weight: 8, arbitrary: restore },
    { weight: 3, arbitrary: undo },
    { weight: 2, arbitrary: fc.oneof(agent, snapshot, prune, pin) },
  ),
  settled: fc.constantFrom("resume" as const, "rollback" as const, "later" as const),
  again: fc.option(calls, { nil: undefined }),
});

const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 20, arbitrary: agent },
  {
    weight: 8,
    arbitrary: fc.record({ do: fc.constant("user" as const), path: anyPath, edit: userEdit }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("track" as const), path: anyPath, turn }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("track-all" as const),
      paths: fc.array(anyPath, { minLength: 2, maxLength: 6 }),
      turn,
    }),
  },
  { weight: 7, arbitrary: snapshot },
  { weight: 10, arbitrary: restore },
  { weight: 3, arbitrary: undo },
  { weight: 3, arbitrary: pin },
  { weight: 4, arbitrary: prune },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("diff" as const),
      which,
      against: fc.option(which, { nil: undefined }),
    }),
  },
  { weight: 2, arbitrary: settle },
  { weight: 1, arbitrary: fc.constant({ do: "reopen" } as const) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("pass" as const),
      ms: fc.constantFrom(1, 1500, 5000, 15 * 60 * 1000),
    }),
  },
  { weight: 6, arbitrary: kill },
);

const many = fc.array(command, { minLength: 6, maxLength: 28, size: "max" });

/** Most begin with a snapshot: without one there is nothing to go back to. */
export const commands: fc.Arbitrary<Command[]> = fc.oneof(
  { weight: 1, arbitrary: many },
  { weight: 5, arbitrary: fc.tuple(snapshot, many).map(([first, rest]) => [first, ...rest]) },
);
