/** Power cuts in moves, on one device and between two: nothing is ever lost. */

import { describe, expect, it, vi } from "vitest";
import type { NodeFileSystem, Scenario } from "@holdfast/testing";
import type { MovePathSyncOptions } from "../../src/index.ts";
import { ownedAt, treeAt } from "./checks.ts";
import { moveForms } from "./move-forms.ts";
import { prove, wrongIn } from "./prove.ts";

vi.setConfig({ testTimeout: 120_000 });

interface Move {
  readonly name: string;
  readonly setup: (fs: NodeFileSystem) => void;
  /** What is moved, as a tree in one line. */
  readonly tree: string;
  readonly overwritten?: string;
  /** What else must be true of a whole destination. */
  readonly also?: (fs: NodeFileSystem, path: string) => void;
}

const source = "/from/it";
const destination = "/to/it";

const moves: readonly Move[] = [
  {
    name: "a file",
    setup: (fs) => {
      fs.writeFileSync(source, "text");
      fs.chmodSync(source, 0o640);
      fs.chownSync(source, 7, 8);
    },
    tree: "=text",
    also: (fs, path) => expect(ownedAt(fs, path)).toBe("640 7:8"),
  },
  {
    name: "a file over another one",
    setup: (fs) => {
      fs.writeFileSync(source, "text");
      fs.writeFileSync(destination, "what was there");
    },
    tree: "=text",
    overwritten: "=what was there",
  },
  { name: "a symbolic link", setup: (fs) => fs.symlinkSync("nowhere", source), tree: "->nowhere" },
  {
    name: "a tree with a hard link group and a symbolic link",
    setup: (fs) => {
      fs.mkdirSync(source);
      fs.writeFileSync(`${source}/one`, "text");
      fs.linkSync(`${source}/one`, `${source}/two`);
      fs.symlinkSync("one", `${source}/link`);
      fs.chmodSync(source, 0o750);
    },
    tree: "link->one one=text two=text",
    also: (fs, path) => {
      expect(fs.statSync(`${path}/one`).ino).toBe(fs.statSync(`${path}/two`).ino);
      expect(ownedAt(fs, path)).toBe("750 0:0");
    },
  },
  {
    name: "a tree over an empty one",
    setup: (fs) => {
      fs.mkdirSync(`${source}/deep`, { recursive: true });
      fs.writeFileSync(`${source}/deep/file`, "text");
      fs.mkdirSync(destination);
    },
    tree: "deep/ deep/file=text",
    overwritten: "empty",
  },
];

const places = [
  { where: "on one device", memory: {} },
  { where: "between devices", memory: { devices: ["/from", "/to"] } },
] as const;

type Options = Partial<MovePathSyncOptions>;

describe.each(moveForms)("a power cut in a move, $form", ({ move, rename }) => {
  const scenarioOf = (one: Move, options: Options = {}): Scenario<"moved"> => ({
    name: one.name,
    setup: (fs) => {
      fs.mkdirSync("/from", { recursive: true });
      fs.mkdirSync("/to", { recursive: true });
      one.setup(fs);
    },
    run: async (fs, ack) => {
      const overwrite = one.overwritten !== undefined;
      await move({ source, destination, overwrite, ...options, fileSystem: fs });
      ack("moved");
    },
    check: (fs, { acks }) => {
      const there = treeAt(fs, destination);
      // Of a directory that replaces nothing, an empty one may be there in between.
      const before = [one.overwritten ?? "missing", "empty"];
      if (there === one.tree) one.also?.(fs, destination);
      else if (!before.includes(there)) throw new Error(`torn: ${there}`);
      else if (acks.length > 0) throw new Error("lost");
      else if (there === "empty" && !one.tree.includes(" ")) throw new Error("an empty directory");
      else expect(treeAt(fs, source)).toBe(one.tree);
      if (acks.length > 0 && treeAt(fs, source) !== "missing") throw new Error("it came back");
    },
  });

  describe.each(places)("$where", ({ memory }) => {
    it.each(moves)("loses nothing, and shows a whole destination or none: $name", async (one) => {
      await prove(scenarioOf(one), { memory });
    });

    it("can bring the old name back, and nothing else, where it is not to be durable", async () => {
      const [one] = moves;
      expect(await wrongIn(scenarioOf(one!, { syncParentDir: false }), { memory })).toEqual([
        "it came back",
      ]);
    });
  });

  it("can undo a rename that is not to be durable, and nothing else", async () => {
    const one = moves.find(({ overwritten }) => overwritten === "=what was there")!;
    const wrong = await wrongIn(scenarioOf(one, { syncParentDir: false }));
    expect(wrong).toEqual(["it came back", "lost"]);
  });

  it("keeps a file that has both names already, which a rename would leave as it is", async () => {
    const one: Move = {
      name: "two names",
      setup: (fs) => {
        fs.writeFileSync(source, "text");
        fs.linkSync(source, destination);
      },
      tree: "=text",
      overwritten: "=text",
    };
    await prove(scenarioOf(one));
  });

  it("never puts what is not on the disk in the place of what is", async () => {
    await prove<"moved">({
      setup: (fs) => {
        fs.mkdirSync("/from");
        fs.mkdirSync("/to");
        fs.writeFileSync(destination, "what was there");
      },
      run: async (fs, ack) => {
        fs.writeFileSync(source, "text"); // and nobody flushes it but the move
        await move({ source, destination, overwrite: true, fileSystem: fs });
        ack("moved");
      },
      check: (fs, { acks }) => {
        const allowed = acks.length > 0 ? ["=text"] : ["=text", "=what was there"];
        expect(allowed).toContain(treeAt(fs, destination));
      },
    });
  });

  it("leaves the old name or the new one of what is renamed", async () => {
    const scenario = (isPromised: boolean): Scenario<"renamed"> => ({
      setup: (fs) => {
        fs.mkdirSync("/d");
        fs.writeFileSync("/d/from", "text");
        fs.writeFileSync("/d/to", "what was there");
      },
      run: async (fs, ack) => {
        await rename("/d/from", "/d/to", { fileSystem: fs });
        if (isPromised) ack("renamed");
        fs.writeFileSync("/d/later", "1"); // so that there are more than two states
      },
      check: (fs, { acks }) => {
        const [from, to] = [treeAt(fs, "/d/from"), treeAt(fs, "/d/to")];
        const renamed = from === "missing" && to === "=text";
        if (!renamed) expect([from, to]).toEqual(["=text", "=what was there"]);
        if (acks.length > 0 && !renamed) throw new Error("lost");
      },
    });
    await prove(scenario(false));
    expect(await wrongIn(scenario(true))).toEqual(["lost"]); // it flushes nothing
  });
});
