/** Every method of a root as something that is done to one path: tables are paths times methods. */

import { constants, readFileSync, rmSync, type Dirent, type Stats } from "node:fs";
import { normalize } from "node:path";
import type { Opened, Path, Surface } from "./surface.ts";

/** What must be at the end of a path for the plain call to succeed. */
export type Target = "file" | "directory" | "empty" | "nothing" | "link";

export interface PathMethod {
  /** Unique; begins with the name of the method. */
  readonly name: string;
  readonly target: Target;
  /** Whether a link as the last component is followed, or is itself what the call is about. */
  readonly last: "follow" | "itself";
  /** Whether what is at the path is another afterwards, as a tree shows it. */
  readonly alters?: boolean;
  /** Whether bytes of the file are read or written. */
  readonly content?: "read" | "write";
  /** A synchronous root does not have it. */
  readonly asyncOnly?: boolean;
  /** What it comes to, in a form that can be compared. `outside` is a directory to copy out to. */
  readonly run: (on: Surface, path: Path, outside: string) => Promise<unknown>;
}

const text = async (bytes: Promise<unknown>): Promise<string> => String(await bytes);
const done = async (call: Promise<unknown>): Promise<"done"> => {
  await call;
  return "done";
};

async function withOpened<T>(
  opened: Promise<Opened>,
  use: (file: Opened) => Promise<T>,
): Promise<T> {
  const file = await opened;
  try {
    return await use(file);
  } finally {
    await file.close();
  }
}

const openToRead =
  (flags: string | number): PathMethod["run"] =>
  (on, path) =>
    withOpened(on.open(path, flags), (file) => text(file.read()));
const openToWrite =
  (flags: string | number): PathMethod["run"] =>
  (on, path) =>
    withOpened(on.open(path, flags), (file) => done(file.write("written")));

/** Without what differs between two copies of one tree. */
function shownStats(stats: Stats): unknown {
  const size = stats.isDirectory() ? "directory" : String(stats.size);
  return `${typeof stats.size} mode ${stats.mode.toString(8)} size ${size} owner ${stats.uid}`;
}

function kindOf(entry: Dirent): string {
  if (entry.isFile()) return "file";
  if (entry.isDirectory()) return "directory";
  return entry.isSymbolicLink() ? "link" : "other";
}

const shownEntries = (entries: Dirent[]): string[] =>
  entries
    .map((entry) => `${normalize(String(entry.parentPath))} ${String(entry.name)} ${kindOf(entry)}`)
    .toSorted();
const sorted = (names: unknown[]): string[] => names.map(String).toSorted();

const reads: readonly PathMethod[] = [
  {
    name: "readFile",
    target: "file",
    last: "follow",
    content: "read",
    run: (on, path) => text(on.readFile(path)),
  },
  {
    name: "readFile hex",
    target: "file",
    last: "follow",
    content: "read",
    run: (on, path) => on.readFile(path, "hex"),
  },
  { name: "open r", target: "file", last: "follow", content: "read", run: openToRead("r") },
  { name: "open r+", target: "file", last: "follow", content: "write", run: openToRead("r+") },
  {
    name: "open O_NOFOLLOW",
    target: "file",
    last: "itself",
    content: "read",
    run: openToRead(constants.O_RDONLY | constants.O_NOFOLLOW),
  },
  {
    name: "open O_DIRECTORY",
    target: "directory",
    last: "follow",
    run: (on, path) =>
      withOpened(on.open(path, constants.O_RDONLY | constants.O_DIRECTORY), async () => "opened"),
  },
  {
    name: "createReadStream",
    target: "file",
    last: "follow",
    content: "read",
    asyncOnly: true,
    run: (on, path) => text(on.createReadStream(path)),
  },
  {
    name: "createReadStream range",
    target: "file",
    last: "follow",
    content: "read",
    asyncOnly: true,
    run: (on, path) => text(on.createReadStream(path, { start: 1, end: 9, encoding: "utf8" })),
  },
  {
    name: "stat",
    target: "file",
    last: "follow",
    run: async (on, path) => shownStats(await on.stat(path)),
  },
  {
    name: "stat bigint",
    target: "directory",
    last: "follow",
    run: async (on, path) => shownStats(await on.stat(path, { bigint: true })),
  },
  {
    name: "lstat",
    target: "file",
    last: "itself",
    run: async (on, path) => shownStats(await on.lstat(path)),
  },
  {
    name: "lstat bigint",
    target: "link",
    last: "itself",
    run: async (on, path) => shownStats(await on.lstat(path, { bigint: true })),
  },
  { name: "access", target: "file", last: "follow", run: (on, path) => done(on.access(path)) },
  {
    name: "access W_OK",
    target: "directory",
    last: "follow",
    run: (on, path) => done(on.access(path, constants.W_OK)),
  },
  {
    name: "access X_OK",
    target: "directory",
    last: "follow",
    run: (on, path) => done(on.access(path, constants.X_OK)),
  },
  { name: "exists", target: "file", last: "follow", run: (on, path) => on.exists(path) },
  {
    name: "readdir",
    target: "directory",
    last: "follow",
    run: async (on, path) => sorted(await on.readdir(path)),
  },
  {
    name: "readdir types",
    target: "directory",
    last: "follow",
    run: async (on, path) => shownEntries(await on.readdir(path, { withFileTypes: true })),
  },
  {
    name: "readdir recursive",
    target: "directory",
    last: "follow",
    run: async (on, path) => sorted(await on.readdir(path, { recursive: true })),
  },
  {
    name: "readdir recursive types",
    target: "directory",
    last: "follow",
    run: async (on, path) =>
      shownEntries(await on.readdir(path, { recursive: true, withFileTypes: true })),
  },
  {
    name: "readdir buffer",
    target: "directory",
    last: "follow",
    run: async (on, path) =>
      (await on.readdir(path, "buffer")).map((name: Buffer) => name.toString("hex")).toSorted(),
  },
  {
    name: "opendir",
    target: "directory",
    last: "follow",
    run: async (on, path) => {
      const entries: Dirent[] = await on.opendir(path);
      return entries.map((entry) => `${entry.name} ${kindOf(entry)}`).toSorted();
    },
  },
  { name: "readlink", target: "link", last: "itself", run: (on, path) => on.readlink(path) },
  {
    name: "readlink buffer",
    target: "link",
    last: "itself",
    run: (on, path) => text(on.readlink(path, { encoding: "buffer" })),
  },
  { name: "realpath", target: "file", last: "follow", run: (on, path) => on.realpath(path) },
  {
    name: "walk",
    target: "directory",
    last: "follow",
    run: async (on, path) =>
      (await on.walk(path))
        // From the directory that is walked, which a root begins its paths with.
        .map(({ path: met, depth }: { path: string; depth: number }) =>
          [depth, ...met.split("/").slice(-depth - 1)].join(" "),
        )
        .toSorted(),
  },
  {
    name: "copyOut",
    target: "file",
    last: "follow",
    content: "read",
    run: async (on, path, outside) => {
      const destination = `${outside}/copied-out-${counter++}`;
      await on.copyOut(path, destination);
      return plainText(destination);
    },
  },
  {
    name: "openRoot",
    target: "directory",
    last: "follow",
    run: async (on, path) => {
      const inner = (await on.openRoot(path)) as Surface & { close?: () => Promise<void> };
      try {
        return sorted(await inner.readdir("."));
      } finally {
        await inner.close?.();
      }
    },
  },
];

let counter = 0;

function plainText(path: string): string {
  const content = readFileSync(path, "latin1");
  rmSync(path);
  return content;
}

/** The other path of a call with two: a file that is there, and a name that is free. */
export const other = "other-file";
export const free = "free-name";

const writesToFile: readonly PathMethod[] = [
  { name: "open w", target: "file", last: "follow", alters: true, run: openToWrite("w") },
  { name: "open w new", target: "nothing", last: "follow", alters: true, run: openToWrite("w") },
  { name: "open wx", target: "nothing", last: "itself", alters: true, run: openToWrite("wx") },
  { name: "open a", target: "file", last: "follow", alters: true, run: openToWrite("a") },
  {
    name: "open a+ new",
    target: "nothing",
    last: "follow",
    alters: true,
    run: openToWrite("a+"),
  },
  {
    name: "open O_TRUNC",
    target: "file",
    last: "follow",
    alters: true,
    run: openToWrite(constants.O_RDWR | constants.O_TRUNC),
  },
  {
    name: "writeFile",
    target: "file",
    last: "follow",
    alters: true,
    run: (on, path) => done(on.writeFile(path, "written")),
  },
  {
    name: "writeFile new",
    target: "nothing",
    last: "follow",
    alters: true,
    run: (on, path) => done(on.writeFile(path, "written", { mode: 0o600 })),
  },
  {
    name: "writeFile wx",
    target: "nothing",
    last: "itself",
    alters: true,
    run: (on, path) => done(on.writeFile(path, "written", { flag: "wx" })),
  },
  {
    name: "writeFile a",
    target: "file",
    last: "follow",
    alters: true,
    run: (on, path) => done(on.writeFile(path, "written", { flag: "a" })),
  },
  {
    name: "create",
    target: "nothing",
    last: "itself",
    alters: true,
    run: (on, path) => done(on.create(path, "written")),
  },
  {
    name: "appendFile",
    target: "file",
    last: "follow",
    alters: true,
    run: (on, path) => done(on.appendFile(path, "written")),
  },
  {
    name: "appendFile new",
    target: "nothing",
    last: "follow",
    alters: true,
    run: (on, path) => done(on.appendFile(path, "written")),
  },
  {
    name: "truncate",
    target: "file",
    last: "follow",
    alters: true,
    run: (on, path) => done(on.truncate(path, 3)),
  },
  {
    name: "copyIn",
    target: "nothing",
    last: "follow",
    alters: true,
    run: (on, path) => done(on.copyIn(Buffer.from("copied in"), path)),
  },
  {
    name: "copyFile to",
    target: "file",
    last: "follow",
    alters: true,
    run: (on, path) => done(on.copyFile(other, path)),
  },
  {
    name: "copyFile to new",
    target: "nothing",
    last: "follow",
    alters: true,
    run: (on, path) => done(on.copyFile(other, path)),
  },
];

const writes = writesToFile.map((method): PathMethod => ({ ...method, content: "write" }));

const changes: readonly PathMethod[] = [
  ...writes,
  {
    name: "copyFile to COPYFILE_EXCL",
    target: "nothing",
    last: "itself",
    alters: true,
    content: "write",
    run: (on, path) => done(on.copyFile(other, path, constants.COPYFILE_EXCL)),
  },
  {
    name: "copyFile from",
    target: "file",
    last: "follow",
    content: "read",
    run: async (on, path) => {
      await on.copyFile(path, free);
      return text(on.readFile(free));
    },
  },
  {
    name: "cp from",
    target: "file",
    last: "itself",
    content: "read",
    run: (on, path) => done(on.cp(path, free)),
  },
  {
    name: "cp recursive from",
    target: "directory",
    last: "itself",
    content: "read",
    run: (on, path) => done(on.cp(path, free, { recursive: true })),
  },
  {
    name: "cp to",
    target: "nothing",
    last: "itself",
    alters: true,
    content: "write",
    run: (on, path) => done(on.cp(other, path)),
  },
  {
    name: "cp recursive to",
    target: "nothing",
    last: "itself",
    alters: true,
    run: (on, path) => done(on.cp("other-dir", path, { recursive: true })),
  },
  {
    name: "mkdir",
    target: "nothing",
    last: "itself",
    alters: true,
    run: (on, path) => done(on.mkdir(path)),
  },
  {
    name: "mkdir mode",
    target: "nothing",
    last: "itself",
    alters: true,
    run: (on, path) => done(on.mkdir(path, 0o700)),
  },
  {
    name: "mkdir recursive",
    target: "nothing",
    last: "itself",
    alters: true,
    run: async (on, path) => {
      const first: string | undefined = await on.mkdir(path, { recursive: true });
      return first === undefined ? undefined : normalize(first).replace(/\/$/, "");
    },
  },
  {
    name: "mkdtemp",
    target: "nothing",
    last: "itself",
    run: async (on, path) => {
      const made: string = await on.mkdtemp(path);
      // Under a name that can be compared.
      await on.rename(made, "made-by-mkdtemp");
      return `${made.slice(0, -6)}XXXXXX`;
    },
  },
  {
    name: "rename from",
    target: "file",
    last: "itself",
    alters: true,
    run: (on, path) => done(on.rename(path, free)),
  },
  {
    name: "rename to",
    target: "file",
    last: "itself",
    alters: true,
    run: (on, path) => done(on.rename(other, path)),
  },
  {
    name: "rename directory to",
    target: "empty",
    last: "itself",
    alters: true,
    run: (on, path) => done(on.rename("other-dir", path)),
  },
  {
    name: "rm",
    target: "file",
    last: "itself",
    alters: true,
    run: (on, path) => done(on.rm(path)),
  },
  {
    name: "rm force",
    target: "file",
    last: "itself",
    alters: true,
    run: (on, path) => done(on.rm(path, { force: true })),
  },
  {
    name: "rm recursive",
    target: "directory",
    last: "itself",
    alters: true,
    run: (on, path) => done(on.rm(path, { recursive: true })),
  },
  {
    name: "rm recursive force",
    target: "directory",
    last: "itself",
    alters: true,
    run: (on, path) => done(on.rm(path, { recursive: true, force: true })),
  },
  {
    name: "rmdir",
    target: "empty",
    last: "itself",
    alters: true,
    run: (on, path) => done(on.rmdir(path)),
  },
  {
    name: "unlink",
    target: "file",
    last: "itself",
    alters: true,
    run: (on, path) => done(on.unlink(path)),
  },
  {
    name: "symlink",
    target: "nothing",
    last: "itself",
    alters: true,
    run: (on, path) => done(on.symlink("some/target", path)),
  },
  {
    name: "link from",
    target: "file",
    last: "itself",
    run: (on, path) => done(on.link(path, free)),
  },
  {
    name: "link to",
    target: "nothing",
    last: "itself",
    alters: true,
    run: (on, path) => done(on.link(other, path)),
  },
  {
    name: "chmod",
    target: "file",
    last: "follow",
    alters: true,
    run: (on, path) => done(on.chmod(path, 0o711)),
  },
  {
    name: "chmod octal string",
    target: "directory",
    last: "follow",
    alters: true,
    run: (on, path) => done(on.chmod(path, "711")),
  },
  {
    name: "utimes",
    target: "file",
    last: "follow",
    run: async (on, path) => {
      await on.utimes(path, 1_000, new Date(2_000_500));
      const { atimeMs, mtimeMs } = await on.stat(path);
      return `${atimeMs} ${mtimeMs}`;
    },
  },
];

/** Every method; more than once where what its options say makes it another. */
export const pathMethods: readonly PathMethod[] = [...reads, ...changes];

/** Methods that are about two paths at once. */
export interface PairMethod {
  readonly name: string;
  readonly run: (on: Surface, from: Path, to: Path) => Promise<unknown>;
}

export const pairMethods: readonly PairMethod[] = [
  { name: "rename", run: (on, from, to) => done(on.rename(from, to)) },
  { name: "copyFile", run: (on, from, to) => done(on.copyFile(from, to)) },
  {
    name: "copyFile EXCL",
    run: (on, from, to) => done(on.copyFile(from, to, constants.COPYFILE_EXCL)),
  },
  { name: "link", run: (on, from, to) => done(on.link(from, to)) },
  { name: "cp", run: (on, from, to) => done(on.cp(from, to)) },
  { name: "cp recursive", run: (on, from, to) => done(on.cp(from, to, { recursive: true })) },
];
