import { createHash } from "node:crypto";
import * as fs from "node:fs";
import {
  linkSync,
  readFileSync,
  readdirSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { IfMatch } from "../../src/index.ts";
import { faultyFileSystem } from "../support/faulty-file-system.ts";
import { runScript } from "../support/node-script.ts";
import { tempDir } from "../support/temp-dir.ts";
import { failureOf, forms, type Form } from "./forms.ts";

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
const textOf = (path: string): string | undefined =>
  fs.existsSync(path) ? readFileSync(path, "utf8") : undefined;

/** What another process does to the file. */
const changes: readonly (readonly [string, (path: string) => void])[] = [
  ["writes over it", (path) => writeFileSync(path, "by another")],
  ["appends to it", (path) => fs.appendFileSync(path, "more")],
  ["empties it", (path) => fs.truncateSync(path)],
  [
    "replaces it",
    (path) => {
      writeFileSync(`${path}.theirs`, "theirs");
      fs.renameSync(`${path}.theirs`, path);
    },
  ],
  [
    "replaces it by a file of the same content length",
    (path) => {
      writeFileSync(`${path}.theirs`, "OLD");
      fs.renameSync(`${path}.theirs`, path);
    },
  ],
  ["removes it", (path) => unlinkSync(path)],
  [
    "puts a link there",
    (path) => {
      writeFileSync(`${path}.theirs`, "theirs");
      unlinkSync(path);
      symlinkSync("file.theirs", path);
    },
  ],
];

interface Prepared {
  readonly filePath: string;
  readonly version: string;
}

async function existing(replace: Form["replace"]): Promise<Prepared> {
  const filePath = join(tempDir(), "file");
  const { version } = await replace({ filePath, content: "old" });
  return { filePath, version };
}

const conditions: readonly (readonly [string, (prepared: Prepared) => IfMatch])[] = [
  ["version", ({ version }) => version],
  ["sha256", () => ({ sha256: sha256("old") })],
  ["sha256 in capitals", () => ({ sha256: sha256("old").toUpperCase() })],
];

describe.each(forms)("ifMatch, $form", ({ replace, create }) => {
  describe.each(conditions)("%s", (_, conditionOf) => {
    it("holds: goes ahead", async () => {
      const prepared = await existing(replace);
      const { filePath } = prepared;
      const receipt = await replace({ filePath, content: "new", ifMatch: conditionOf(prepared) });
      expect(receipt).toMatchObject({ method: "rename", created: false });
      expect(textOf(filePath)).toBe("new");
    });

    it("holds through a link", async () => {
      const prepared = await existing(replace);
      const link = join(prepared.filePath, "..", "link");
      symlinkSync("file", link);
      await replace({ filePath: link, content: "new", ifMatch: conditionOf(prepared) });
      expect(textOf(prepared.filePath)).toBe("new");
      expect(fs.lstatSync(link).isSymbolicLink()).toBe(true);
    });

    it.each(changes)("another process %s before the call", async (_change, change) => {
      const prepared = await existing(replace);
      const { filePath } = prepared;
      change(filePath);
      const theirs = textOf(filePath);
      const names = readdirSync(join(filePath, ".."));
      const run = replace({ filePath, content: "new", ifMatch: conditionOf(prepared) });
      expect(await failureOf(run)).toMatchObject({
        code: "ERR_CHANGED",
        kind: "state",
        effect: "none",
        path: filePath,
        leftovers: [],
      });
      expect(textOf(filePath)).toBe(theirs);
      expect(readdirSync(join(filePath, ".."))).toEqual(names);
    });

    it.each(changes)("another process %s between staging and rename", async (_change, change) => {
      const prepared = await existing(replace);
      const { filePath } = prepared;
      let theirs: string | undefined;
      const error = await failureOf(
        replace({
          filePath,
          content: "new",
          ifMatch: conditionOf(prepared),
          beforeRename: () => {
            change(filePath);
            theirs = textOf(filePath);
          },
        }),
      );
      expect(error).toMatchObject({ code: "ERR_CHANGED", effect: "none", leftovers: [] });
      expect(textOf(filePath)).toBe(theirs);
      expect(readdirSync(join(filePath, "..")).filter((name) => name.startsWith("."))).toEqual([]);
    });

    it("does not hold: fails, and the source of the content may be left alone", async () => {
      const prepared = await existing(replace);
      const { filePath } = prepared;
      const other = await existing(replace);
      await replace({ filePath: other.filePath, content: "different" });
      const ifMatch = conditionOf(prepared);
      const error = await failureOf(replace({ filePath: other.filePath, content: "new", ifMatch }));
      expect(error).toMatchObject({ code: "ERR_CHANGED", effect: "none" });
      expect(textOf(filePath)).toBe("old");
      expect(textOf(other.filePath)).toBe("different");
    });

    it("of a file that is not there", async () => {
      const prepared = await existing(replace);
      const filePath = join(tempDir(), "missing");
      const error = await failureOf(
        replace({ filePath, content: "new", ifMatch: conditionOf(prepared) }),
      );
      expect(error).toMatchObject({ code: "ERR_CHANGED", effect: "none" });
      expect(readdirSync(join(filePath, "..")).toSorted()).toEqual([]);
    });

    it("holds for a file that is written in place", async () => {
      const prepared = await existing(replace);
      const { filePath } = prepared;
      const other = `${filePath}2`;
      linkSync(filePath, other);
      const fresh = await replace({ filePath, content: "old", hardlinks: "preserve" });
      const ifMatch = conditionOf({ filePath, version: fresh.version });
      const options = { hardlinks: "preserve", ifMatch } as const;
      const receipt = await replace({ filePath, content: "new", ...options });
      expect(receipt.method).toBe("in-place");
      expect(textOf(other)).toBe("new");
    });

    it.each(changes.slice(0, 3))(
      "in place: another process %s meanwhile",
      async (_change, change) => {
        const prepared = await existing(replace);
        const { filePath } = prepared;
        linkSync(filePath, `${filePath}2`);
        const { version } = await replace({ filePath, content: "old", hardlinks: "preserve" });
        const ifMatch = conditionOf({ filePath, version });
        const error = await failureOf(
          replace({
            filePath,
            content: "new",
            hardlinks: "preserve",
            ifMatch,
            beforeRename: () => change(filePath),
          }),
        );
        expect(error).toMatchObject({ code: "ERR_CHANGED", effect: "none", leftovers: [] });
        expect(textOf(filePath)).not.toBe("new");
      },
    );
  });

  it("a version is of one state: the next one has another", async () => {
    const { filePath, version } = await existing(replace);
    const second = await replace({ filePath, content: "old", ifMatch: version });
    expect(second.version).not.toBe(version);
    const error = await failureOf(replace({ filePath, content: "new", ifMatch: version }));
    expect(error.code).toBe("ERR_CHANGED");
    await replace({ filePath, content: "new", ifMatch: second.version });
  });

  it("a version of something else, or nonsense, never matches", async () => {
    const { filePath } = await existing(replace);
    const other = await existing(replace);
    for (const ifMatch of [other.version, "nonsense", "0-0-0-0-0"]) {
      const error = await failureOf(replace({ filePath, content: "new", ifMatch }));
      expect(error).toMatchObject({ code: "ERR_CHANGED", effect: "none" });
    }
    expect(textOf(filePath)).toBe("old");
  });

  it("sha256 of an empty and of a large content", async () => {
    for (const text of ["", "x".repeat(1_000_000)]) {
      const filePath = join(tempDir(), "file");
      writeFileSync(filePath, text);
      await replace({ filePath, content: "new", ifMatch: { sha256: sha256(text) } });
      expect(textOf(filePath)).toBe("new");
    }
  });

  it("another process changes the file in the last moment, for real", async () => {
    const { filePath, version } = await existing(replace);
    const script = `
      import { writeFileSync } from "node:fs";
      writeFileSync(input, "by another process");
      report(true);`;
    const error = await failureOf(
      replace({
        filePath,
        content: "new",
        ifMatch: version,
        beforeRename: () => void runScript({ script, input: filePath }),
      }),
    );
    expect(error).toMatchObject({ code: "ERR_CHANGED", effect: "none" });
    expect(textOf(filePath)).toBe("by another process");
  });

  describe("absent", () => {
    const ifMatch = { absent: true } as const;

    it("holds: created by link, which never replaces", async () => {
      const filePath = join(tempDir(), "file");
      const receipt = await replace({ filePath, content: "new", ifMatch });
      expect(receipt).toMatchObject({ method: "link", created: true });
      expect(readdirSync(join(filePath, "..")).toSorted()).toEqual(["file"]);
    });

    it("creates what a dangling link leads to", async () => {
      const dir = tempDir();
      symlinkSync("end", join(dir, "link"));
      await replace({ filePath: join(dir, "link"), content: "new", ifMatch });
      expect(textOf(join(dir, "end"))).toBe("new");
    });

    it.each(["file", "directory", "link"])("a %s is there: ERR_CHANGED", async (kind) => {
      const dir = tempDir();
      const filePath = join(dir, "it");
      writeFileSync(join(dir, "end"), "old");
      if (kind === "file") writeFileSync(filePath, "old");
      else if (kind === "directory") fs.mkdirSync(filePath);
      else symlinkSync("end", filePath);
      const error = await failureOf(replace({ filePath, content: "new", ifMatch }));
      expect(error).toMatchObject({ code: "ERR_CHANGED", effect: "none" });
      expect(textOf(join(dir, "end"))).toBe("old");
    });

    it.each([
      ["just before the link", "link", "before"],
      ["after the last look", "lstat", "after"],
    ] as const)("created by another %s: theirs stays", async (_, call, when) => {
      const filePath = join(tempDir(), "file");
      let looks = 0;
      const { fileSystem } = faultyFileSystem({
        plan: ({ name, path }) => {
          if (name !== call || (name === "lstat" && (path !== filePath || ++looks < 2))) return;
          // A look that fails lets nothing happen after it, so they act in place of it.
          return {
            act: () => writeFileSync(filePath, "theirs"),
            when: name === "lstat" ? "before" : when,
          };
        },
      });
      const error = await failureOf(replace({ filePath, content: "new", ifMatch, fileSystem }));
      expect(error).toMatchObject({ code: "ERR_CHANGED", effect: "none", leftovers: [] });
      expect(textOf(filePath)).toBe("theirs");
      expect(readdirSync(join(filePath, "..")).toSorted()).toEqual(["file"]);
    });

    it("created by another in beforeRename", async () => {
      const filePath = join(tempDir(), "file");
      const beforeRename = (): void => writeFileSync(filePath, "theirs");
      const error = await failureOf(replace({ filePath, content: "new", ifMatch, beforeRename }));
      expect(error).toMatchObject({ code: "ERR_CHANGED", effect: "none" });
      expect(textOf(filePath)).toBe("theirs");
    });

    it("says nothing new to a file that must be created: EEXIST as ever", async () => {
      const { filePath } = await existing(replace);
      const early = await failureOf(create({ filePath, content: "new", ifMatch }));
      expect(early).toMatchObject({ code: "EEXIST", effect: "none" });
      const missing = join(tempDir(), "file");
      const beforeLink = faultyFileSystem({
        plan: ({ name }) =>
          name === "link" ? { act: () => writeFileSync(missing, "theirs") } : undefined,
      });
      const { fileSystem } = beforeLink;
      const late = await failureOf(
        create({ filePath: missing, content: "new", ifMatch, fileSystem }),
      );
      expect(late).toMatchObject({ code: "EEXIST", effect: "none" });
      expect(textOf(missing)).toBe("theirs");
    });
  });
});
