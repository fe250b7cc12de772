import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { asUser, nobody } from "../support/as-user.ts";
import { faultyFileSystem } from "../support/faulty-file-system.ts";
import { needs } from "../support/needs.ts";
import { tempDir } from "../support/temp-dir.ts";
import { failureOf, forms, stagedIn } from "./forms.ts";

const isLink = (path: string): boolean => lstatSync(path).isSymbolicLink();

/** `link0 -> link1 -> … -> end`, in `dir`. */
function chain(dir: string, length: number, end: string): string {
  for (let at = 0; at < length; at++) {
    symlinkSync(at === length - 1 ? end : `link${at + 1}`, join(dir, `link${at}`));
  }
  return join(dir, "link0");
}

describe.runIf(needs("posix")).each(forms)("symbolic links, $form", ({ replace, create }) => {
  describe.each([
    ["relative", (): string => "referent"],
    ["absolute", (dir: string): string => join(dir, "referent")],
    ["relative with detours", (): string => "./sub/../referent"],
  ] as readonly (readonly [string, (dir: string) => string])[])(
    "A4: a link that is %s",
    (_, text) => {
      it.each([true, false])(
        "stays, and what it leads to is changed (there before: %s)",
        async (there) => {
          const dir = tempDir();
          mkdirSync(join(dir, "sub"));
          const referent = join(dir, "referent");
          if (there) writeFileSync(referent, "old", { mode: 0o640 });
          const filePath = join(dir, "link");
          symlinkSync(text(dir), filePath);
          const receipt = await replace({ filePath, content: "new" });
          expect(readlinkSync(filePath)).toBe(text(dir));
          expect(isLink(referent)).toBe(false);
          expect(readFileSync(referent, "utf8")).toBe("new");
          const mode = there ? 0o640 : 0o666 & ~process.umask();
          expect(statSync(referent).mode & 0o777).toBe(mode);
          expect(receipt.created).toBe(!there);
          expect(statSync(receipt.path).ino).toBe(statSync(referent).ino);
          expect(stagedIn(dir)).toEqual([]);
        },
      );
    },
  );

  it("A4: a chain of two links", async () => {
    const dir = tempDir();
    writeFileSync(join(dir, "end"), "old");
    const filePath = chain(dir, 2, "end");
    await replace({ filePath, content: "new" });
    expect([isLink(filePath), isLink(join(dir, "link1"))]).toEqual([true, true]);
    expect(readFileSync(join(dir, "end"), "utf8")).toBe("new");
  });

  it("A4: a relative link reached through a directory link whose parent is another by its name", async () => {
    const dir = tempDir();
    mkdirSync(join(dir, "real", "deep"), { recursive: true });
    mkdirSync(join(dir, "names"));
    symlinkSync("../real/deep", join(dir, "names", "alias"));
    symlinkSync("../end", join(dir, "real", "deep", "link"));
    writeFileSync(join(dir, "real", "end"), "old");
    // By its name alone, names/alias/../end would be names/end.
    await replace({ filePath: join(dir, "names", "alias", "link"), content: "new" });
    expect(readFileSync(join(dir, "real", "end"), "utf8")).toBe("new");
    expect(readdirSync(join(dir, "names")).toSorted()).toEqual(["alias"]);
    expect(isLink(join(dir, "real", "deep", "link"))).toBe(true);
  });

  it("A4: a dangling link into a directory that is not there", async () => {
    const dir = tempDir();
    symlinkSync("missing/deeper/end", join(dir, "link"));
    await replace({ filePath: join(dir, "link"), content: "new" });
    expect(readFileSync(join(dir, "missing", "deeper", "end"), "utf8")).toBe("new");
    expect(isLink(join(dir, "link"))).toBe(true);
  });

  it("A4: 40 links are followed, 41 are ELOOP with the path that was given", async () => {
    const dir = tempDir();
    writeFileSync(join(dir, "end"), "old");
    await replace({ filePath: chain(dir, 40, "end"), content: "new" });
    expect(readFileSync(join(dir, "end"), "utf8")).toBe("new");

    const other = tempDir();
    writeFileSync(join(other, "end"), "old");
    const filePath = chain(other, 41, "end");
    const error = await failureOf(replace({ filePath, content: "new" }));
    expect(error).toMatchObject({ code: "ELOOP", path: filePath, effect: "none" });
    expect(error.message).toContain(filePath);
    expect(readFileSync(join(other, "end"), "utf8")).toBe("old");
    expect(stagedIn(other)).toEqual([]);
  });

  it("A4: 41 dangling links are ELOOP too, and nothing is created", async () => {
    const dir = tempDir();
    const filePath = chain(dir, 41, "end");
    const error = await failureOf(replace({ filePath, content: "new" }));
    expect(error).toMatchObject({ code: "ELOOP", path: filePath, effect: "none" });
    expect(existsSync(join(dir, "end"))).toBe(false);
  });

  it("A4: a loop is ELOOP", async () => {
    const dir = tempDir();
    symlinkSync("b", join(dir, "a"));
    symlinkSync("a", join(dir, "b"));
    const error = await failureOf(replace({ filePath: join(dir, "a"), content: "new" }));
    expect(error).toMatchObject({ code: "ELOOP", effect: "none" });
    expect(readdirSync(dir).toSorted()).toEqual(["a", "b"]);
  });

  it("A4: a link to a directory is EISDIR", async () => {
    const dir = tempDir();
    mkdirSync(join(dir, "sub"));
    symlinkSync("sub", join(dir, "link"));
    symlinkSync("sub/", join(dir, "slash"));
    for (const name of ["link", "slash"]) {
      const error = await failureOf(replace({ filePath: join(dir, name), content: "new" }));
      expect(error).toMatchObject({ code: "EISDIR", effect: "none" });
    }
    expect(stagedIn(dir)).toEqual([]);
  });

  it("refuses a link where the caller says so, and leaves it and its referent", async () => {
    const dir = tempDir();
    writeFileSync(join(dir, "referent"), "old");
    symlinkSync("referent", join(dir, "link"));
    const run = replace({ filePath: join(dir, "link"), content: "new", symlinks: "refuse" });
    expect(await failureOf(run)).toMatchObject({ code: "ERR_SYMLINK", effect: "none" });
    expect(readFileSync(join(dir, "referent"), "utf8")).toBe("old");
    expect(readdirSync(dir).toSorted()).toEqual(["link", "referent"]);
  });

  it.each(["there", "dangling"])(
    "a file that is created never goes through a link (%s)",
    async (name) => {
      const dir = tempDir();
      writeFileSync(join(dir, "there"), "old");
      symlinkSync(name, join(dir, "link"));
      const error = await failureOf(create({ filePath: join(dir, "link"), content: "new" }));
      expect(error).toMatchObject({ code: "EEXIST", effect: "none" });
      expect(readdirSync(dir).toSorted()).toEqual(["link", "there"]);
      expect(readFileSync(join(dir, "there"), "utf8")).toBe("old");
    },
  );

  describe("A5: a link that is replaced itself", () => {
    const prepare = (): { dir: string; referent: string; filePath: string } => {
      const dir = tempDir();
      const referent = join(dir, "referent");
      writeFileSync(referent, "untouched", { mode: 0o604 });
      symlinkSync("referent", join(dir, "link"));
      return { dir, referent, filePath: join(dir, "link") };
    };
    const expectUntouched = (referent: string, before: number): void => {
      expect(readFileSync(referent, "utf8")).toBe("untouched");
      expect(statSync(referent).mode & 0o777).toBe(0o604);
      expect(statSync(referent).ino).toBe(before);
    };

    it("becomes a file; its referent is not touched", async () => {
      const { dir, referent, filePath } = prepare();
      const before = statSync(referent).ino;
      const receipt = await replace({ filePath, content: "new", symlinks: "replace" });
      expect(isLink(filePath)).toBe(false);
      expect(readFileSync(filePath, "utf8")).toBe("new");
      expect(receipt).toMatchObject({ method: "rename", path: filePath, created: false });
      expectUntouched(referent, before);
      expect(stagedIn(dir)).toEqual([]);
    });

    it.each(["EXDEV", "EBUSY", "EPERM", "EACCES"])(
      "with %s from the rename: nothing is written through it",
      async (errno) => {
        const { dir, referent, filePath } = prepare();
        const before = statSync(referent).ino;
        const { fileSystem } = faultyFileSystem({
          plan: ({ name }) => (name === "rename" ? { fail: errno, when: "before" } : undefined),
        });
        const error = await failureOf(
          replace({
            filePath,
            content: "new",
            symlinks: "replace",
            copyFallbackOnPermissionError: true,
            fileSystem,
          }),
        );
        expect(error).toMatchObject({ code: errno, effect: "none", leftovers: [] });
        expect(readlinkSync(filePath)).toBe("referent");
        expectUntouched(referent, before);
        expect(stagedIn(dir)).toEqual([]);
      },
    );

    it.each(["absent", "dangling"])("when the target is %s", async (kind) => {
      const dir = tempDir();
      const filePath = join(dir, "link");
      if (kind === "dangling") symlinkSync("nowhere", filePath);
      await replace({ filePath, content: "new", symlinks: "replace" });
      expect(isLink(filePath)).toBe(false);
      expect(readdirSync(dir).toSorted()).toEqual(["link"]);
    });

    it("makes no call on permissions by path", async () => {
      const { filePath } = prepare();
      const { fileSystem, calls } = faultyFileSystem();
      await replace({ filePath, content: "new", symlinks: "replace", mode: 0o600, fileSystem });
      expect(calls.filter((call) => / .*\/(link|referent)$/.test(call))).toEqual([
        `lstat ${filePath}`,
        expect.stringMatching(/^rename .*-> .*\/link$/),
      ]);
    });

    it.each(["write", "fsync", "fchmod"] as const)(
      "leaves no orphan when %s fails",
      async (call) => {
        const { dir, referent, filePath } = prepare();
        const before = statSync(referent).ino;
        const faulty = faultyFileSystem({
          plan: ({ name }) => (name === call ? { fail: "EIO", when: "before" } : undefined),
        });
        const error = await failureOf(
          replace({
            filePath,
            content: "new",
            symlinks: "replace",
            mode: 0o640,
            fileSystem: faulty.fileSystem,
          }),
        );
        expect(error).toMatchObject({ code: "EIO", effect: "none" });
        expect(isLink(filePath)).toBe(true);
        expectUntouched(referent, before);
        expect(stagedIn(dir)).toEqual([]);
        expect(faulty.openHandles()).toEqual([]);
      },
    );
  });

  it("fails with the link's own refusal when a link takes the file's place while it is written in place", async () => {
    const dir = tempDir();
    const filePath = join(dir, "file");
    writeFileSync(filePath, "old");
    writeFileSync(join(dir, "victim"), "untouched");
    const { fileSystem } = faultyFileSystem({
      plan: ({ name }) => (name === "rename" ? { fail: "EXDEV", when: "before" } : undefined),
    });
    const error = await failureOf(
      replace({
        filePath,
        content: "new",
        fileSystem,
        beforeRename: () => {
          fileSystem.unlinkSync!(filePath);
          symlinkSync("victim", filePath);
        },
      }),
    );
    expect(error).toMatchObject({ code: "ERR_CHANGED", effect: "none" });
    expect(readFileSync(join(dir, "victim"), "utf8")).toBe("untouched");
    expect(stagedIn(dir)).toEqual([]);
  });
});

describe.runIf(needs("other-user"))("links as somebody who may not write everywhere", () => {
  it.each(["replaceFileAtomic", "replaceFileAtomicSync"])(
    "A4: %s: the first link in a read-only directory, the final one in a writable one",
    (op) => {
      const dir = tempDir("/tmp");
      const script = `
        import { ${op} } from "@holdfast/atomic";
        import fs from "node:fs";
        const receipt = await ${op}({ filePath: input.dir + "/closed/link", content: "new" });
        report({
          method: receipt.method,
          text: fs.readFileSync(input.dir + "/open/end", "utf8"),
          names: fs.readdirSync(input.dir + "/open"),
        });`;
      mkdirSync(join(dir, "closed"));
      mkdirSync(join(dir, "open"));
      symlinkSync("../open/second", join(dir, "closed", "link"));
      symlinkSync("end", join(dir, "open", "second"));
      openOne(dir);
      expect(asUser(nobody, { script, input: { dir } })).toEqual({
        method: "rename",
        text: "new",
        names: ["end", "second"],
      });
    },
  );
});

function openOne(dir: string): void {
  // Made by root: the one directory is nobody's to write to, the other everybody's.
  chmodSync(dir, 0o755);
  chmodSync(join(dir, "closed"), 0o755);
  chmodSync(join(dir, "open"), 0o777);
}
