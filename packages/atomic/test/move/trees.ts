/** Trees to move, what they look like, and file systems on which a move has to copy. */

import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { Buffer } from "node:buffer";
import { dirname, join } from "node:path";
import {
  movePathWithCopyFallback,
  movePathWithCopyFallbackSync,
  type MovePathOptions,
  type MoveReceipt,
} from "../../src/move/move-path.ts";
import type { FaultPlan, FaultyFileSystem } from "../support/faulty-file-system.ts";

/** Both forms, behind one signature. */
export const forms: readonly {
  readonly form: "async" | "sync";
  readonly move: (options: MovePathOptions) => Promise<MoveReceipt>;
}[] = [
  { form: "async", move: movePathWithCopyFallback },
  { form: "sync", move: async (options) => movePathWithCopyFallbackSync(options) },
];

export type AnyFileSystem = FaultyFileSystem["fileSystem"];

/** A plan under which one path cannot be renamed or linked to the other. */
export const crossing =
  (source: string, destination: string, errno = "EXDEV"): FaultPlan =>
  ({ name, paths: [from, to] }) =>
    (name === "rename" || name === "link") && from === source && to === destination
      ? { fail: errno, when: "before" }
      : undefined;

/** The same on top of a file system that injects its own faults. */
export function acrossDevices(
  fileSystem: AnyFileSystem,
  source: string,
  destination: string,
): AnyFileSystem {
  const refuse = (from: unknown, to: unknown): void => {
    if (from !== source || to !== destination) return;
    throw Object.assign(new Error("EXDEV: cross-device link not permitted"), { code: "EXDEV" });
  };
  const { promises } = fileSystem;
  return {
    ...fileSystem,
    renameSync: (from, to) => (refuse(from, to), fileSystem.renameSync!(from, to)),
    linkSync: (from, to) => (refuse(from, to), fileSystem.linkSync!(from, to)),
    promises: {
      ...promises,
      rename: async (from, to) => (refuse(from, to), promises.rename!(from, to)),
      link: async (from, to) => (refuse(from, to), promises.link!(from, to)),
    },
  };
}

const longAgo = 1_500_000_000;

/** Sets times that no change of today can leave in place: each entry its own, directories last. */
export function age(path: string | Buffer, seconds: number = longAgo): void {
  const stats = lstatSync(path);
  if (stats.isDirectory()) {
    for (const name of readdirSync(path, { encoding: "buffer" })) {
      age(Buffer.concat([Buffer.from(path), Buffer.from("/"), name]), seconds + 1.000003);
    }
  }
  lutimesSync(path, seconds + 0.123456, seconds + 0.654321);
}

export function writeOldFile(path: string, content: string, mode = 0o644): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  chmodSync(path, mode);
  age(path);
}

/** Little, and something of each kind. */
export function writeSmallTree(root: string): void {
  mkdirSync(join(root, "sub"), { recursive: true });
  writeFileSync(join(root, "a.txt"), "content of a");
  chmodSync(join(root, "a.txt"), 0o640);
  writeFileSync(join(root, "sub", "one"), "two names");
  linkSync(join(root, "sub", "one"), join(root, "other"));
  symlinkSync("nowhere", join(root, "dangling"));
  chmodSync(join(root, "sub"), 0o750);
  age(root);
}

/** All that a copy has to keep. */
export function writeFullTree(root: string): void {
  writeSmallTree(root);
  mkdirSync(join(root, "empty", "deep", "er"), { recursive: true });
  chmodSync(join(root, "empty"), 0o2711);
  chmodSync(join(root, "empty", "deep", "er"), 0o1777);
  writeFileSync(join(root, "large"), Buffer.alloc(3 * 1024 * 1024 + 7, "0123456789"));
  writeFileSync(join(root, "nothing"), "");
  chmodSync(join(root, "nothing"), 0o000);
  writeFileSync(join(root, "set-id"), "#!");
  chmodSync(join(root, "set-id"), 0o6755);
  symlinkSync("../full/a.txt", join(root, "link"));
  symlinkSync("sub", join(root, "link-to-directory"));
  writeFileSync(join(root, "line\nbreak \u{1f980} é"), "name");
  if (process.platform === "linux") {
    const name = Buffer.from([0x2f, 0x66, 0xff, 0xfe, 0x2e, 0x62]);
    writeFileSync(Buffer.concat([Buffer.from(root), name]), "not UTF-8");
    mkdirSync(Buffer.concat([Buffer.from(root), Buffer.from([0x2f, 0xe9])]));
    writeFileSync(Buffer.concat([Buffer.from(root), Buffer.from([0x2f, 0xe9, 0x2f, 0xe8])]), "2");
  }
  age(root);
}

/** What to look at besides kind, content and names. */
export interface Look {
  readonly metadata?: boolean;
}

/** A tree as lines of text; `undefined` if there is nothing. Hard links name their group. */
export function look(root: string, { metadata = true }: Look = {}): string[] | undefined {
  if (lstatSync(root, { throwIfNoEntry: false }) === undefined) return undefined;
  const groups = new Map<bigint, number>();
  const lines: string[] = [];
  const visit = (path: Buffer, name: string): void => {
    const stats = lstatSync(path, { bigint: true });
    const parts = [name];
    if (stats.isDirectory()) parts.push("directory");
    else if (stats.isSymbolicLink()) {
      parts.push(`-> ${readlinkSync(path, { encoding: "buffer" }).toString("latin1")}`);
    } else if (!stats.isFile()) parts.push("special");
    else {
      const content = readFileSync(path).toString("latin1");
      parts.push(content.length > 80 ? `${content.length} bytes ${digest(content)}` : content);
      if (stats.nlink > 1n) {
        if (!groups.has(stats.ino)) groups.set(stats.ino, groups.size);
        parts.push(`group ${groups.get(stats.ino)} of ${stats.nlink}`);
      }
    }
    if (metadata) {
      const mode = stats.isSymbolicLink() ? "" : (stats.mode & 0o7777n).toString(8);
      parts.push(mode, `${stats.uid}:${stats.gid}`, `${stats.mtimeNs / 1000n}`);
    }
    lines.push(parts.join(" | "));
    if (!stats.isDirectory()) return;
    for (const child of readdirSync(path, { encoding: "buffer" }).toSorted((a, b) =>
      a.compare(b),
    )) {
      visit(Buffer.concat([path, Buffer.from("/"), child]), `${name}/${child.toString("latin1")}`);
    }
  };
  visit(Buffer.from(root), ".");
  return lines;
}

function digest(text: string): number {
  let sum = 7;
  for (let at = 0; at < text.length; at++) sum = (sum * 31 + text.charCodeAt(at)) % 1_000_000_007;
  return sum;
}

/** Names of staged files and directories directly in these directories. */
export function stagedIn(...directories: string[]): string[] {
  return directories.filter(existsSync).flatMap((directory) =>
    readdirSync(directory)
      .filter((name) => name.startsWith(".holdfast-"))
      .map((name) => join(directory, name)),
  );
}

/** How a promise ended, as an error; fails if it did not. */
export async function failure(promise: Promise<unknown>): Promise<FailureFields> {
  try {
    await promise;
  } catch (error) {
    return error as FailureFields;
  }
  throw new Error("it succeeded");
}

export interface FailureFields extends Error {
  readonly code: string;
  readonly effect: "none" | "complete" | "partial" | "unknown";
  readonly leftovers: readonly string[];
  readonly hint: string | undefined;
  readonly suppressed: readonly unknown[];
}
