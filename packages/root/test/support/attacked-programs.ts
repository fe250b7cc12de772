/** Calls of every method of a root, as data: made in both forms, by a root and by its careless twin. */

import type { MethodName } from "../../src/methods/method-table.ts";

export interface AttackedProgram {
  readonly name: string;
  readonly method: MethodName | "createReadStream" | "walk";
  /** Given the world's base, for methods that cross the boundary on purpose. */
  readonly args: (base: string) => readonly unknown[];
  /** How many of the arguments are paths in the root. */
  readonly paths?: 0 | 1 | 2;
  /** What is done with what it opens. Default: it is read. */
  readonly use?: "write";
  /** Undisturbed it ends so. Default: `"ok"`. */
  readonly ends?: string;
  /** Whether it is about names, so that one name more or less of a linked file is its right. */
  readonly names?: boolean;
  /** What there is more of when it is done, and not in a canary. */
  readonly mark?: RegExp;
  /** What a failed call may leave though it says that its target is what it was: parents. */
  readonly mayLeave?: RegExp;
  readonly asyncOnly?: boolean;
}

const file = "a/b/file.txt";
const fresh = "a/b/new.txt";

export const programs: readonly AttackedProgram[] = [
  read("readFile", file),
  read("readFile", "a/b/link"),
  read("readFile", "a/b/absolute"),
  read("readFile", "c/../a/b/tree/sub/y.txt"),
  { ...read("readFile", "a/b/canary-only.txt"), ends: "ENOENT" },
  read("open", file, "r"),
  { ...change("open", "r+", [file, "r+"], /WRITTEN/), use: "write" },
  { ...change("open", "a", [file, "a"], /WRITTEN/), use: "write" },
  { ...change("open", "w", [fresh, "w"], /WRITTEN/), use: "write" },
  { ...change("open", "wx", [fresh, "wx"], /WRITTEN/), use: "write" },
  { ...read("createReadStream", file), asyncOnly: true },
  read("stat", file),
  read("stat", "a/b/"),
  read("lstat", file),
  read("access", file),
  read("exists", file),
  { ...read("exists", "a/b/canary-only.txt"), name: "exists, only outside" },
  read("readdir", "a/b"),
  { ...read("readdir", "a", { recursive: true, withFileTypes: true }), name: "readdir recursive" },
  read("opendir", "a/b"),
  read("readlink", "a/b/link"),
  read("realpath", "a/b/link"),
  read("walk", "a"),
  change("writeFile", "over", [file, "WRITTEN"], /WRITTEN/),
  change("writeFile", "new", [fresh, "WRITTEN"], /WRITTEN/),
  change("writeFile", "through a link", ["a/b/link", "WRITTEN"], /WRITTEN/),
  {
    ...change(
      "writeFile",
      "making parents",
      ["a/b/made/m/n.txt", "WRITTEN", { create: true }],
      /WRITTEN/,
    ),
    mayLeave: /\/(made|to-a)(\/m)? 40755 /,
  },
  change("create", "new", [fresh, "WRITTEN"], /WRITTEN/),
  change("appendFile", "over", [file, "WRITTEN"], /WRITTEN/),
  change("appendFile", "new", [fresh, "WRITTEN"], /WRITTEN/),
  change("copyFile", "from", [file, "c/b/copy.txt"], /\/copy.txt /),
  change("copyFile", "to", ["c/b/file.txt", fresh], /= (inside|second|stranger) file.txt$/),
  {
    ...change("cp", "tree", ["a/b/tree", "c/b/copied", { recursive: true }], /\/copied /),
    paths: 2,
  },
  {
    ...change(
      "cp",
      "into",
      ["c/b/tree", "a/b/made", { recursive: true }],
      /(made|to-a)\/sub\/y.txt/,
    ),
    paths: 2,
  },
  change("mkdir", "one", ["a/b/made"], /\/(made|to-a) 40755/),
  change("mkdir", "recursive", ["a/b/made/m", { recursive: true }], /\/(made|to-a)\/m /),
  change("mkdtemp", "one", ["a/b/temp-"], /\/temp-/),
  change("rename", "file", [file, "a/b/renamed"], /\/renamed /),
  change("rename", "away", [file, "c/b/renamed"], /\/renamed /),
  change("rename", "over", ["c/b/file.txt", file]),
  change("rename", "not over", [file, "c/b/renamed", { overwrite: false }], /\/renamed /),
  change("rename", "directory", ["a/b", "c/renamed"], /\/renamed /),
  change("rm", "file", [file]),
  change("rm", "tree", ["a/b/tree", { recursive: true }]),
  change("rm", "deep", ["a", { recursive: true }]),
  change("rmdir", "empty", ["a/b/empty"]),
  change("unlink", "file", [file]),
  change("unlink", "link", ["a/b/link"]),
  { ...change("symlink", "new", ["leads/nowhere", fresh], /leads\/nowhere$/), paths: 2 },
  change("link", "new", [file, fresh], /^/),
  change("truncate", "file", [file, 3], /= (ins|sec|str)$/),
  change("chmod", "file", [file, 0o612], / 100612 /),
  change("chmod", "directory", ["a/b/tree", 0o712], / 40712 /),
  change("utimes", "file", [file, 5, 7]),
  { ...change("copyIn", "bytes", [Buffer.from("WRITTEN"), file], /WRITTEN/), paths: 0 },
  {
    name: "copyIn, file",
    method: "copyIn",
    args: (base) => [`${base}/in.txt`, fresh],
    paths: 0,
    names: true,
    mark: /= brought in$/,
  },
  {
    name: "copyOut",
    method: "copyOut",
    args: (base) => [file, `${base}/out/copy.txt`],
    paths: 1,
    mark: /out\/copy.txt/,
  },
  read("openRoot", "a/b"),
];

function read(method: AttackedProgram["method"], ...args: readonly unknown[]): AttackedProgram {
  return { name: `${method} ${String(args[0])}`, method, args: () => args, paths: 1 };
}

function change(
  method: AttackedProgram["method"],
  what: string,
  args: readonly unknown[],
  mark?: RegExp,
): AttackedProgram {
  const paths = ["rename", "copyFile", "link"].includes(method) ? 2 : 1;
  const names = /^(writeFile|copyFile|copyIn|rename|rm|rmdir|unlink|link|cp)$/.test(method);
  return {
    name: `${method}, ${what}`,
    method,
    args: () => args,
    paths,
    names,
    ...(mark && { mark }),
  };
}
