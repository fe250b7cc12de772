/** Power cuts in the replacement of a file, at every moment and with everything they may leave. */

import { describe, expect, it, vi } from "vitest";
import type { NodeFileSystem, Scenario } from "@holdfast/testing";
import { fail, injectFaults, op, rule, type MemoryFileSystemOptions } from "@holdfast/testing";
import type { ReplaceFileAtomicOptions } from "../../src/index.ts";
import { forms } from "../replace/forms.ts";
import { oneVersion, ownedAt, stagedIn, textAt } from "./checks.ts";
import { prove, wrongIn } from "./prove.ts";

vi.setConfig({ testTimeout: 60_000 });

const file = "/d/file";

function withFile(fs: NodeFileSystem): void {
  fs.mkdirSync("/d");
  fs.writeFileSync(file, "old content");
}

interface Replacement {
  readonly name: string;
  readonly setup?: (fs: NodeFileSystem) => void;
  readonly options?: Partial<ReplaceFileAtomicOptions>;
  /** Default: `/d/file`. */
  readonly filePath?: string;
  /** Where it ends up. Default: `filePath`. */
  readonly target?: string;
  readonly old?: string;
  /** What else must be true in every state. */
  readonly also?: (fs: NodeFileSystem, isNew: boolean) => void;
}

const replacements: readonly Replacement[] = [
  { name: "a new file", setup: (fs) => fs.mkdirSync("/d") },
  { name: "an existing file", setup: withFile, old: "old content" },
  { name: "a file in directories that are made", filePath: "/d/e/f/file" },
  {
    name: "a file in directories with a mode",
    filePath: "/d/e/file",
    options: { dirMode: 0o750 },
    also: (fs, isNew) => {
      if (isNew) expect(ownedAt(fs, "/d/e")).toBe("750 0:0");
    },
  },
  {
    name: "through a link",
    setup: (fs) => {
      withFile(fs);
      fs.mkdirSync("/links");
      fs.symlinkSync("../d/file", "/links/link");
    },
    filePath: "/links/link",
    target: file,
    old: "old content",
    also: (fs) => expect(fs.readlinkSync("/links/link")).toBe("../d/file"),
  },
  {
    name: "through a link that leads nowhere",
    setup: (fs) => {
      fs.mkdirSync("/links");
      fs.symlinkSync("../d/file", "/links/link");
    },
    filePath: "/links/link",
    target: file,
    also: (fs) => expect(fs.readlinkSync("/links/link")).toBe("../d/file"),
  },
  {
    name: "the link itself",
    setup: (fs) => {
      withFile(fs);
      fs.symlinkSync("file", "/d/link");
    },
    filePath: "/d/link",
    old: "old content",
    options: { symlinks: "replace" },
    also: (fs) => expect(textAt(fs, file)).toBe("old content"),
  },
  {
    name: "a file of another owner, with a mode",
    setup: (fs) => {
      withFile(fs);
      fs.chownSync(file, 7, 8);
      fs.chmodSync(file, 0o4751);
    },
    old: "old content",
    also: (fs) => expect(ownedAt(fs, file)).toBe("4751 7:8"),
  },
  {
    name: "a file that gets another mode",
    setup: withFile,
    old: "old content",
    options: { mode: 0o600 },
    also: (fs, isNew) => expect(ownedAt(fs, file)).toBe(isNew ? "600 0:0" : "644 0:0"),
  },
  {
    name: "one of several names",
    setup: (fs) => {
      withFile(fs);
      fs.linkSync(file, "/d/other");
    },
    old: "old content",
    also: (fs) => expect(textAt(fs, "/d/other")).toBe("old content"),
  },
  {
    name: "a file that must not have been there",
    setup: (fs) => fs.mkdirSync("/d"),
    options: { ifMatch: { absent: true } },
  },
  {
    name: "a file, with a hook that changes the staged one",
    setup: withFile,
    old: "old content",
    options: { content: "", beforeRename: () => {} },
  },
];

describe.each(forms)("a power cut in a replacement, $form", ({ form, replace, create }) => {
  const scenarioOf = ({ old, ...one }: Replacement): Scenario<number> => {
    const { filePath = file, target = filePath } = one;
    return {
      name: one.name,
      setup: (fs) => one.setup?.(fs),
      run: async (fs, ack) => {
        const options = { filePath, content: "new", ...one.options };
        if (options.beforeRename !== undefined) {
          options.beforeRename = ({ tempPath }) => fs.appendFileSync(tempPath, "new");
        }
        await replace({ ...options, fileSystem: fs });
        ack(1);
      },
      check: (fs, { acks }) => {
        oneVersion(fs, target, [old, "new"], acks);
        one.also?.(fs, textAt(fs, target) === "new");
      },
    };
  };

  it.each(replacements)("leaves the old file or the new one: $name", async (one) => {
    await prove(scenarioOf(one));
  });

  it("leaves no file or a new one where it must not exist", async () => {
    await prove<number>({
      setup: (fs) => fs.mkdirSync("/d"),
      run: async (fs, ack) => {
        await create({ filePath: file, content: "new", fileSystem: fs });
        ack(1);
      },
      check: (fs, { acks }) => oneVersion(fs, file, [undefined, "new"], acks),
    });
  });

  it("leaves what a file held that must not be replaced", async () => {
    const refused = vi.fn<(error: unknown) => void>();
    const report = wrongIn<number>({
      setup: withFile,
      run: (fs) => create({ filePath: file, content: "new", fileSystem: fs }).catch(refused),
      check: (fs) => oneVersion(fs, file, ["old content"], []),
    });
    expect(await report).toEqual([]);
    expect(refused).toHaveBeenCalledWith(expect.objectContaining({ code: "EEXIST" }));
  });

  it("leaves one of several versions, and none older than acknowledged", async () => {
    const versions = ["old content", "one", "two", "three, longer"];
    await prove<number>({
      setup: withFile,
      run: async (fs, ack) => {
        for (const [version, content] of versions.entries()) {
          if (version === 0) continue;
          await replace({ filePath: file, content, fileSystem: fs });
          ack(version);
        }
      },
      check: (fs, { acks }) => oneVersion(fs, file, versions, acks),
    });
  });

  it("leaves the old file or the new one, of content in pieces", async () => {
    await prove<number>({
      setup: withFile,
      run: async (fs, ack) => {
        const content = form === "sync" ? ["n", "e", "w"] : pieces("n", "e", "w");
        await replace({ filePath: file, content, fileSystem: fs });
        ack(1);
      },
      check: (fs, { acks }) => oneVersion(fs, file, ["old content", "new"], acks),
    });
  });

  it("leaves an old or a new file of each of two that are replaced at once", async () => {
    await prove<readonly [path: string]>({
      setup: (fs) => {
        withFile(fs);
        fs.writeFileSync("/d/other", "old content");
      },
      run: async (fs, ack) => {
        const one = async (filePath: string): Promise<void> => {
          await replace({ filePath, content: "new", fileSystem: fs });
          ack([filePath]);
        };
        await Promise.all([one(file), one("/d/other")]);
      },
      check: (fs, { acks }) => {
        for (const path of [file, "/d/other"]) {
          const done = acks.some(([acked]) => acked === path);
          oneVersion(fs, path, ["old content", "new"], done ? [1] : []);
        }
      },
    });
  });
});

describe.each(forms)("a replacement that asks for less, $form", ({ replace }) => {
  const scenarioOf = (options: Partial<ReplaceFileAtomicOptions>): Scenario<number> => ({
    setup: withFile,
    run: async (fs, ack) => {
      await replace({ filePath: file, content: "new", ...options, fileSystem: fs });
      ack(1);
    },
    check: (fs, { acks }) => oneVersion(fs, file, ["old content", "new"], acks),
  });

  it("may be undone, and is never torn, where the directory is not flushed", async () => {
    expect(await wrongIn(scenarioOf({ syncParentDir: false }))).toEqual([
      "/d/file is older than acknowledged",
    ]);
  });

  it("may be torn or undone, and is never missing, where nothing is flushed", async () => {
    const wrong = await wrongIn(scenarioOf({ syncTempFile: false }));
    expect(wrong).toEqual(
      expect.arrayContaining([
        "/d/file is older than acknowledged",
        '/d/file is torn: ""',
        String.raw`/d/file is torn: "\u0000\u0000\u0000"`,
      ]),
    );
    expect(wrong.filter((message) => message.includes("missing"))).toEqual([]);
  });
});

async function* pieces(...all: readonly string[]): AsyncGenerator<string> {
  yield* all;
}

interface InPlace {
  readonly name: string;
  readonly setup?: (fs: NodeFileSystem) => void;
  readonly options?: Partial<ReplaceFileAtomicOptions>;
  /** What the rename fails with. */
  readonly rename?: string;
  readonly memory?: MemoryFileSystemOptions;
}

const inPlace: readonly InPlace[] = [
  {
    name: "other names are to be preserved",
    setup: (fs) => fs.linkSync(file, "/d/other"),
    options: { hardlinks: "preserve" },
  },
  { name: "it is a mount point", rename: "EBUSY" },
  { name: "it is on another device", rename: "EXDEV" },
  {
    name: "a rename is not permitted, and a copy is",
    rename: "EPERM",
    options: { copyFallbackOnPermissionError: true },
  },
  {
    name: "it belongs to somebody else",
    setup: (fs) => {
      fs.chownSync(file, 7, 8);
      fs.chmodSync(file, 0o666);
      fs.chmodSync("/d", 0o777);
    },
    memory: { uid: 0 },
  },
];

describe.each(forms)("a power cut in a write in place, $form", ({ replace }) => {
  const scenarioOf = ({ setup, options, rename }: InPlace): Scenario<number> => ({
    setup: (fs) => {
      withFile(fs);
      setup?.(fs);
    },
    run: async (fs, ack) => {
      const rules = rename === undefined ? [] : [rule(op("rename"), fail(rename))];
      const fileSystem = rules.length === 0 ? fs : injectFaults(fs, rules);
      await replace({ filePath: file, content: "new", ...options, fileSystem });
      ack(1);
    },
    check: (fs, { acks }) => {
      const found = textAt(fs, file);
      if (found === undefined) throw new Error("missing");
      if (found === "new" || (found === "old content" && acks.length === 0)) return;
      if (acks.length > 0) throw new Error("lost");
      // Torn: then the whole of the new content is there, flushed, under the staged name.
      const staged = stagedIn(fs, "/d").map((name) => textAt(fs, `/d/${name}`));
      if (!staged.includes("new")) throw new Error(`torn, and no copy: ${found}`);
    },
  });

  it.each(inPlace)(
    "leaves the old file, the new one, or a copy of it, where $name",
    async (one) => {
      await prove(scenarioOf(one), { memory: one.memory ?? {} });
    },
  );

  it("leaves the new file for good once it is acknowledged, where the directory allows no copy", async () => {
    const scenario: Scenario<number> = {
      setup: (fs) => {
        withFile(fs);
        fs.chmodSync("/d", 0o555);
      },
      run: async (fs, ack) => {
        const { method } = await replace({ filePath: file, content: "new", fileSystem: fs });
        expect(method).toBe("in-place");
        ack(1);
      },
      check: (fs, { acks }) => {
        if (acks.length > 0) expect(textAt(fs, file)).toBe("new");
        expect(textAt(fs, file)).toBeDefined(); // what is in it before that is not promised
      },
    };
    await prove(scenario, { memory: { uid: 1000 } });
    const torn: Scenario<number> = {
      ...scenario,
      check: (fs) => oneVersion(fs, file, ["old content", "new"], []),
    };
    expect(await wrongIn(torn, { memory: { uid: 1000 } })).toContain(
      '/d/file is torn: "new content"',
    );
  });
});
