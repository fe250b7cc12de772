import { readFileSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  and,
  createMemoryFileSystem,
  fail,
  hang,
  injectFaults,
  nth,
  once,
  op,
  path,
  rule,
} from "@holdfast/testing";
import { describe, expect, it } from "vitest";
import { replaceFileAtomic } from "../../src/index.ts";
import { faultyFileSystem, type FaultyFileSystem } from "../support/faulty-file-system.ts";
import { tempDir } from "../support/temp-dir.ts";
import { failureOf, forms, stagedIn } from "./forms.ts";

/** Fails every flush of what a path matches. */
const failingFlush = (errno: string, of: (path: string) => boolean): FaultyFileSystem =>
  faultyFileSystem({
    plan: ({ name, path }) =>
      (name === "fsync" || name === "fdatasync") && of(path)
        ? { fail: errno, when: "before" }
        : undefined,
  });

const isStaged = (path: string): boolean => path.includes(".holdfast-");
const flushes = ({ calls }: FaultyFileSystem, path: string): string[] =>
  calls.filter((call) => call === `fsync ${path}`);

describe.each(forms)("flushes that fail, $form", ({ replace, create }) => {
  it.each(["EIO", "ENOSPC", "EDQUOT", "EINVAL", "EROFS"])(
    "A24: of the content, with %s: nothing is changed",
    async (errno) => {
      for (const perform of [replace, create]) {
        const dir = tempDir();
        const filePath = join(dir, "file");
        if (perform === replace) writeFileSync(filePath, "old");
        const faulty = failingFlush(errno, isStaged);
        const { fileSystem } = faulty;
        const error = await failureOf(perform({ filePath, content: "new", fileSystem }));
        expect(error).toMatchObject({ effect: "none", path: filePath, leftovers: [] });
        expect(error.code).toBe(errno);
        expect(error.errno).toBe((error.cause as NodeJS.ErrnoException).errno);
        expect(readdirSync(dir)).toEqual(perform === replace ? ["file"] : []);
        const text = perform === replace ? readFileSync(filePath, "utf8") : undefined;
        expect(text).toBe(perform === replace ? "old" : undefined);
        // Never again on that descriptor: the second flush would say that all is well.
        expect(
          faulty.calls.filter((call) => call.startsWith("fsync") && isStaged(call)),
        ).toHaveLength(1);
        expect(faulty.openHandles()).toEqual([]);
      }
    },
  );

  it.each(["EIO", "ENOSPC", "EROFS"])(
    "A24: of the directory, with %s: the change is there, and may not survive",
    async (errno) => {
      for (const perform of [replace, create]) {
        const dir = tempDir();
        const filePath = join(dir, "file");
        const faulty = failingFlush(errno, (path) => path === dir);
        const { fileSystem } = faulty;
        const error = await failureOf(perform({ filePath, content: "new", fileSystem }));
        expect(error).toMatchObject({ code: errno, effect: "complete", path: filePath });
        expect(readFileSync(filePath, "utf8")).toBe("new");
        expect(stagedIn(dir)).toEqual([]);
        expect(flushes(faulty, dir)).toHaveLength(1);
        expect(faulty.openHandles()).toEqual([]);
      }
    },
  );

  it.each(["EINVAL", "ENOTSUP", "EISDIR", "EBADF"])(
    "A24: of a directory that cannot be flushed (%s): said so in the receipt",
    async (errno) => {
      const dir = tempDir();
      const { fileSystem } = failingFlush(errno, (path) => path === dir);
      const receipt = await replace({ filePath: join(dir, "file"), content: "new", fileSystem });
      expect(receipt.synced).toEqual({ file: true, directory: "unsupported" });
    },
  );

  it.each(["EPERM", "EACCES"])(
    "A24: %s from that flush is no such sign, except on Windows",
    async (errno) => {
      const dir = tempDir();
      const { fileSystem } = failingFlush(errno, (path) => path === dir);
      const error = await failureOf(
        replace({ filePath: join(dir, "file"), content: "new", fileSystem }),
      );
      expect(error).toMatchObject({ code: errno, effect: "complete" });
    },
  );

  it.each([
    ["the directory that exists", ""],
    ["the first that was made", "a"],
    ["the second", "a/b"],
  ])("A24: of a new ancestor's parent: %s: nothing is changed", async (_, tail) => {
    const dir = tempDir();
    const filePath = join(dir, "a", "b", "c", "file");
    const failing = join(dir, tail);
    const faulty = failingFlush("EIO", (path) => path === failing);
    const { fileSystem } = faulty;
    const error = await failureOf(replace({ filePath, content: "new", fileSystem }));
    expect(error).toMatchObject({ code: "EIO", effect: "none", path: filePath });
    expect(readdirSync(dir, { recursive: true })).not.toContain("a/b/c/file");
    expect(stagedIn(dir)).toEqual([]);
    expect(flushes(faulty, failing)).toHaveLength(1);
    expect(faulty.openHandles()).toEqual([]);
  });

  it("A24: of a file that was written over in place: complete, and the staged copy is kept", async () => {
    const dir = tempDir();
    const filePath = join(dir, "file");
    writeFileSync(filePath, "old");
    const { fileSystem } = faultyFileSystem({
      plan: ({ name, path }) => {
        if (name === "rename") return { fail: "EXDEV", when: "before" };
        return name === "fsync" && path === filePath ? { fail: "EIO", when: "before" } : undefined;
      },
    });
    const error = await failureOf(replace({ filePath, content: "new", fileSystem }));
    expect(error).toMatchObject({ code: "EIO", effect: "complete", leftovers: stagedIn(dir) });
    expect(error.leftovers).toHaveLength(1);
    expect(error.message).toContain(error.leftovers[0]);
    expect(readFileSync(error.leftovers[0]!, "utf8")).toBe("new");
  });

  it("A24: without flushing, a close that reports lost data is an error", async () => {
    const dir = tempDir();
    const filePath = join(dir, "file");
    const { fileSystem } = faultyFileSystem({
      plan: ({ name, path }) =>
        name === "close" && isStaged(path) ? { fail: "ENOSPC", when: "before" } : undefined,
    });
    const options = { syncTempFile: false, fileSystem };
    const error = await failureOf(replace({ filePath, content: "new", ...options }));
    expect(error).toMatchObject({ code: "ENOSPC", effect: "complete" });
  });

  it("A24: the same in place", async () => {
    const dir = tempDir();
    const filePath = join(dir, "file");
    writeFileSync(filePath, "old");
    const { fileSystem } = faultyFileSystem({
      plan: ({ name, path }) => {
        if (name === "rename") return { fail: "EXDEV", when: "before" };
        return name === "close" && path === filePath
          ? { fail: "EDQUOT", when: "before" }
          : undefined;
      },
    });
    const options = { syncTempFile: false, fileSystem };
    const error = await failureOf(replace({ filePath, content: "new", ...options }));
    expect(error).toMatchObject({ effect: "complete", leftovers: stagedIn(dir) });
    expect(error.leftovers).toHaveLength(1);
  });

  it("A24: of the directory that a link leads to, not of the link's", async () => {
    const dir = tempDir();
    const other = tempDir();
    symlinkSync(join(other, "end"), join(dir, "link"));
    const { fileSystem } = failingFlush("EIO", (path) => path === other);
    const run = replace({ filePath: join(dir, "link"), content: "new", fileSystem });
    expect(await failureOf(run)).toMatchObject({ code: "EIO", effect: "complete" });
    const elsewhere = failingFlush("EIO", (path) => path === dir);
    await replace({
      filePath: join(dir, "link"),
      content: "new",
      fileSystem: elsewhere.fileSystem,
    });
  });
});

describe("a flush that is shared", () => {
  it("A24: that fails is reported to each call that it was to serve", async () => {
    const dir = tempDir();
    const { fileSystem } = failingFlush("EIO", (path) => path === dir);
    const ends = await Promise.allSettled(
      Array.from({ length: 20 }, (_, at) =>
        replaceFileAtomic({ filePath: join(dir, `file ${at}`), content: String(at), fileSystem }),
      ),
    );
    for (const [at, end] of ends.entries()) {
      expect(end.status).toBe("rejected");
      expect((end as PromiseRejectedResult).reason).toMatchObject({
        code: "EIO",
        effect: "complete",
        path: join(dir, `file ${at}`),
      });
      expect(readFileSync(join(dir, `file ${at}`), "utf8")).toBe(String(at));
    }
  });

  it("begins after the rename of each call that it serves, and serves several", async () => {
    const dir = tempDir();
    const { fileSystem, calls } = faultyFileSystem();
    const paths = Array.from({ length: 20 }, (_, at) => join(dir, `file ${at}`));
    const lengthAtEnd = await Promise.all(
      paths.map(async (filePath) => {
        await replaceFileAtomic({ filePath, content: "x", fileSystem });
        return calls.length;
      }),
    );
    for (const [at, filePath] of paths.entries()) {
      const rename = calls.findIndex((call) => call.endsWith(` -> ${filePath}`));
      const flush = calls.indexOf(`fsync ${dir}`, rename);
      expect(flush).toBeGreaterThan(rename);
      expect(flush).toBeLessThan(lengthAtEnd[at]!);
    }
    expect(calls.filter((call) => call === `fsync ${dir}`).length).toBeLessThan(20);
  });

  it("that fails also fails a call that had renamed by then, and would flush after it", async () => {
    const memory = createMemoryFileSystem({ tree: ["d/"] });
    const flush = rule(and(op("fsync"), path("/d")), hang(), fail("EIO"), once());
    // The first call asks twice what its staged file is, and the second one when it has renamed it.
    const renamed = rule(and(op("fstat"), path("/d/.holdfast-*"), nth(4)), hang());
    const fileSystem = injectFaults(memory.fs, [flush, renamed]);
    const one = failureOf(replaceFileAtomic({ filePath: "/d/one", content: "x", fileSystem }));
    await flush.reached();
    const two = failureOf(replaceFileAtomic({ filePath: "/d/two", content: "x", fileSystem }));
    await renamed.reached();
    expect(memory.tree("/d").filter((line) => !line.includes(".holdfast-"))).toHaveLength(2);
    flush.release();
    expect(await one).toMatchObject({ code: "EIO", effect: "complete" });
    renamed.release();
    // Its own flush says that all is well.
    expect(await two).toMatchObject({ code: "EIO", effect: "complete" });
    const later = await replaceFileAtomic({ filePath: "/d/three", content: "x", fileSystem });
    expect(later.synced.directory).toBe(true);
  });
});
