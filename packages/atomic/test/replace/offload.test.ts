import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import {
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import {
  createFileAtomic,
  createFileAtomicSync,
  isHoldfastError,
  replaceFileAtomic,
  replaceFileAtomicSync,
  type Offload,
  type ReplaceFileAtomicOptions,
  type ReplaceFileAtomicSyncOptions,
} from "../../src/index.ts";
import { needs } from "../support/needs.ts";
import { tempDir } from "../support/temp-dir.ts";

interface Row {
  readonly name: string;
  readonly before?: (dir: string) => void;
  readonly options: (dir: string) => Partial<ReplaceFileAtomicOptions>;
  readonly create?: boolean;
  /** What cannot be done synchronously. */
  readonly asyncOnly?: boolean;
  /** `method`, or the code of the error. */
  readonly end: string;
}

const old = (dir: string): void => writeFileSync(join(dir, "file"), "old", { mode: 0o640 });
const sha256 = createHash("sha256").update("old").digest("hex");

const rows: readonly Row[] = [
  { name: "a string, a new file", options: () => ({}), end: "rename" },
  { name: "a string, an existing file", before: old, options: () => ({}), end: "rename" },
  { name: "empty", before: old, options: () => ({ content: "" }), end: "rename" },
  { name: "1 MiB", options: () => ({ content: new Uint8Array(1 << 20).fill(7) }), end: "rename" },
  {
    name: "64 KiB and one byte, in pieces",
    options: () => ({ content: ["x".repeat(65_536), "y"] }),
    end: "rename",
  },
  {
    name: "a stream",
    options: () => ({ content: Readable.from(["a", "b"]) }),
    asyncOnly: true,
    end: "rename",
  },
  { name: "a mode", before: old, options: () => ({ mode: 0o604 }), end: "rename" },
  {
    name: "missing parents",
    options: (dir) => ({ filePath: join(dir, "a", "b", "file"), dirMode: 0o710 }),
    end: "rename",
  },
  {
    name: "a link",
    before: (dir) => {
      old(dir);
      symlinkSync("file", join(dir, "link"));
    },
    options: (dir) => ({ filePath: join(dir, "link") }),
    end: "rename",
  },
  {
    name: "a dangling link",
    before: (dir) => symlinkSync("sub/end", join(dir, "link")),
    options: (dir) => ({ filePath: join(dir, "link") }),
    end: "rename",
  },
  {
    name: "a link that is replaced",
    before: (dir) => {
      old(dir);
      symlinkSync("file", join(dir, "link"));
    },
    options: (dir) => ({ filePath: join(dir, "link"), symlinks: "replace" }),
    end: "rename",
  },
  { name: "created", create: true, options: () => ({}), end: "link" },
  { name: "exists already", create: true, before: old, options: () => ({}), end: "EEXIST" },
  { name: "absent", options: () => ({ ifMatch: { absent: true } }), end: "link" },
  {
    name: "not absent",
    before: old,
    options: () => ({ ifMatch: { absent: true } }),
    end: "ERR_CHANGED",
  },
  { name: "sha256", before: old, options: () => ({ ifMatch: { sha256 } }), end: "rename" },
  {
    name: "another sha256",
    before: old,
    options: () => ({ ifMatch: { sha256: "0".repeat(64) } }),
    end: "ERR_CHANGED",
  },
  {
    name: "in place",
    before: (dir) => {
      writeFileSync(join(dir, "file"), "a longer content than the new one", { mode: 0o640 });
      linkSync(join(dir, "file"), join(dir, "file2"));
    },
    options: () => ({ hardlinks: "preserve" }),
    end: "in-place",
  },
  { name: "no flushes", before: old, options: () => ({ syncTempFile: false }), end: "rename" },
  { name: "no flush of the directory", options: () => ({ syncParentDir: false }), end: "rename" },
  { name: "a hook", before: old, options: () => ({ beforeRename: () => {} }), end: "rename" },
  {
    name: "a hook that throws",
    before: old,
    options: () => ({
      beforeRename: () => {
        throw new Error("no");
      },
    }),
    end: "ERR_HOOK",
  },
  {
    name: "a content that throws",
    before: old,
    options: () => ({
      content: (function* () {
        yield "half";
        throw new Error("no");
      })(),
    }),
    end: "ERR_CONTENT_SOURCE",
  },
  { name: "a directory", options: (dir) => ({ filePath: dir }), end: "EISDIR" },
  {
    name: "a file as parent",
    before: old,
    options: (dir) => ({ filePath: join(dir, "file", "x") }),
    end: "ENOTDIR",
  },
  {
    name: "a FIFO",
    before: (dir) => void execFileSync("mkfifo", [join(dir, "file")]),
    options: () => ({}),
    end: "ERR_NOT_FILE",
  },
  {
    name: "a name that is too long",
    options: (dir) => ({ filePath: join(dir, "n".repeat(256)) }),
    end: "ENAMETOOLONG",
  },
  {
    name: "aborted",
    before: old,
    options: () => ({ signal: AbortSignal.abort() }),
    asyncOnly: true,
    end: "ABORT_ERR",
  },
];

/** A directory as a value: every name, and what it is. */
function tree(dir: string, under = ""): string[] {
  return readdirSync(dir)
    .toSorted()
    .flatMap((name) => {
      const [path, shown] = [join(dir, name), `${under}${name}`];
      const stats = lstatSync(path);
      const mode = (stats.mode & 0o7777).toString(8);
      if (stats.isDirectory()) return [`${shown}/ ${mode}`, ...tree(path, `${shown}/`)];
      if (stats.isSymbolicLink()) return [`${shown} -> ${readlinkSync(path)}`];
      if (!stats.isFile()) return [`${shown} special`];
      const digest = createHash("sha1").update(readFileSync(path)).digest("hex").slice(0, 8);
      return [`${shown} ${mode} ${stats.nlink} ${stats.size} ${digest}`];
    });
}

interface Outcome {
  readonly end: string;
  readonly detail: unknown;
  readonly tree: readonly string[];
}

async function outcome(row: Row, how: Offload | "sync" | "injected"): Promise<Outcome> {
  const dir = tempDir();
  row.before?.(dir);
  const common = { filePath: join(dir, "file"), content: "new content", ...row.options(dir) };
  const run = async (): Promise<Awaited<ReturnType<typeof replaceFileAtomic>>> => {
    if (how === "sync") {
      const perform = row.create ? createFileAtomicSync : replaceFileAtomicSync;
      return perform(common as ReplaceFileAtomicSyncOptions);
    }
    const perform = row.create ? createFileAtomic : replaceFileAtomic;
    return perform({
      ...common,
      ...(how === "injected" ? { fileSystem: { ...fs } } : { offload: how }),
    });
  };
  const relative = (path: string | undefined): string | undefined => path?.replace(dir, "");
  try {
    const { version: _, path, ...receipt } = await run();
    return { end: receipt.method, detail: { ...receipt, path: relative(path) }, tree: tree(dir) };
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    const { code, effect, kind, leftovers, path, syscall } = error;
    const detail = { effect, kind, leftovers, path: relative(path), syscall };
    return { end: code, detail, tree: tree(dir) };
  }
}

describe.runIf(needs("posix"))("every way to run gives the same", () => {
  it.each(rows)("$name: $end", async (row) => {
    const calls = await outcome(row, "calls");
    expect(calls.end).toBe(row.end);
    expect(calls.tree.filter((line) => line.includes(".holdfast-"))).toEqual([]);
    expect(await outcome(row, "flushes")).toEqual(calls);
    expect(await outcome(row, "injected")).toEqual(calls);
  });

  it.each(rows.filter(({ asyncOnly }) => !asyncOnly))("$name: $end, synchronously", async (row) => {
    expect(await outcome(row, "sync")).toEqual(await outcome(row, "calls"));
  });
});

describe('offload: "flushes"', () => {
  it("A15: 100 calls at once: the last one wins", async () => {
    const filePath = join(tempDir(), "file");
    await Promise.all(
      Array.from({ length: 100 }, (_, at) =>
        replaceFileAtomic({ filePath, content: String(at), offload: "flushes" }),
      ),
    );
    expect(readFileSync(filePath, "utf8")).toBe("99");
    expect(readdirSync(join(filePath, "..")).toSorted()).toEqual(["file"]);
  });

  it("A15: the later call wins over one that does not offload, and the other way round", async () => {
    const dir = tempDir();
    mkdirSync(join(dir, "d"));
    symlinkSync("d", join(dir, "alias"));
    for (const [a, b] of [
      ["calls", "flushes"],
      ["flushes", "calls"],
    ] as const) {
      await Promise.all([
        replaceFileAtomic({ filePath: join(dir, "d", "file"), content: "first", offload: a }),
        replaceFileAtomic({ filePath: join(dir, "alias", "file"), content: b, offload: b }),
      ]);
      expect(readFileSync(join(dir, "d", "file"), "utf8")).toBe(b);
    }
  });
});
