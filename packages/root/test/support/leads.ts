/**
 * Ways of writing a path. In the tree are two directories with the same things in them: `in`, inside
 * the root, and `out`, beside it. Each row leads to one of the things, inside or outside.
 */

import type { Fixture } from "./bench.ts";
import type { Target } from "./methods.ts";
import type { Path } from "./surface.ts";

/** The names of the things, by what they are. Nothing in the root itself has one of these names. */
export const names: Readonly<Record<Target, string>> = {
  file: "f",
  directory: "d",
  empty: "e",
  nothing: "n",
  link: "l",
};

const all = Object.values(names);

const beside = ["root/other-file = other", "root/other-dir/kept = kept", "root/a/b/"];

const directoriesOut = (base: string): string[] => [
  "root/up => ..",
  "root/toout => ../out",
  `root/absout => ${base}/out`,
  "root/a/up2 => ../..",
  "root/deep-up => a/b/../../..",
  "root/chain-out => a/chain-out-2",
  "root/a/chain-out-2 => b/chain-out-3",
  "root/a/b/chain-out-3 => ../../../out",
  "root/tosub => ../out/sub",
  "root/leave-and-return => ../root/in",
  "root/process => /proc/self/root",
  "root/dangling-out => ../nowhere",
  "root/loop => a/loop-2",
  "root/a/loop-2 => ../loop",
  "root/last-loop => last-loop-2",
  "root/last-loop-2 => last-loop",
];

const directoriesInside = (base: string): string[] => [
  "root/toin => in",
  "root/chain-in => a/chain-in-2",
  "root/a/chain-in-2 => b/../b/chain-in-3",
  "root/a/b/chain-in-3 => ../../in",
  "root/a/back => ../in",
  "root/a/b/home => ../..",
  "root/insub => in/sub",
  `root/absin => ${base}/root/in`,
  `root/absroot => ${base}/root`,
  "root/dotted => ./in/.",
];

const lastOut = (base: string, name: string): string[] => [
  `root/out-${name} => ../out/${name}`,
  `root/abs-out-${name} => ${base}/out/${name}`,
  `root/a/out-${name} => ../../out/${name}`,
  `root/chained-out-${name} => a/out-${name}`,
  `root/slashed-out-${name} => ../out/${name}/`,
];

const lastIn = (base: string, name: string): string[] => [
  `root/in-${name} => in/${name}`,
  `root/abs-in-${name} => ${base}/root/in/${name}`,
  `root/a/in-${name} => ../in/${name}`,
  `root/chained-in-${name} => a/in-${name}`,
];

/** The tree that the rows are about that lead out. What is outside can be told by its content. */
export const leadsFixture: Fixture = {
  lines: (base) => [
    ...things("out", "canary"),
    ...things("root/in", "inner"),
    ...beside,
    ...directoriesOut(base),
    "root/toin => in",
    ...all.flatMap((name) => lastOut(base, name)),
  ],
};

/** And of those that stay inside. */
export const insideFixture: Fixture = {
  lines: (base) => [
    ...things("root/in", "inner"),
    ...beside,
    ...directoriesInside(base),
    ...all.flatMap((name) => lastIn(base, name)),
  ],
};

/** Both at once, for calls without number. */
export const mixedFixture: Fixture = {
  lines: (base) => [...new Set([...leadsFixture.lines(base), ...insideFixture.lines(base)])],
};

function things(dir: string, content: string): string[] {
  return [
    `${dir}/f 0640 = ${content} of the file`,
    `${dir}/d/`,
    `${dir}/d/${content}-entry = ${content}`,
    `${dir}/e/`,
    `${dir}/l => ${content}-target`,
    `${dir}/sub/`,
  ];
}

export interface Lead {
  readonly row: string;
  readonly path: (base: string, name: string) => Path;
}

/** A row that must be refused. */
export interface Escape extends Lead {
  readonly code: string;
  /** Why the plain call does not get out here either. Without it, it must. */
  readonly harmless?: string;
}

const row = (
  path: string,
  code = "ERR_PATH_ESCAPES",
  more: { harmless?: string } = {},
): Escape => ({ row: path, path: (_base, name) => path.replace("*", name), code, ...more });

/** The path leads out before it comes to its last name. */
export const escapes: readonly Escape[] = [
  row("../out/*"),
  row("./../out/*"),
  row("a/../../out/*"),
  row("a/b/../..//.././out/*"),
  row("../root/../out/*"),
  row("../root/in/*", undefined, { harmless: "it comes back in" }),
  { row: "<base>/out/*", path: (base, name) => `${base}/out/${name}`, code: "ERR_PATH_ESCAPES" },
  {
    row: "<base>/root/in/*",
    path: (base, name) => `${base}/root/in/${name}`,
    code: "ERR_PATH_ESCAPES",
    harmless: "it leads inside, but a root takes relative paths only",
  },
  { row: "bytes", path: (_, name) => Buffer.from(`../out/${name}`), code: "ERR_PATH_ESCAPES" },
  row("up/out/*"),
  row("up/root/../out/*"),
  row("up/../<other>/out/*", undefined, { harmless: "there is no such directory above" }),
  row("toout/*"),
  row("toout/./*"),
  row("absout/*"),
  row("a/up2/out/*"),
  row("a/b/../up2/out/*"),
  row("deep-up/out/*"),
  row("chain-out/*"),
  row("tosub/../*"),
  row("toout/sub/../*"),
  row("leave-and-return/*", undefined, { harmless: "it comes back in" }),
  row("up/root/in/*", undefined, { harmless: "it comes back in" }),
  {
    row: "process<base>/out/*",
    path: (base, name) => `process${base}/out/${name}`,
    code: "ERR_PATH_ESCAPES",
  },
  row("dangling-out/*", undefined, { harmless: "nothing is there" }),
  row("loop/*", "ELOOP", { harmless: "it leads nowhere" }),
  row("missing/../../out/*", "ENOENT", { harmless: "what is missing has no parent" }),
  row("other-file/../../out/*", "ENOTDIR", { harmless: "a file has no parent" }),
  row("", "ERR_PATH_INVALID", { harmless: "it names nothing" }),
  row("in/\0*", "ERR_PATH_INVALID", { harmless: "Node refuses it" }),
  row("in/*\0", "ERR_PATH_INVALID", { harmless: "Node refuses it" }),
];

/** The last component is a link that leads out: for calls that follow it. */
export const lastEscapes: readonly Escape[] = [
  row("out-*"),
  row("./out-*"),
  row("a/../out-*"),
  row("abs-out-*"),
  row("a/out-*"),
  row("chained-out-*"),
  row("toin/../out-*"),
  row("last-loop", "ELOOP", { harmless: "it leads nowhere" }),
];

/** A slash after the link makes every call follow it that looks at what is there. */
export const slashedEscapes: readonly Escape[] = [
  row("out-*/"),
  row("out-*/."),
  row("out-*//"),
  row("abs-out-*/"),
  row("chained-out-*/"),
  row("slashed-out-*"),
];

/** A path that must work, and reach the thing in `in`. */
export const leadsInside: readonly Lead[] = [
  ...["in/*", "./in/*", "in//*", "in/./*", "a/../in/*", "./a/./b/../../in/*", "toin/*"].map(
    (path) => row(path),
  ),
  ...["chain-in/*", "a/back/*", "a/b/home/in/*", "insub/../*", "toin/../in/*", "dotted/*"].map(
    (path) => row(path),
  ),
  ...["absin/*", "absroot/in/*", "absin/../in/*", "a/b/home/toin/sub/../*"].map((path) =>
    row(path),
  ),
  { row: "bytes", path: (_, name) => Buffer.from(`a/../in/${name}`) },
];

/** The last component is a link to the thing. */
export const lastInside: readonly Lead[] = [
  "in-*",
  "abs-in-*",
  "a/in-*",
  "chained-in-*",
  "toin/../in-*",
].map((path) => row(path));
