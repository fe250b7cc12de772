import {
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { describe, expect, it } from "vitest";
import { replaceFileAtomic, stageFileAtomic } from "../../src/index.ts";
import { faultyFileSystem } from "../support/faulty-file-system.ts";
import { needs } from "../support/needs.ts";
import { tempDir } from "../support/temp-dir.ts";
import { failureOf, stagedIn, thrownBy } from "./forms.ts";

function existing(text = "old"): string {
  const filePath = join(tempDir(), "file");
  writeFileSync(filePath, text);
  return filePath;
}
const textOf = (path: string): string => readFileSync(path, "utf8");

describe("a staged file", () => {
  it("is beside its destination, private and empty, and the destination is what it was", async () => {
    const filePath = existing();
    const file = await stageFileAtomic({ filePath });
    expect(dirname(file.path)).toBe(dirname(filePath));
    expect(basename(file.path)).toMatch(/^\.holdfast-/);
    expect(statSync(file.path).mode & 0o777).toBe(0o600);
    expect(statSync(file.path).size).toBe(0);
    expect(textOf(filePath)).toBe("old");
    await file.discard();
    expect(readdirSync(dirname(filePath)).toSorted()).toEqual(["file"]);
  });

  it("becomes the destination with commit", async () => {
    const filePath = existing();
    const file = await stageFileAtomic({ filePath });
    await file.write("né");
    await file.write(new Uint16Array([0x4141]));
    await file.write("");
    expect(textOf(filePath)).toBe("old");
    const receipt = await file.commit();
    expect(textOf(filePath)).toBe("néAA");
    expect(receipt).toMatchObject({
      path: filePath,
      method: "rename",
      created: false,
      bytes: 5,
      synced: { file: true, directory: true },
      lost: [],
    });
    expect(readdirSync(dirname(filePath)).toSorted()).toEqual(["file"]);
    await replaceFileAtomic({ filePath, content: "next", ifMatch: receipt.version });
  });

  it("without a write becomes an empty file", async () => {
    const filePath = existing();
    const file = await stageFileAtomic({ filePath });
    expect(await file.commit()).toMatchObject({ bytes: 0 });
    expect(textOf(filePath)).toBe("");
  });

  it("keeps the mode of the destination, or gets the one that was asked for", async () => {
    const filePath = existing();
    const kept = await stageFileAtomic({ filePath });
    await kept.commit();
    expect(statSync(filePath).mode & 0o777).toBe(0o644);
    const given = await stageFileAtomic({ filePath, mode: 0o640 });
    await given.commit();
    expect(statSync(filePath).mode & 0o777).toBe(0o640);
  });

  it("makes missing parents, and follows links", async () => {
    const dir = tempDir();
    symlinkSync("a/b/end", join(dir, "link"));
    const file = await stageFileAtomic({ filePath: join(dir, "link") });
    expect(dirname(file.path)).toBe(join(dir, "a", "b"));
    await file.write("x");
    await file.commit();
    expect(textOf(join(dir, "a", "b", "end"))).toBe("x");
  });

  it("takes a whole pipeline, with back-pressure", async () => {
    const filePath = existing();
    const file = await stageFileAtomic({ filePath });
    const text = "0123456789".repeat(100_000);
    await pipeline(Readable.from(text.match(/.{1,5000}/g)!), file.writable);
    expect(textOf(filePath)).toBe("old"); // ending the stream does not commit
    expect(await file.commit()).toMatchObject({ bytes: text.length });
    expect(textOf(filePath)).toBe(text);
  });

  it("takes strings in the encoding that the stream is told", async () => {
    const filePath = existing();
    const file = await stageFileAtomic({ filePath });
    await pipeline(async function* () {
      yield "ä€";
      yield Buffer.from("😀");
    }, file.writable);
    expect(file.writable).toBe(file.writable);
    await file.commit();
    expect(textOf(filePath)).toBe("ä€😀");
  });

  it("of a pipeline that fails is still there, and is discarded", async () => {
    const filePath = existing();
    const file = await stageFileAtomic({ filePath });
    const thrown = new Error("connection reset");
    const source = async function* (): AsyncGenerator<string> {
      yield "half";
      throw thrown;
    };
    expect(await thrownBy(pipeline(source, file.writable))).toBe(thrown);
    expect(existsSync(file.path)).toBe(true);
    await file.discard();
    expect(readdirSync(dirname(filePath)).toSorted()).toEqual(["file"]);
    expect(textOf(filePath)).toBe("old");
  });

  it("destroys its stream with the error of a write that failed", async () => {
    const { fileSystem } = faultyFileSystem({
      plan: ({ name }) => (name === "write" ? { fail: "ENOSPC", when: "before" } : undefined),
    });
    const file = await stageFileAtomic({ filePath: existing(), fileSystem });
    const error = await failureOf(pipeline(Readable.from(["x"]), file.writable));
    expect(error).toMatchObject({ code: "ENOSPC", effect: "none" });
    await file.discard();
  });

  it("is written in the order of the calls, also if they overlap", async () => {
    const filePath = existing();
    // Short writes, so that each call takes several steps.
    const { fileSystem } = faultyFileSystem({
      plan: ({ name }) => (name === "write" ? { atMostBytes: 2 } : undefined),
    });
    const file = await stageFileAtomic({ filePath, fileSystem });
    const words = Array.from({ length: 50 }, (_, at) => `word ${at}\n`);
    await Promise.all([...words.map((word) => file.write(word)), file.commit()]);
    expect(textOf(filePath)).toBe(words.join(""));
  });

  it("cannot be written to, or committed, twice", async () => {
    const filePath = existing();
    const file = await stageFileAtomic({ filePath });
    await file.commit();
    for (const call of [() => file.write("late"), () => file.commit()]) {
      const error = await failureOf(call());
      expect(error).toMatchObject({ code: "ERR_CLOSED", kind: "state", path: filePath });
    }
    await file.discard(); // does nothing
    await file[Symbol.asyncDispose]();
    expect(textOf(filePath)).toBe("");
    expect(readdirSync(dirname(filePath)).toSorted()).toEqual(["file"]);
  });

  it("cannot be written to, or committed, after discard", async () => {
    const filePath = existing();
    const file = await stageFileAtomic({ filePath });
    await file.discard();
    await file.discard();
    expect(await failureOf(file.write("late"))).toMatchObject({ code: "ERR_CLOSED" });
    expect(await failureOf(file.commit())).toMatchObject({ code: "ERR_CLOSED", effect: "none" });
    expect(textOf(filePath)).toBe("old");
    expect(readdirSync(dirname(filePath)).toSorted()).toEqual(["file"]);
  });

  it("of two commits at once, the second is refused", async () => {
    const filePath = existing();
    const file = await stageFileAtomic({ filePath });
    const [first, second] = await Promise.allSettled([file.commit(), file.commit()]);
    expect(first.status).toBe("fulfilled");
    expect((second as PromiseRejectedResult).reason).toMatchObject({ code: "ERR_CLOSED" });
  });

  it("is discarded by await using, and only if it was not committed", async () => {
    const filePath = existing();
    let path = "";
    {
      await using file = await stageFileAtomic({ filePath });
      path = file.path;
      await file.write("never");
      expect(existsSync(path)).toBe(true);
    }
    expect(existsSync(path)).toBe(false);
    expect(textOf(filePath)).toBe("old");
    {
      await using file = await stageFileAtomic({ filePath });
      await file.write("new");
      await file.commit();
    }
    expect(textOf(filePath)).toBe("new");
  });

  it.each([7, null, undefined, {}, new ArrayBuffer(1), ["x"]])(
    "refuses to write %o, and can still be written to",
    async (chunk) => {
      const filePath = existing();
      const file = await stageFileAtomic({ filePath });
      const error = await thrownBy(file.write(chunk as string));
      expect(error).toMatchObject({ name: "TypeError", code: "ERR_INVALID_ARG" });
      await file.write("good");
      await file.commit();
      expect(textOf(filePath)).toBe("good");
    },
  );

  it("a write that fails makes the commit fail with the same errno, and the staged file goes", async () => {
    const filePath = existing();
    let writes = 0;
    const faulty = faultyFileSystem({
      plan: ({ name }) =>
        name === "write" && ++writes === 2 ? { fail: "ENOSPC", when: "before" } : undefined,
    });
    const { fileSystem } = faulty;
    const file = await stageFileAtomic({ filePath, fileSystem });
    await file.write("one");
    expect(await failureOf(file.write("two"))).toMatchObject({
      code: "ENOSPC",
      effect: "none",
      path: filePath,
    });
    // The bytes of the failed write are missing: nothing may be put behind the gap.
    expect(await failureOf(file.write("three"))).toMatchObject({ code: "ENOSPC" });
    const error = await failureOf(file.commit());
    expect(error).toMatchObject({ code: "ENOSPC", effect: "none", path: filePath, leftovers: [] });
    expect((error.cause as NodeJS.ErrnoException).code).toBe("ENOSPC");
    expect(textOf(filePath)).toBe("old");
    expect(readdirSync(dirname(filePath)).toSorted()).toEqual(["file"]);
    expect(faulty.openHandles()).toEqual([]);
  });

  it("a write that fails and is not looked at is no unhandled rejection", async () => {
    const { fileSystem } = faultyFileSystem({
      plan: ({ name }) => (name === "write" ? { fail: "EIO", when: "before" } : undefined),
    });
    const file = await stageFileAtomic({ filePath: existing(), fileSystem });
    const failed = file.write("x");
    const after = file.write("y");
    expect(await failureOf(file.commit())).toMatchObject({ code: "EIO", effect: "none" });
    await failureOf(failed);
    await failureOf(after);
  });

  it("a write that makes no progress makes the commit fail too", async () => {
    const filePath = existing();
    const { fileSystem } = faultyFileSystem({
      plan: ({ name }) => (name === "write" ? { atMostBytes: 0 } : undefined),
    });
    const file = await stageFileAtomic({ filePath, fileSystem });
    await failureOf(file.write("x"));
    expect(await failureOf(file.commit())).toMatchObject({
      code: "ERR_NO_PROGRESS",
      effect: "none",
    });
    expect(readdirSync(dirname(filePath)).toSorted()).toEqual(["file"]);
  });

  it("its beforeRename is called by commit, and a throw leaves the destination", async () => {
    const filePath = existing();
    const seen: string[] = [];
    const file = await stageFileAtomic({
      filePath,
      beforeRename: ({ tempPath }) => {
        seen.push(textOf(tempPath));
        throw undefined;
      },
    });
    await file.write("new");
    expect(seen).toEqual([]);
    const error = await failureOf(file.commit());
    expect(error).toMatchObject({ code: "ERR_HOOK", effect: "none" });
    expect(seen).toEqual(["new"]);
    expect(textOf(filePath)).toBe("old");
    expect(readdirSync(dirname(filePath)).toSorted()).toEqual(["file"]);
  });
});

describe("a destination that changes between stage and commit", () => {
  const change = async (
    act: (filePath: string) => void,
    options: Omit<Parameters<typeof stageFileAtomic>[0], "filePath"> = {},
    before = (_filePath: string): void => {},
  ): Promise<{ filePath: string; commit: () => ReturnType<typeof replaceFileAtomic> }> => {
    const filePath = existing();
    before(filePath);
    const file = await stageFileAtomic({ filePath, ...options });
    await file.write("new");
    act(filePath);
    return { filePath, commit: () => file.commit() };
  };

  it("removed: it is created", async () => {
    const { filePath, commit } = await change(unlinkSync);
    expect(await commit()).toMatchObject({ created: true, method: "rename" });
    expect(textOf(filePath)).toBe("new");
  });

  it("replaced by a file of another mode: that mode is kept", async () => {
    const { filePath, commit } = await change((path) => {
      unlinkSync(path);
      writeFileSync(path, "theirs", { mode: 0o600 });
    });
    await commit();
    expect(textOf(filePath)).toBe("new");
    expect(statSync(filePath).mode & 0o777).toBe(0o600);
  });

  it.each([
    ["a directory", (path: string): void => mkdirSync(path), "EISDIR"],
    ["a link", (path: string): void => symlinkSync("elsewhere", path), "ERR_CHANGED"],
  ] as const)("replaced by %s: refused", async (_, become, code) => {
    const { filePath, commit } = await change((path) => {
      unlinkSync(path);
      become(path);
    });
    expect(await failureOf(commit())).toMatchObject({ code, effect: "none", leftovers: [] });
    expect(stagedIn(dirname(filePath))).toEqual([]);
    expect(existsSync(join(dirname(filePath), "elsewhere"))).toBe(false);
  });

  it("gets another name: it is judged by what it is at the commit", async () => {
    const link = (path: string): void => linkSync(path, `${path}2`);
    const refused = await change(link, { hardlinks: "refuse" });
    expect(await failureOf(refused.commit())).toMatchObject({ code: "ERR_HARDLINK" });
    const preserved = await change(link, { hardlinks: "preserve" });
    expect(await preserved.commit()).toMatchObject({ method: "in-place" });
    expect(textOf(`${preserved.filePath}2`)).toBe("new");
  });

  it("loses its other name, or is removed with it: it is replaced after all", async () => {
    const link = (path: string): void => linkSync(path, `${path}2`);
    const options = { hardlinks: "preserve" } as const;
    const one = await change((path) => unlinkSync(`${path}2`), options, link);
    expect(await one.commit()).toMatchObject({ method: "rename" });
    const both = await change((path) => unlinkSync(path), options, link);
    expect(await both.commit()).toMatchObject({ method: "rename", created: true });
    expect(textOf(both.filePath)).toBe("new");
    expect(textOf(`${both.filePath}2`)).toBe("old");
  });

  it("is seen by ifMatch", async () => {
    const filePath = existing();
    const { version } = await replaceFileAtomic({ filePath, content: "old" });
    const file = await stageFileAtomic({ filePath, ifMatch: version });
    await file.write("new");
    await replaceFileAtomic({ filePath, content: "theirs" });
    const error = await failureOf(file.commit());
    expect(error).toMatchObject({ code: "ERR_CHANGED", effect: "none", leftovers: [] });
    expect(textOf(filePath)).toBe("theirs");
    expect(readdirSync(dirname(filePath)).toSorted()).toEqual(["file"]);
  });

  it("absent: of two, one commits and the other is told", async () => {
    const filePath = join(tempDir(), "file");
    const options = { filePath, ifMatch: { absent: true } } as const;
    const files = await Promise.all([stageFileAtomic(options), stageFileAtomic(options)]);
    const ends = await Promise.allSettled(files.map((file) => file.commit()));
    expect(ends.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
    expect((ends[1] as PromiseRejectedResult).reason).toMatchObject({ code: "ERR_CHANGED" });
    expect(readdirSync(dirname(filePath)).toSorted()).toEqual(["file"]);
  });

  it("does not hold up other calls while it is being written, and commits in turn", async () => {
    const filePath = existing();
    const slow = await stageFileAtomic({ filePath });
    await replaceFileAtomic({ filePath, content: "between" });
    expect(textOf(filePath)).toBe("between");
    await slow.write("slow");
    await Promise.all([
      replaceFileAtomic({ filePath, content: "first" }),
      slow.commit(),
      replaceFileAtomic({ filePath, content: "last" }),
    ]);
    expect(textOf(filePath)).toBe("last");
  });
});

describe("staging that is not possible", () => {
  it.each(["EACCES", "EROFS", "EPERM", "ENOSPC", "EMFILE"])(
    "%s: fails at once, and leaves nothing",
    async (errno) => {
      const filePath = existing();
      const faulty = faultyFileSystem({
        plan: ({ name, path }) =>
          name === "open" && path.includes(".holdfast-")
            ? { fail: errno, when: "before" }
            : undefined,
      });
      const { fileSystem } = faulty;
      const error = await failureOf(stageFileAtomic({ filePath, fileSystem }));
      expect(error).toMatchObject({
        code: errno,
        effect: "none",
        path: filePath,
        op: "stageFileAtomic",
      });
      expect(readdirSync(dirname(filePath)).toSorted()).toEqual(["file"]);
      expect(faulty.openHandles()).toEqual([]);
      // The queue is free.
      await replaceFileAtomic({ filePath, content: "next" });
    },
  );

  it.runIf(needs("posix"))(
    "the destination is a directory, or refused: fails at once",
    async () => {
      const filePath = tempDir();
      expect(await failureOf(stageFileAtomic({ filePath }))).toMatchObject({ code: "EISDIR" });
      const link = join(filePath, "link");
      symlinkSync("x", link);
      expect(
        await failureOf(stageFileAtomic({ filePath: link, symlinks: "refuse" })),
      ).toMatchObject({
        code: "ERR_SYMLINK",
      });
      expect(readdirSync(filePath).toSorted()).toEqual(["link"]);
    },
  );

  it("a discard that cannot remove it says so, and names it", async () => {
    const filePath = existing();
    const faulty = faultyFileSystem({
      plan: ({ name }) => (name === "unlink" ? { fail: "EACCES", when: "before" } : undefined),
    });
    const { fileSystem } = faulty;
    const file = await stageFileAtomic({ filePath, fileSystem });
    const error = await failureOf(file.discard());
    expect(error).toMatchObject({ code: "EACCES", effect: "none", leftovers: [file.path] });
    expect(faulty.openHandles()).toEqual([]);
  });
});

describe("a staged file and its signal", () => {
  it("aborted: writing and committing fail, discarding still works", async () => {
    const filePath = existing();
    const controller = new AbortController();
    const file = await stageFileAtomic({ filePath, signal: controller.signal });
    await file.write("x");
    controller.abort();
    expect(await failureOf(file.write("y"))).toMatchObject({ code: "ABORT_ERR", effect: "none" });
    await file.discard();
    expect(readdirSync(dirname(filePath)).toSorted()).toEqual(["file"]);
  });

  it("aborted: a commit rejects and removes it", async () => {
    const filePath = existing();
    const controller = new AbortController();
    const file = await stageFileAtomic({ filePath, signal: controller.signal });
    await file.write("x");
    controller.abort(new Error("enough"));
    const error = await failureOf(file.commit());
    expect(error).toMatchObject({
      name: "AbortError",
      effect: "none",
      cause: controller.signal.reason as unknown,
    });
    expect(readdirSync(dirname(filePath)).toSorted()).toEqual(["file"]);
    expect(textOf(filePath)).toBe("old");
  });
});
