/** Somebody else acts between any two calls: nothing outside is changed, and nothing of theirs is lost. */

import { describe, expect, it, vi } from "vitest";
import {
  addHardlink,
  exploreInterference,
  moveAway,
  replaceFile,
  swapForDirectory,
  swapForSymlink,
  type Adversary,
  type InterferenceOptions,
  type NodeFileSystem,
  type Scenario,
} from "@holdfast/testing";
import { isHoldfastError } from "../../src/index.ts";
import { moveForms } from "../crash/move-forms.ts";
import { textAt, treeAt } from "../crash/checks.ts";
import { halves } from "../directory/trees.ts";
import { forms } from "../replace/forms.ts";

vi.setConfig({ testTimeout: 120_000 });

async function proveAgainst(
  scenario: Scenario,
  adversaries: readonly Adversary[],
  options: Omit<InterferenceOptions, "adversaries"> = {},
): Promise<void> {
  const report = await exploreInterference(scenario, { adversaries, moves: 2, ...options });
  const told = report.failures
    .slice(0, 4)
    .map(({ message, where, calls, state }) => [message, where, ...calls, ...state].join("\n"));
  expect(told).toEqual([]);
  expect(report.limits).toEqual([]);
  expect(report.exhaustive).toBe(true);
}

const notYet = (): Error =>
  Object.assign(new Error("not yet"), { code: "ENOENT", syscall: "rename", errno: -2 });

/** Acts once there is a name like that in a directory, which is when the program has come so far. */
function once(
  name: string,
  seen: RegExp,
  act: (fs: NodeFileSystem, path: string) => void,
): Adversary {
  return {
    name,
    act(fs) {
      const found = fs
        .readdirSync("/d", { recursive: true, encoding: "utf8" })
        .find((one) => seen.test(one) && fs.statSync(`/d/${one}`).size > 0);
      if (found === undefined) throw notYet();
      act(fs, `/d/${found}`);
    },
    undo() {},
  };
}

const secret = (fs: NodeFileSystem): void => {
  fs.mkdirSync("/secret");
  fs.writeFileSync("/secret/file", "secret");
};

describe.each(forms)("an attack on a replacement, $form", ({ form, replace }) => {
  const scenarioOf = (options: object = {}): Scenario => ({
    setup: (fs) => {
      secret(fs);
      fs.mkdirSync("/d");
      fs.writeFileSync("/d/file", "old");
      fs.symlinkSync("d/file", "/link");
    },
    run: (fs) => replace({ filePath: "/d/file", content: "new", ...options, fileSystem: fs }),
    check: (fs, { end }) => {
      expect(textAt(fs, "/secret/file")).toBe("secret");
      expect(fs.readdirSync("/secret")).toEqual(["file"]);
      for (const path of ["/d/file", "/d/file.aside", "/d.aside/file"]) {
        expect([undefined, "old", "new", "theirs", "secret"]).toContain(textAt(fs, path));
      }
      if (end !== "done" && !isHoldfastError(end)) throw new Error("not ours", { cause: end });
    },
  });

  const onTarget = [
    swapForSymlink("/d/file", "/secret/file"),
    moveAway("/d/file"),
    replaceFile("/d/file", "theirs"),
    addHardlink("/d/file", "/d/second"),
  ];

  it("leaves what is elsewhere alone: the target is swapped", async () => {
    await proveAgainst(scenarioOf({ symlinks: "refuse" }), onTarget);
    await proveAgainst(scenarioOf({ symlinks: "replace" }), onTarget);
  });

  it("leaves what is elsewhere alone: a file is written in place", async () => {
    const scenario = scenarioOf({ symlinks: "refuse", hardlinks: "preserve" });
    const linked: Scenario = {
      ...scenario,
      setup: (fs) => {
        void scenario.setup!(fs);
        fs.linkSync("/d/file", "/d/other");
      },
    };
    await proveAgainst(linked, onTarget);
  });

  it("never writes over a file that has the name only since it was looked at", async () => {
    const scenario = scenarioOf({ symlinks: "refuse", hardlinks: "preserve" });
    await proveAgainst(
      {
        ...scenario,
        setup: (fs) => {
          void scenario.setup!(fs);
          fs.linkSync("/d/file", "/d/other");
          fs.writeFileSync("/precious", "precious");
        },
        check: (fs, { end }) => {
          expect(textAt(fs, "/precious")).toBe("precious");
          if (end !== "done" && !isHoldfastError(end)) throw new Error("not ours", { cause: end });
        },
      },
      [
        once("another file takes the name", /^\.holdfast-[^/]*$/, (fs) => {
          fs.renameSync("/d/file", "/d/away");
          fs.linkSync("/precious", "/d/file");
        }),
      ],
      { moves: 1 },
    );
  });

  it("shows nothing but whole files: the parent is swapped", async () => {
    await proveAgainst(scenarioOf(), [swapForDirectory("/d"), moveAway("/d")]);
  });

  it("shows nothing but whole files: the link is swapped", async () => {
    await proveAgainst(scenarioOf({ filePath: "/link" }), [
      swapForSymlink("/link", "/d/third"),
      moveAway("/link"),
    ]);
  });

  it("reads and writes nothing through a staged name that was taken", async () => {
    const scenario = scenarioOf();
    await proveAgainst(
      {
        ...scenario,
        check: (fs, { end }) => {
          expect(textAt(fs, "/secret/file")).toBe("secret");
          // rename(2) takes whatever has the name: a link that somebody who may write here has put there.
          const file = fs.lstatSync("/d/file");
          expect(file.isFile() || file.isSymbolicLink()).toBe(true);
          if (end !== "done" && !isHoldfastError(end)) throw new Error("not ours", { cause: end });
        },
      },
      [
        once("a link takes the staged name", /^\.holdfast-[^/]*$/, (fs, path) => {
          fs.renameSync(path, "/d/taken");
          fs.symlinkSync("/secret/file", path);
        }),
      ],
      { moves: 1 },
    );
    expect(form).toMatch(/sync$/);
  });
});

describe.each(moveForms)("an attack on a move, $form", ({ move }) => {
  it.each([{ memory: {} }, { memory: { devices: ["/from", "/to"] } }])(
    "loses nothing, of the source or of theirs: $memory",
    async ({ memory }) => {
      await proveAgainst(
        {
          setup: (fs) => {
            secret(fs);
            fs.mkdirSync("/from/it", { recursive: true });
            fs.mkdirSync("/to", { recursive: true });
            fs.writeFileSync("/from/it/one", "text");
            fs.writeFileSync("/from/it/two", "more");
          },
          run: (fs) => move({ source: "/from/it", destination: "/to/it", fileSystem: fs }),
          check: (fs, { end }) => {
            expect(treeAt(fs, "/secret")).toBe("file=secret");
            const texts = fs
              .readdirSync("/", { recursive: true, encoding: "utf8" })
              .map((path) => `/${path}`)
              .filter((path) => fs.lstatSync(path).isFile())
              .map((path) => textAt(fs, path));
            expect(texts).toEqual(expect.arrayContaining(["text", "more"]));
            if (end === "done") expect(treeAt(fs, "/to/it")).not.toBe("missing");
          },
        },
        [
          replaceFile("/from/it/one", "theirs"),
          swapForSymlink("/from/it/one", "/secret/file"),
          swapForSymlink("/from/it", "/secret"),
          moveAway("/from/it/two"),
        ],
        { memory, moves: 1 },
      );
    },
  );
});

describe.each(moveForms)("a change of a source that is being moved, $form", ({ move }) => {
  it("is not removed with what was copied", async () => {
    await proveAgainst(
      {
        setup: (fs) => {
          fs.mkdirSync("/from/it", { recursive: true });
          fs.mkdirSync("/to", { recursive: true });
          fs.writeFileSync("/from/it/one", "text");
        },
        run: (fs) => move({ source: "/from/it", destination: "/to/it", fileSystem: fs }),
        check: (fs) => {
          const names = fs.readdirSync("/", { recursive: true, encoding: "utf8" });
          const texts = names
            .filter((name) => fs.lstatSync(`/${name}`).isFile())
            .map((name) => textAt(fs, `/${name}`));
          expect(texts).toContain("text");
          // It has landed if what it moved away is there.
          if (names.some((name) => name.endsWith(".aside"))) expect(texts).toContain("theirs");
        },
      },
      [replaceFile("/from/it/one", "theirs")],
      { memory: { devices: ["/from", "/to"] }, moves: 1 },
    );
  });
});

describe.each(halves)("an attack on the replacement of a directory, $half", ({ replace }) => {
  it("never removes what somebody else has put there", async () => {
    const theirs = "theirs";
    await proveAgainst(
      {
        setup: (fs) => {
          secret(fs);
          for (const [name, text] of [
            ["target", "old"],
            ["staged", "new"],
          ] as const) {
            fs.mkdirSync(`/d/${name}`, { recursive: true });
            fs.writeFileSync(`/d/${name}/file`, text);
          }
          fs.mkdirSync("/d/theirs");
          fs.writeFileSync("/d/theirs/file", theirs);
        },
        // What is taken away is kept: whoever's it was when it was looked at last.
        run: (fs) => {
          const trees = { stagedDir: "/d/staged", targetDir: "/d/target", keepBackup: true };
          return replace({ ...trees, fileSystem: fs });
        },
        check: (fs) => {
          expect(treeAt(fs, "/secret")).toBe("file=secret");
          const all = fs.readdirSync("/d").map((name) => treeAt(fs, `/d/${name}`));
          expect(all).toContain("file=theirs");
          // The new tree is somewhere, whole: at its old place, at its new one, or aside.
          expect(all).toContain("file=new");
        },
      },
      [
        {
          name: "theirs takes the place of the target",
          act: (fs) => {
            fs.renameSync("/d/target", "/d/away");
            fs.renameSync("/d/theirs", "/d/target");
          },
          undo() {},
        },
        swapForSymlink("/d/target", "/secret"),
        swapForSymlink("/d/staged", "/secret"),
        moveAway("/d/staged"),
      ],
      { moves: 1 },
    );
  });

  it("never removes what has taken the place of the target since it was looked at", async () => {
    await proveAgainst(
      {
        setup: (fs) => {
          for (const name of ["target", "staged", "theirs"]) {
            fs.mkdirSync(`/d/${name}`, { recursive: true });
            fs.writeFileSync(`/d/${name}/file`, name);
          }
        },
        run: (fs) => replace({ stagedDir: "/d/staged", targetDir: "/d/target", fileSystem: fs }),
        check: (fs) => {
          const all = fs.readdirSync("/d").map((name) => treeAt(fs, `/d/${name}`));
          expect(all).toContain("file=theirs");
        },
      },
      [
        once("theirs takes the place of the target", /^\.holdfast-directory-.*\/record/, (fs) => {
          fs.renameSync("/d/target", "/d/away");
          fs.renameSync("/d/theirs", "/d/target");
        }),
      ],
      { moves: 1 },
    );
  });
});
