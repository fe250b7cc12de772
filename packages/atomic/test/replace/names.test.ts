import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  symlinkSync,
  writeFileSync,
  constants,
} from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, it } from "vitest";
import { faultyFileSystem } from "../support/faulty-file-system.ts";
import { needs } from "../support/needs.ts";
import { tempDir } from "../support/temp-dir.ts";
import { failureOf, forms, stagedIn } from "./forms.ts";

const names: readonly (readonly [string, string])[] = [
  ["255 bytes", "n".repeat(255)],
  ["255 bytes in 85 characters", "€".repeat(85)],
  ["a newline", "two\nlines"],
  [
    "every control character",
    Array.from({ length: 31 }, (_, at) => String.fromCharCode(at + 1)).join(""),
  ],
  ["an emoji and a combining mark", "😀é"],
  ["bidirectional overrides", "a\u202egnp.exe"],
  ["quotes, a backslash and a dollar", `'"\\$x`],
  ["a leading dash", "-rf"],
  ["leading dots", "..a"],
  ["spaces at both ends", "  a  "],
  ["the look of a staged file", ".holdfast-1-1-1-00000000-x.tmp"],
  ["a question mark and a hash", "a?b#c%20"],
];

describe.runIf(needs("posix")).each(forms)("names, $form", ({ replace, create }) => {
  it.each(names)("A18: a name with %s", async (_, name) => {
    const dir = tempDir();
    const filePath = join(dir, name);
    await create({ filePath, content: "created" });
    expect(readFileSync(filePath, "utf8")).toBe("created");
    const receipt = await replace({ filePath, content: "replaced" });
    expect(readFileSync(filePath, "utf8")).toBe("replaced");
    expect(receipt.path).toBe(filePath);
    expect(readdirSync(dir).toSorted()).toEqual([name]);
  });

  it("A18: a name of 256 bytes is ENAMETOOLONG, and nothing is written under another one", async () => {
    const dir = tempDir();
    const filePath = join(dir, "n".repeat(256));
    for (const perform of [replace, create]) {
      const error = await failureOf(perform({ filePath, content: "new" }));
      expect(error).toMatchObject({ code: "ENAMETOOLONG", effect: "none", path: filePath });
      expect(readdirSync(dir).toSorted()).toEqual([]);
    }
  });

  it("A18: a path that is too long is ENAMETOOLONG", async () => {
    const dir = tempDir();
    const filePath = `${dir}/${"x/".repeat(3000)}file`;
    const error = await failureOf(replace({ filePath, content: "new" }));
    expect(error).toMatchObject({ code: "ENAMETOOLONG", effect: "none", path: filePath });
    expect(readdirSync(dir).toSorted()).toEqual([]);
  });

  it("A18: a newline and control characters are escaped in messages, not in the path", async () => {
    const filePath = join(tempDir(), "a\n\u001b[2Jb\u202e");
    mkdirSync(filePath);
    const error = await failureOf(replace({ filePath, content: "new" }));
    expect(error).toMatchObject({ code: "EISDIR", path: filePath });
    // oxlint-disable-next-line no-control-regex -- control characters are what must not be there
    expect(error.message).not.toMatch(/[\u0000-\u001f\u202e]/);
  });

  it("A18: a link to a name that is not valid UTF-8 is refused, not followed to another name", async () => {
    const dir = tempDir();
    symlinkSync(Buffer.from([0x61, 0xff]), join(dir, "link"));
    const error = await failureOf(replace({ filePath: join(dir, "link"), content: "new" }));
    expect(error).toMatchObject({ code: "ERR_SYMLINK", effect: "none" });
    expect(readdirSync(dir).toSorted()).toEqual(["link"]);
  });

  it.each(["", ".", "..", "sub/", "sub/.", "sub/..", "file/"])(
    "a path that ends as only a directory can: %o",
    async (tail) => {
      const dir = tempDir();
      mkdirSync(join(dir, "sub"));
      writeFileSync(join(dir, "file"), "old");
      for (const perform of [replace, create]) {
        const error = await failureOf(perform({ filePath: `${dir}/${tail}`, content: "new" }));
        expect(["EISDIR", "ENOTDIR"]).toContain(error.code);
        expect(error.effect).toBe("none");
      }
      expect(readdirSync(dir).toSorted()).toEqual(["file", "sub"]);
      expect(readFileSync(join(dir, "file"), "utf8")).toBe("old");
    },
  );

  it("a file where a directory is needed is ENOTDIR", async () => {
    const dir = tempDir();
    writeFileSync(join(dir, "file"), "old");
    for (const tail of ["file/child", "file/child/grandchild"]) {
      const error = await failureOf(replace({ filePath: join(dir, tail), content: "new" }));
      expect(error).toMatchObject({ code: "ENOTDIR", effect: "none" });
    }
    expect(readFileSync(join(dir, "file"), "utf8")).toBe("old");
    expect(readdirSync(dir).toSorted()).toEqual(["file"]);
  });

  it.each(["link to a victim", "dangling link", "file"])(
    "A17: a %s planted at the staged name is not followed and not removed",
    async (kind) => {
      const dir = tempDir();
      const filePath = join(dir, "file");
      const victim = join(tempDir(), "victim");
      if (kind !== "dangling link") writeFileSync(victim, "untouched");
      const planted: string[] = [];
      // The attacker wins every race: the name is taken at the moment before it is used.
      const { fileSystem, calls } = faultyFileSystem({
        plan: ({ name, path }) =>
          name === "open" && stagedName(path) && planted.length < 3
            ? {
                act: () => {
                  planted.push(path);
                  if (kind === "file") writeFileSync(path, "planted");
                  else symlinkSync(victim, path);
                },
              }
            : undefined,
      });
      await replace({ filePath, content: "new", fileSystem });
      expect(planted).toHaveLength(3);
      expect(new Set(planted).size).toBe(3);
      expect(readFileSync(filePath, "utf8")).toBe("new");
      expect(lstatSync(filePath).isFile()).toBe(true);
      const text = existsSync(victim) ? readFileSync(victim, "utf8") : "not there";
      expect(text).toBe(kind === "dangling link" ? "not there" : "untouched");
      expect(stagedIn(dir).toSorted()).toEqual(planted.toSorted());
      for (const path of planted) {
        expect(lstatSync(path).isSymbolicLink()).toBe(kind !== "file");
        expect(calls).not.toContain(`unlink ${path}`);
      }
    },
  );

  it("A17: gives up when every name is taken, and removes none of them", async () => {
    const dir = tempDir();
    const filePath = join(dir, "file");
    const { fileSystem } = faultyFileSystem({
      plan: ({ name, path }) =>
        name === "open" && stagedName(path)
          ? { act: () => symlinkSync("/nowhere", path) }
          : undefined,
    });
    const error = await failureOf(replace({ filePath, content: "new", fileSystem }));
    expect(error).toMatchObject({ code: "EEXIST", effect: "none", path: filePath });
    expect(stagedIn(dir).length).toBeGreaterThan(1);
    expect(readdirSync(dir)).not.toContain("file");
  });

  it("A17: staged files are created exclusively, without following, private, beside the target", async () => {
    const dir = tempDir();
    mkdirSync(join(dir, "real"));
    writeFileSync(join(dir, "real", "file"), "old");
    symlinkSync("real/file", join(dir, "link"));
    const opened: { path: string; flags: number; mode: number }[] = [];
    const { fileSystem } = faultyFileSystem();
    const open = fileSystem.promises.open!.bind(fileSystem.promises);
    const openSync = fileSystem.openSync!.bind(fileSystem);
    const note = (path: unknown, flags: number, mode = 0): void => {
      if (stagedName(String(path))) opened.push({ path: String(path), flags, mode });
    };
    await replace({
      filePath: join(dir, "link"),
      content: "new",
      fileSystem: {
        ...fileSystem,
        openSync: (path, flags, mode) => {
          note(path, flags, mode);
          return openSync(path, flags, mode);
        },
        promises: {
          ...fileSystem.promises,
          open: (path, flags, mode) => {
            note(path, flags, mode);
            return open(path, flags, mode);
          },
        },
      },
    });
    expect(opened.length).toBeGreaterThan(0);
    const wanted = constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
    for (const { flags, mode } of opened) {
      expect(flags & wanted).toBe(wanted);
      expect(mode).toBe(0o600);
    }
    expect(opened.at(-1)!.path.startsWith(`${dir}/real/`)).toBe(true);
    expect(new Set(opened.map(({ path }) => basename(path))).size).toBe(opened.length);
  });

  it("tempPrefix is the start of the staged name, which says nothing of the target's", async () => {
    const filePath = join(tempDir(), "secret-name");
    let seen = "";
    await replace({
      filePath,
      content: "new",
      tempPrefix: "~mine.",
      beforeRename: ({ tempPath }) => void (seen = basename(tempPath)),
    });
    expect(seen.startsWith("~mine.")).toBe(true);
    expect(seen).not.toContain("secret");
    expect(seen).toContain(String(process.pid));
  });
});

const stagedName = (path: string): boolean => basename(path).startsWith(".holdfast-");
