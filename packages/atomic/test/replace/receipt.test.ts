import * as fs from "node:fs";
import {
  linkSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { FileSystem, ReplaceFileAtomicOptions, ReplaceFileReceipt } from "../../src/index.ts";
import { faultyFileSystem, type Fault } from "../support/faulty-file-system.ts";
import { needs } from "../support/needs.ts";
import { tempDir } from "../support/temp-dir.ts";
import { failureOf, forms } from "./forms.ts";

const failing = (fails: (call: { name: string; path: string }) => string | undefined): FileSystem =>
  faultyFileSystem({
    plan: (call): Fault | undefined => {
      const errno = fails(call);
      return errno === undefined ? undefined : { fail: errno, when: "before" };
    },
  }).fileSystem;

const exdev = (): FileSystem => failing(({ name }) => (name === "rename" ? "EXDEV" : undefined));
const eperm = (): FileSystem => failing(({ name }) => (name === "rename" ? "EPERM" : undefined));
const noModes = (): FileSystem => failing(({ name }) => (name === "fchmod" ? "EPERM" : undefined));

interface Row {
  readonly name: string;
  /** `undefined`: there is no file before. */
  readonly before?: (filePath: string) => void;
  readonly options?: (filePath: string) => Partial<ReplaceFileAtomicOptions>;
  readonly receipt: Partial<ReplaceFileReceipt>;
}

const old = (filePath: string): void => writeFileSync(filePath, "old", { mode: 0o644 });
const twoNames = (filePath: string): void => {
  old(filePath);
  linkSync(filePath, `${filePath}2`);
};
const flushed = { file: true, directory: true } as const;

const rows: readonly Row[] = [
  { name: "a new file", receipt: { method: "rename", created: true, lost: [], synced: flushed } },
  {
    name: "an existing file",
    before: old,
    receipt: { method: "rename", created: false, lost: [], synced: flushed },
  },
  {
    name: "a file that was created exclusively",
    options: () => ({ ifMatch: { absent: true } }),
    receipt: { method: "link", created: true, lost: [], synced: flushed },
  },
  {
    name: "a file with other names, which it leaves",
    before: twoNames,
    receipt: { method: "rename", created: false, lost: ["hardlinks"], synced: flushed },
  },
  {
    name: "a file with other names, which it keeps",
    before: twoNames,
    options: () => ({ hardlinks: "preserve" }),
    receipt: { method: "in-place", created: false, lost: [], synced: flushed },
  },
  {
    name: "a file on which rename is impossible",
    before: old,
    options: () => ({ fileSystem: exdev() }),
    receipt: { method: "in-place", created: false, lost: [], synced: flushed },
  },
  {
    name: "a new file where rename is impossible",
    options: () => ({ fileSystem: exdev() }),
    receipt: { method: "in-place", created: true, lost: [], synced: flushed },
  },
  {
    name: "a copy",
    before: old,
    options: () => ({ fileSystem: eperm(), copyFallbackOnPermissionError: true }),
    receipt: { method: "copy", created: false, lost: [], synced: flushed },
  },
  {
    name: "a file in a directory that allows no staged file",
    before: old,
    options: () => ({
      fileSystem: failing(({ name, path }) =>
        name === "open" && path.includes(".holdfast-") ? "EROFS" : undefined,
      ),
    }),
    receipt: { method: "in-place", created: false, lost: [], synced: flushed },
  },
  {
    name: "a mode that cannot be set",
    before: old,
    options: () => ({ mode: 0o640, fileSystem: noModes() }),
    receipt: { method: "rename", lost: ["mode"] },
  },
  {
    name: "a mode that cannot be set in place",
    before: twoNames,
    options: () => ({ mode: 0o600, hardlinks: "preserve", fileSystem: noModes() }),
    receipt: { method: "in-place", lost: ["mode"] },
  },
  {
    // What the staged file lacks, the file that is written over has.
    name: "a mode that cannot be set, and a rename that is impossible",
    before: old,
    options: () => ({
      fileSystem: failing(({ name }) =>
        name === "fchmod" ? "EPERM" : name === "rename" ? "EXDEV" : undefined,
      ),
    }),
    receipt: { method: "in-place", lost: [] },
  },
  {
    name: "no flush of the directory",
    before: old,
    options: () => ({ syncParentDir: false }),
    receipt: { method: "rename", synced: { file: true, directory: false } },
  },
  {
    name: "no flush at all",
    before: old,
    options: () => ({ syncTempFile: false }),
    receipt: { method: "rename", synced: { file: false, directory: false } },
  },
  {
    name: "no flush at all, created",
    options: () => ({ syncTempFile: false, ifMatch: { absent: true } }),
    receipt: { method: "link", synced: { file: false, directory: false } },
  },
  {
    name: "no flush at all, in place",
    before: twoNames,
    options: () => ({ syncTempFile: false, hardlinks: "preserve" }),
    receipt: { method: "in-place", synced: { file: false, directory: false } },
  },
  {
    name: "a directory that cannot be flushed",
    before: old,
    options: (filePath) => ({
      fileSystem: failing(({ name, path }) =>
        name === "fsync" && path === join(filePath, "..") ? "EINVAL" : undefined,
      ),
    }),
    receipt: { method: "rename", synced: { file: true, directory: "unsupported" } },
  },
  {
    name: "a directory that may not be read",
    before: old,
    options: (filePath) => ({
      fileSystem: failing(({ name, path }) =>
        name === "open" && path === join(filePath, "..") ? "EACCES" : undefined,
      ),
    }),
    receipt: { method: "rename", synced: { file: true, directory: "unsupported" } },
  },
  {
    name: "Windows",
    before: old,
    options: () => ({ fileSystem: { ...fs, platform: "win32" } }),
    receipt: { method: "rename", lost: [], synced: { file: true, directory: "unsupported" } },
  },
  {
    name: "Windows, created",
    options: () => ({ fileSystem: { ...fs, platform: "win32" }, ifMatch: { absent: true } }),
    receipt: { method: "link", created: true, synced: { file: true, directory: "unsupported" } },
  },
];

describe.runIf(needs("posix")).each(forms)("the receipt, $form", ({ replace, create }) => {
  it.each(rows)("of $name", async ({ before, options, receipt }) => {
    const filePath = join(tempDir(), "file");
    before?.(filePath);
    const inode = before && statSync(filePath).ino;
    const content = "content ä";
    const got = await replace({ filePath, content, ...options?.(filePath) });
    expect(Object.keys(got).toSorted()).toEqual([
      "bytes",
      "created",
      "lost",
      "method",
      "path",
      "synced",
      "version",
    ]);
    expect(got).toMatchObject({ ...receipt, path: filePath, bytes: Buffer.byteLength(content) });
    expect(got.lost).toEqual(receipt.lost ?? []);
    expect(readFileSync(filePath, "utf8")).toBe(content);
    const others = readdirSync(join(filePath, "..")).filter((name) => name.startsWith("."));
    expect(others).toEqual([]);
    const writtenOver = got.method === "in-place" || got.method === "copy";
    expect(statSync(filePath).ino === inode).toBe(writtenOver && inode !== undefined);
    // The version is that of the file as it is now, by every method.
    await replace({ filePath, content: "next", ifMatch: got.version });
    expect(readFileSync(filePath, "utf8")).toBe("next");
  });

  it("of createFileAtomic", async () => {
    const filePath = join(tempDir(), "file");
    const got = await create({ filePath, content: "x" });
    expect(got).toMatchObject({
      path: filePath,
      method: "link",
      created: true,
      bytes: 1,
      lost: [],
    });
    expect(got.synced).toEqual(flushed);
    await replace({ filePath, content: "next", ifMatch: got.version });
  });

  it("names the file where links led", async () => {
    const dir = tempDir();
    mkdirSync(join(dir, "sub"));
    symlinkSync(join(dir, "sub", "end"), join(dir, "link"));
    const got = await replace({ filePath: join(dir, "link"), content: "x" });
    expect(got).toMatchObject({ path: join(dir, "sub", "end"), created: true });
  });

  it.each([
    ["hardlinks", twoNames, "ERR_HARDLINK"],
    ["symlinks", (filePath: string) => symlinkSync("elsewhere", filePath), "ERR_SYMLINK"],
  ] as const)("%s that are refused have none: nothing is changed", async (option, before, code) => {
    const filePath = join(tempDir(), "file");
    before(filePath);
    const error = await failureOf(replace({ filePath, content: "x", [option]: "refuse" }));
    expect(error).toMatchObject({ code, kind: "refused", effect: "none", leftovers: [] });
  });

  describe.runIf(needs("root"))("of a file of another owner", () => {
    const foreign = (filePath: string): void => {
      writeFileSync(filePath, "old", { mode: 0o666 });
      fs.chownSync(filePath, 54_321, 54_322);
      fs.chmodSync(filePath, 0o666);
    };
    const noChown = (): FileSystem =>
      failing(({ name }) => (name === "fchown" ? "EPERM" : undefined));
    const ownerOf = (filePath: string): { uid: number; gid: number } => {
      const { uid, gid } = statSync(filePath);
      return { uid, gid };
    };
    const theirs = { uid: 54_321, gid: 54_322 };

    it.each([
      ["given back by chown", {}, "rename", [], theirs],
      ["chown not allowed: in place", { fileSystem: noChown }, "in-place", [], theirs],
      ["not cared for", { ownership: "ignore" }, "rename", ["owner", "group"], undefined],
      // In place, it is theirs after all.
      [
        "not cared for, no rename",
        { ownership: "ignore", fileSystem: exdev },
        "in-place",
        [],
        theirs,
      ],
      ["refused, but given back", { ownership: "refuse" }, "rename", [], theirs],
    ] as const)("%s", async (_, options, method, lost, owner) => {
      const filePath = join(tempDir(), "file");
      foreign(filePath);
      const { fileSystem, ...rest } = options as {
        fileSystem?: () => FileSystem;
        ownership?: "ignore" | "refuse";
      };
      const given = { ...rest, ...(fileSystem && { fileSystem: fileSystem() }) };
      const got = await replace({ filePath, content: "new", ...given });
      expect(got.method).toBe(method);
      expect(got.lost).toEqual(lost);
      expect(readFileSync(filePath, "utf8")).toBe("new");
      expect(ownerOf(filePath)).toEqual(
        owner ?? { uid: process.getuid!(), gid: process.getgid!() },
      );
      await replace({ filePath, content: "next", ifMatch: got.version });
    });

    it.each([{ ownership: "refuse" }, { inPlaceFallback: false }] as const)(
      "chown not allowed, and nothing else either: ERR_OWNERSHIP (%o)",
      async (options) => {
        const filePath = join(tempDir(), "file");
        foreign(filePath);
        const run = replace({ filePath, content: "new", fileSystem: noChown(), ...options });
        const error = await failureOf(run);
        expect(error).toMatchObject({ code: "ERR_OWNERSHIP", effect: "none", leftovers: [] });
        expect((error.cause as NodeJS.ErrnoException).code).toBe("EPERM");
        expect(readFileSync(filePath, "utf8")).toBe("old");
        expect(readdirSync(join(filePath, "..")).toSorted()).toEqual(["file"]);
      },
    );
  });
});
