/**
 * Every call of every protocol fails, in every way, in memory: what the error says of the disk is so,
 * and nothing is left open or behind that it does not name.
 */

import { describe, expect, it, vi } from "vitest";
import {
  after,
  and,
  fail,
  injectFaults,
  op,
  or,
  path,
  rule,
  sweepFaults,
  type NodeFileSystem,
  type Scenario,
  type SweepFaultsOptions,
} from "@holdfast/testing";
import {
  createCoalescingWriter,
  isHoldfastError,
  recoverDirectorySync,
  renameWithRetry,
  stageFileAtomic,
  sweepStagedFiles,
  type Effect,
} from "../../src/index.ts";
import { textAt, treeAt } from "../crash/checks.ts";
import { halves } from "../directory/trees.ts";
import { moveForms } from "../crash/move-forms.ts";
import { forms } from "../replace/forms.ts";

vi.setConfig({ testTimeout: 120_000 });

const file = "/d/file";

function withFile(fs: NodeFileSystem): void {
  fs.mkdirSync("/d");
  fs.writeFileSync(file, "old content");
}

async function proveFaults(scenario: Scenario, options: SweepFaultsOptions = {}): Promise<void> {
  const report = await sweepFaults(scenario, options);
  const told = report.failures
    .slice(0, 5)
    .map(({ message, where, calls, state, replay }) =>
      [message, where, ...calls, ...state, replay].join("\n"),
    );
  expect(told).toEqual([]);
  expect(report.limits).toEqual([]);
  expect(report.exhaustive).toBe(true);
  expect(report.cases).toBeGreaterThan(50);
}

/** What an effect that an error claims, or a success, says of old and new. */
function checkEffect(
  end: unknown,
  { isOld, isNew }: { readonly isOld: boolean; readonly isNew: boolean },
  uncertain: readonly Effect[] = ["unknown"],
): void {
  if (end === "done") {
    expect(isNew).toBe(true);
    return;
  }
  if (!isHoldfastError(end)) throw new Error("no error of ours", { cause: end });
  if (end.effect === "none") expect(isOld).toBe(true);
  else if (end.effect === "complete") expect(isNew).toBe(true);
  else expect(uncertain).toContain(end.effect);
}

interface Replacement {
  readonly name: string;
  readonly setup?: (fs: NodeFileSystem) => void;
  readonly filePath?: string;
  readonly options?: object;
}

const replacements: readonly Replacement[] = [
  { name: "a new file", setup: (fs) => fs.mkdirSync("/d") },
  { name: "an existing file", setup: withFile },
  { name: "directories that are made", filePath: "/d/e/file" },
  {
    name: "a link",
    setup: (fs) => {
      withFile(fs);
      fs.symlinkSync("d/file", "/link");
    },
    filePath: "/link",
  },
  {
    name: "another owner",
    setup: (fs) => {
      withFile(fs);
      fs.chownSync(file, 7, 8);
    },
  },
];

describe.each(forms)("a replacement of which a call fails, $form", ({ replace, create }) => {
  const scenarioOf = (
    { setup, filePath = file, options }: Replacement,
    mayStage = true,
  ): Scenario => ({
    setup: (fs) => setup?.(fs),
    run: (fs) => replace({ filePath, content: "new", ...options, fileSystem: fs }),
    check: (fs, { end }) => {
      const text = textAt(fs, filePath);
      const isOld = text === undefined || text === "old content";
      checkEffect(end, { isOld, isNew: text === "new" }, ["unknown", "partial"]);
      if (isHoldfastError(end) && end.effect === "partial" && !isOld && text !== "new") {
        // A mixture: then the whole of it is under the name that the error tells, unless the directory
        // allowed no staged file.
        const copies = end.leftovers.map((left) => textAt(fs, left));
        if (mayStage || copies.length > 0) expect(copies).toContain("new");
      }
    },
  });

  it.each(replacements)("says what is there: $name", async (one) => {
    await proveFaults(scenarioOf(one));
  });

  it("says what is there where a second call fails while the first is dealt with", async () => {
    await proveFaults(scenarioOf(replacements[1]!, false), { depth: 2, persist: false });
  });

  it("says what is there: other names are written in place", async () => {
    const setup = (fs: NodeFileSystem): void => {
      withFile(fs);
      fs.linkSync(file, "/d/other");
    };
    await proveFaults(scenarioOf({ name: "", setup, options: { hardlinks: "preserve" } }));
  });

  it("says what is there: a copy where renames are not permitted", async () => {
    const scenario = scenarioOf(replacements[1]!);
    await proveFaults({
      ...scenario,
      run: (fs) => {
        const fileSystem = injectFaults(fs, rule(op("rename"), fail("EPERM")));
        const copyFallbackOnPermissionError = true;
        const options = { copyFallbackOnPermissionError, inPlaceFallback: false };
        return replace({ filePath: file, content: "new", ...options, fileSystem });
      },
    });
  });

  it("says what is there: a file that must not exist", async () => {
    await proveFaults({
      setup: (fs) => fs.mkdirSync("/d"),
      run: (fs) => create({ filePath: file, content: "new", fileSystem: fs }),
      check: (fs, { end }) => {
        const text = textAt(fs, file);
        checkEffect(end, { isOld: text === undefined, isNew: text === "new" });
      },
    });
  });
});

describe("a staged file of which a call fails", () => {
  it("says what is there", async () => {
    await proveFaults({
      setup: withFile,
      run: async (fs) => {
        const staged = await stageFileAtomic({ filePath: file, fileSystem: fs });
        try {
          await staged.write("ne");
          await staged.write("w");
          await staged.commit();
        } catch (error) {
          await staged.discard().catch(() => {}); // the first failure is what counts
          throw error;
        }
      },
      check: (fs, { end }) => {
        const text = textAt(fs, file);
        checkEffect(end, { isOld: text === "old content", isNew: text === "new" });
      },
    });
  });

  it("is gone after a discard, or named", async () => {
    await proveFaults({
      setup: withFile,
      run: async (fs) => {
        const staged = await stageFileAtomic({ filePath: file, fileSystem: fs });
        await staged.discard();
      },
      check: (fs) => expect(textAt(fs, file)).toBe("old content"),
    });
  });
});

describe("a coalescing writer of which a call fails", () => {
  it("publishes whole contents, and says done only of what is there", async () => {
    await proveFaults({
      setup: withFile,
      run: async (fs, ack) => {
        const writer = createCoalescingWriter({ filePath: file, fileSystem: fs });
        const first = writer.write("one").then(() => ack("one"));
        const second = writer.write("two").then(() => ack("two"));
        await Promise.allSettled([first, second]);
        await writer.close();
      },
      check: (fs, { end, acks }) => {
        const text = textAt(fs, file);
        expect(["old content", "one", "two"]).toContain(text);
        if (end === "done" || acks.length > 0) expect(text).toBe("two");
      },
    });
  });
});

const oldTree = "deep/ deep/file=old file=old";
const newTree = "deep/ deep/file=new file=new";

function makeTree(fs: NodeFileSystem, root: string, content: string): void {
  fs.mkdirSync(`${root}/deep`, { recursive: true });
  fs.writeFileSync(`${root}/file`, content);
  fs.writeFileSync(`${root}/deep/file`, content);
}

describe.each(halves)(
  "a replacement of a directory of which a call fails, $half",
  ({ replace }) => {
    const scenarioOf = (options: object, hasOld = true): Scenario => ({
      setup: (fs) => {
        fs.mkdirSync("/d");
        if (hasOld) makeTree(fs, "/d/target", "old");
        makeTree(fs, "/d/staged", "new");
      },
      run: (fs) =>
        replace({ stagedDir: "/d/staged", targetDir: "/d/target", ...options, fileSystem: fs }),
      check: (fs, { end }) => {
        const old = hasOld ? oldTree : "missing";
        const [target, staged] = [treeAt(fs, "/d/target"), treeAt(fs, "/d/staged")];
        const isOld = target === old && staged === newTree;
        const isNew = target === newTree && staged === "missing";
        checkEffect(end, { isOld, isNew }, ["unknown", "partial"]);
        if (!hasOld || isOld || isNew) return;
        // Between the two renames: the error says where the old tree is.
        expect([target, staged]).toEqual(["missing", newTree]);
        if (isHoldfastError(end) && end.effect === "unknown") return; // a recovery will see
        const named = isHoldfastError(end) ? end.leftovers : [];
        expect(named.map((left) => treeAt(fs, left))).toContain(oldTree);
      },
    });
    // A success names in its receipt what it could not remove; that is for another test.
    const leftovers = ["/d/.holdfast-*", "/d/.holdfast-*/**"];
    // When the new tree is durably in place, what follows is tidying up, and a failure of that is named
    // there too. That no flush before it is swallowed is what the power cuts show.
    const ignoredErrors = and(op("fsync"), or(path("/d"), path("/d/.holdfast-directory-*")));

    it.each([{ options: {} }, { options: { keepBackup: true } }, { options: {}, hasOld: false }])(
      "says what is there: %o",
      async ({ options, hasOld }) => {
        // The backup that is kept has another name each time.
        const allowed = "keepBackup" in options ? "allow" : leftovers;
        await proveFaults(scenarioOf(options, hasOld), { leftovers: allowed, ignoredErrors });
      },
    );

    it("says what is there where a second call fails, and a recovery heals all of it", async () => {
      const scenario = scenarioOf({});
      await proveFaults(
        {
          ...scenario,
          check: (fs, seen) => {
            void scenario.check(fs, seen); // which is synchronous
            recoverDirectorySync("/d/target", { fileSystem: fs });
            expect([oldTree, newTree]).toContain(treeAt(fs, "/d/target"));
          },
        },
        {
          leftovers,
          ignoredErrors,
          depth: 2,
          modes: ["once-before", "once-after"],
          errnos: () => ["EIO"],
        },
      );
    });

    it("says what is there in a recovery", async () => {
      await proveFaults(
        {
          setup: async (fs) => {
            makeTree(fs, "/d/target", "old");
            makeTree(fs, "/d/staged", "new");
            // The tree cannot be put into place, and the old one not be put back.
            const fileSystem = injectFaults(fs, [
              rule(and(op("rename"), path("/d/staged")), fail("EIO")),
              rule(and(op("rename"), path("/d/*backup*"), after(1)), fail("EIO")),
            ]);
            const trees = { stagedDir: "/d/staged", targetDir: "/d/target" };
            await expect(replace({ ...trees, fileSystem })).rejects.toThrow("EIO");
          },
          run: async (fs) => recoverDirectorySync("/d/target", { fileSystem: fs }),
          check: (fs) => {
            recoverDirectorySync("/d/target", { fileSystem: fs });
            expect(treeAt(fs, "/d/target")).toBe(oldTree);
          },
        },
        { leftovers, ignoredErrors },
      );
    });
  },
);

describe.each(moveForms)("a move of which a call fails, $form", ({ move }) => {
  const trees = {
    file: (fs: NodeFileSystem) => fs.writeFileSync("/from/it", "text"),
    tree: (fs: NodeFileSystem) => {
      fs.mkdirSync("/from/it");
      fs.writeFileSync("/from/it/one", "text");
      fs.linkSync("/from/it/one", "/from/it/two");
      fs.symlinkSync("one", "/from/it/link");
    },
  } as const;
  const wholeOf = { file: "=text", tree: "link->one one=text two=text" } as const;

  it.each([
    { kind: "file", memory: {} },
    { kind: "tree", memory: {} },
    { kind: "file", memory: { devices: ["/from", "/to"] } },
    { kind: "tree", memory: { devices: ["/from", "/to"] } },
  ] as const)(
    "says what is there, and loses nothing: a $kind, $memory",
    async ({ kind, memory }) => {
      await proveFaults(
        {
          setup: (fs) => {
            fs.mkdirSync("/from", { recursive: true });
            fs.mkdirSync("/to", { recursive: true });
            trees[kind](fs);
          },
          run: (fs) => move({ source: "/from/it", destination: "/to/it", fileSystem: fs }),
          check: (fs, { end }) => {
            const [from, to] = [treeAt(fs, "/from/it"), treeAt(fs, "/to/it")];
            const isOld = from === wholeOf[kind] && to === "missing";
            const isNew = from === "missing" && to === wholeOf[kind];
            // A directory that was made and is said to have been there cannot be told from another's.
            const isTaken = to === "empty" && isHoldfastError(end) && end.code === "EEXIST";
            if (!isTaken) checkEffect(end, { isOld, isNew }, ["unknown", "partial"]);
            expect([from, to]).toContain(wholeOf[kind]);
          },
        },
        { memory },
      );
    },
  );
});

describe("a plain rename, and a sweep, of which a call fails", () => {
  it("says what is there after a rename", async () => {
    await proveFewFaults({
      setup: withFile,
      run: (fs) => renameWithRetry(file, "/d/to", { fileSystem: fs }),
      check: (fs) => {
        const names = [textAt(fs, file), textAt(fs, "/d/to")];
        expect(names.filter((text) => text !== undefined)).toEqual(["old content"]);
      },
    });
  });

  it("removes nothing but staged files", async () => {
    const name = "/d/.holdfast-1-1-1-ffffffff-00000000-0000-4000-8000-000000000000.tmp";
    await proveFewFaults({
      setup: (fs) => {
        withFile(fs);
        fs.writeFileSync(name, "staged");
      },
      run: (fs) => sweepStagedFiles("/d", { fileSystem: fs, olderThanMs: 0 }),
      check: (fs, { end }) => {
        expect(textAt(fs, file)).toBe("old content");
        if (end === "done") expect(textAt(fs, name)).toBeUndefined();
        else if (isHoldfastError(end) && end.effect === "none" && end.leftovers.length > 0) {
          expect(end.leftovers).toEqual([name]);
        }
      },
    });
  });

  async function proveFewFaults(scenario: Scenario): Promise<void> {
    const report = await sweepFaults(scenario);
    expect(report.failures).toEqual([]);
    expect(report.exhaustive).toBe(true);
  }
});
