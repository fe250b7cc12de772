import { readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import * as fs from "node:fs";
import * as realFs from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { replaceFileAtomic, replaceFileAtomicSync } from "../../src/index.ts";
import { faultyFileSystem } from "../support/faulty-file-system.ts";
import { tempDir } from "../support/temp-dir.ts";
import { failureOf, forms, stagedIn } from "./forms.ts";

function existing(): string {
  const filePath = join(tempDir(), "file");
  writeFileSync(filePath, "old");
  return filePath;
}

describe.each(forms)("beforeRename, $form", ({ replace, create }) => {
  it.each([
    ["an Error", new Error("no")],
    ["a string", "no"],
    ["undefined", undefined],
    ["null", null],
    ["an error with an errno", Object.assign(new Error("no"), { code: "ENOSPC" })],
  ])(
    "A13: throws %s: destination unchanged, staged file gone, the value is the cause",
    async (_, thrown) => {
      const filePath = existing();
      const before = statSync(filePath);
      const beforeRename = (): never => {
        throw thrown;
      };
      const error = await failureOf(replace({ filePath, content: "new", beforeRename }));
      expect(error).toMatchObject({
        code: "ERR_HOOK",
        effect: "none",
        path: filePath,
        leftovers: [],
      });
      expect("cause" in error).toBe(true);
      expect(error.cause).toBe(thrown);
      expect(readFileSync(filePath, "utf8")).toBe("old");
      expect(statSync(filePath).ino).toBe(before.ino);
      expect(readdirSync(join(filePath, "..")).toSorted()).toEqual(["file"]);
      await replace({ filePath, content: "next" });
      expect(readFileSync(filePath, "utf8")).toBe("next");
    },
  );

  it("A13: throws before a file is created: it is not", async () => {
    const dir = tempDir();
    const beforeRename = (): never => {
      throw new Error("no");
    };
    await failureOf(create({ filePath: join(dir, "file"), content: "new", beforeRename }));
    await failureOf(replace({ filePath: join(dir, "file"), content: "new", beforeRename }));
    expect(readdirSync(dir).toSorted()).toEqual([]);
  });

  it("A13: sees both paths, the staged file whole, and the destination as it was", async () => {
    const filePath = existing();
    const seen: unknown[] = [];
    await replace({
      filePath,
      content: ["n", "ew"],
      beforeRename: (given) => {
        const { tempPath } = given;
        seen.push(Object.keys(given).toSorted(), given.filePath, readFileSync(tempPath, "utf8"));
        seen.push(readFileSync(filePath, "utf8"), join(tempPath, "..") === join(filePath, ".."));
      },
    });
    expect(seen).toEqual([["filePath", "tempPath"], filePath, "new", "old", true]);
    expect(readFileSync(filePath, "utf8")).toBe("new");
  });

  it("A13: comes after the flush of the content and before the rename, once", async () => {
    const filePath = existing();
    const { fileSystem, calls } = faultyFileSystem();
    let calledAt = -1;
    let times = 0;
    await replace({
      filePath,
      content: "new",
      fileSystem,
      beforeRename: () => {
        calledAt = calls.length;
        times++;
      },
    });
    const staged = (name: string): number =>
      calls.findIndex((call) => call.startsWith(`${name} `) && call.includes(".holdfast-"));
    expect(times).toBe(1);
    expect(staged("fsync")).toBeLessThan(calledAt);
    expect(staged("write")).toBeGreaterThanOrEqual(0);
    expect(staged("write")).toBeLessThan(staged("fsync"));
    expect(staged("rename")).toBeGreaterThanOrEqual(calledAt);
  });

  it("A13: may take a copy of what is about to be replaced", async () => {
    const filePath = existing();
    const beforeRename = ({ filePath: path }: { filePath: string }): void => {
      fs.copyFileSync(path, `${path}.bak`);
    };
    await replace({ filePath, content: "new", beforeRename });
    expect(readFileSync(`${filePath}.bak`, "utf8")).toBe("old");
    expect(readFileSync(filePath, "utf8")).toBe("new");
  });

  it("may give the staged file a second name: the file keeps it, and nothing is left over", async () => {
    const filePath = existing();
    const dir = join(filePath, "..");
    const { version } = await replace({
      filePath,
      content: "new",
      beforeRename: ({ tempPath }) => fs.linkSync(tempPath, join(dir, "second")),
    });
    expect(readdirSync(dir).toSorted()).toEqual(["file", "second"]);
    await replace({ filePath, content: "next", ifMatch: version });
  });

  it("may itself put the staged file into place: nothing is left over, the version is right", async () => {
    const filePath = join(tempDir(), "file");
    const { version } = await replace({
      filePath,
      content: "new",
      beforeRename: ({ tempPath }) => fs.linkSync(tempPath, filePath),
    });
    expect(readdirSync(join(filePath, "..")).toSorted()).toEqual(["file"]);
    await replace({ filePath, content: "next", ifMatch: version });
  });

  it("that removes the staged file: an error, and the old content", async () => {
    const filePath = existing();
    const beforeRename = ({ tempPath }: { tempPath: string }): void => fs.unlinkSync(tempPath);
    const error = await failureOf(replace({ filePath, content: "new", beforeRename }));
    expect(error.code).toBe("ENOENT");
    expect(error.effect).not.toBe("complete");
    expect(readFileSync(filePath, "utf8")).toBe("old");
  });

  it("A13: is handed on to the write in place too", async () => {
    const filePath = existing();
    fs.linkSync(filePath, `${filePath}2`);
    const beforeRename = (): never => {
      throw new Error("no");
    };
    const error = await failureOf(
      replace({ filePath, content: "new", hardlinks: "preserve", beforeRename }),
    );
    expect(error).toMatchObject({ code: "ERR_HOOK", effect: "none" });
    expect(readFileSync(filePath, "utf8")).toBe("old");
    expect(stagedIn(join(filePath, ".."))).toEqual([]);
  });
});

describe("beforeRename and promises", () => {
  it.each([
    ["an Error", new Error("no")],
    ["a string", "no"],
    ["undefined", undefined],
  ])("A13: rejects with %s: as if it had been thrown", async (_, thrown) => {
    const filePath = existing();
    // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- a caller may do so
    const beforeRename = (): Promise<void> => Promise.reject(thrown);
    const error = await failureOf(replaceFileAtomic({ filePath, content: "new", beforeRename }));
    expect(error).toMatchObject({ code: "ERR_HOOK", effect: "none" });
    expect(error.cause).toBe(thrown);
    expect(readFileSync(filePath, "utf8")).toBe("old");
    expect(stagedIn(join(filePath, ".."))).toEqual([]);
  });

  it("A13: is waited for", async () => {
    const filePath = existing();
    let done = false;
    let doneAtRename = false;
    const { fileSystem } = faultyFileSystem({
      plan: ({ name }) => {
        if (name === "rename") doneAtRename = done;
        return undefined;
      },
    });
    await replaceFileAtomic({
      filePath,
      content: "new",
      fileSystem,
      beforeRename: async () => {
        await new Promise(setImmediate);
        expect(readFileSync(filePath, "utf8")).toBe("old");
        done = true;
      },
    });
    expect(doneAtRename).toBe(true);
    expect(readFileSync(filePath, "utf8")).toBe("new");
  });

  it("A13: a synchronous call refuses one that returns a promise", async () => {
    const filePath = existing();
    const beforeRename = async (): Promise<void> => {
      throw new Error("nobody would hear of this");
    };
    expect(() => replaceFileAtomicSync({ filePath, content: "new", beforeRename })).toThrow(
      expect.objectContaining({ code: "ERR_HOOK", effect: "none" }),
    );
    await new Promise(setImmediate); // an unhandled rejection would fail the run
    expect(readFileSync(filePath, "utf8")).toBe("old");
    expect(stagedIn(join(filePath, ".."))).toEqual([]);
  });

  // Otherwise a backup of the same base name in another directory would wait for itself.
  it.each([
    ["flushing nothing", { syncTempFile: false }],
    ["flushing no directory", { syncParentDir: false }],
    ["on Windows", { fileSystem: { ...fs, platform: "win32" as const } }],
    ["by default", {}],
  ])("may replace a file of the same name elsewhere, %s", async (_, options) => {
    const filePath = existing();
    const backup = join(tempDir(), "file");
    await replaceFileAtomic({
      filePath,
      content: "new",
      ...options,
      beforeRename: () => replaceFileAtomic({ filePath: backup, content: "backup", ...options }),
    });
    expect(readFileSync(backup, "utf8")).toBe("backup");
    expect(readFileSync(filePath, "utf8")).toBe("new");
  });
});

describe("an injected file system", () => {
  it("A13: the example of the documentation, word for word, records one write and one rename", async () => {
    const path = join(tempDir(), "x");
    const ops: string[] = [];
    await replaceFileAtomic({
      filePath: path,
      content: "hi",
      fileSystem: {
        promises: {
          ...realFs,
          writeFile: async (...args) => {
            ops.push("write");
            return realFs.writeFile(...args);
          },
          rename: async (...args) => {
            ops.push("rename");
            return realFs.rename(...args);
          },
        },
      },
    });
    expect(ops).toEqual(["write", "rename"]);
    expect(readFileSync(path, "utf8")).toBe("hi");
  });

  it("A13: the same with the synchronous half", () => {
    const filePath = join(tempDir(), "x");
    const ops: string[] = [];
    replaceFileAtomicSync({
      filePath,
      content: "hi",
      fileSystem: {
        ...fs,
        writeFileSync: (...args) => {
          ops.push("write");
          return fs.writeFileSync(...args);
        },
        renameSync: (...args) => {
          ops.push("rename");
          return fs.renameSync(...args);
        },
      },
    });
    expect(ops).toEqual(["write", "rename"]);
    expect(readFileSync(filePath, "utf8")).toBe("hi");
  });

  it("A13: the same over an existing file, and through a link", async () => {
    const filePath = existing();
    const link = join(filePath, "..", "link");
    fs.symlinkSync("file", link);
    for (const path of [filePath, link]) {
      const ops: string[] = [];
      await replaceFileAtomic({
        filePath: path,
        content: "hi",
        fileSystem: {
          promises: {
            ...realFs,
            writeFile: async (...args) => {
              ops.push("write");
              return realFs.writeFile(...args);
            },
            rename: async (...args) => {
              ops.push("rename");
              return realFs.rename(...args);
            },
          },
        },
      });
      expect(ops).toEqual(["write", "rename"]);
    }
  });
});
