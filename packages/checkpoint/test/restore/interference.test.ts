/**
 * Somebody else acts between any two calls of a restore. What they wrote is there afterwards, unless
 * they wrote it between the last look at a file and the rename that replaces it; and nothing outside was touched.
 */

import assert from "node:assert/strict";
import { posix } from "node:path";
import { expect, it, vi } from "vitest";
import {
  type Adversary,
  assertPassed,
  exploreInterference,
  type Moment,
  type NodeFileSystem,
  type Scenario,
  type Seen,
} from "@holdfast/testing";
import type { RestoreReport } from "../../src/index.ts";
import { digestOf, digestsIn, firstSnapshot, openAgain, treeOf, work } from "./support/memory.ts";

vi.setConfig({ testTimeout: 240_000 });

const all = process.env["HOLDFAST_EXPLORE"] === "1";

/** A content that nobody else writes. */
const users = "what the user has saved";

interface Case {
  readonly name: string;
  /** What the user has, the agent makes of it, in `/work/dir`. */
  readonly before: (fs: NodeFileSystem, path: string) => void;
  readonly edit: (fs: NodeFileSystem, path: string) => void;
  /** The calls before which a save is lost. */
  readonly moment: readonly string[];
}

const path = `${work}/dir/file`;

const cases: readonly Case[] = [
  {
    name: "overwrites",
    before: (fs, at) => fs.writeFileSync(at, "before"),
    edit: (fs, at) => fs.writeFileSync(at, "after"),
    moment: ["close dir", "lstat *.new", "rename *.new dir/file"],
  },
  {
    name: "creates",
    before: (fs, at) => fs.writeFileSync(at, "before"),
    edit: (fs, at) => fs.unlinkSync(at),
    moment: [],
  },
  {
    name: "removes",
    before: () => {},
    edit: (fs, at) => fs.writeFileSync(at, "after"),
    moment: [],
  },
  {
    name: "replaces a link by a file",
    before: (fs, at) => fs.writeFileSync(at, "before"),
    edit: (fs, at) => {
      fs.unlinkSync(at);
      fs.symlinkSync("nowhere", at);
    },
    moment: ["lstat *.new", "rename *.new dir/file"],
  },
  {
    name: "replaces a file by a directory",
    before: (fs, at) => fs.mkdirSync(at),
    edit: (fs, at) => {
      fs.rmdirSync(at);
      fs.writeFileSync(at, "after");
    },
    moment: [],
  },
  {
    name: "changes a mode",
    before: (fs, at) => fs.writeFileSync(at, "same", { mode: 0o644 }),
    edit: (fs, at) => fs.chmodSync(at, 0o755),
    moment: [],
  },
];

/** Acts at once: the program makes synchronous calls too. */
interface Attacker {
  readonly name: string;
  act(fs: NodeFileSystem): void;
}

/** By a new file that is renamed into place, as most editors do. */
const savesByReplacing: Attacker = {
  name: "the user saves, by replacing",
  act(fs) {
    fs.lstatSync(posix.dirname(path));
    fs.writeFileSync(`${path}.user`, users);
    try {
      fs.renameSync(`${path}.user`, path);
    } catch (error) {
      fs.unlinkSync(`${path}.user`);
      throw error;
    }
  },
};

/** Into the file that is there, or a new one. */
const savesInPlace: Attacker = {
  name: "the user saves, in place",
  act(fs) {
    if (fs.lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true)
      fs.unlinkSync(path);
    fs.writeFileSync(path, users);
  },
};

const removes: Attacker = {
  name: "the user removes it",
  act(fs) {
    // What the restore has made is not the user's to remove.
    if (!fs.lstatSync(path).isDirectory()) fs.unlinkSync(path);
  },
};

const swapsDirectory: Attacker = {
  name: "the directory becomes a link that leads out",
  act(fs) {
    fs.renameSync(posix.dirname(path), `${work}/aside`);
    fs.symlinkSync("/outside", posix.dirname(path));
  },
};

const movesDirectory: Attacker = {
  name: "the directory is moved",
  act: (fs) => fs.renameSync(posix.dirname(path), `${work}/aside`),
};

function scenarioOf({ name, before, edit }: Case): Scenario<RestoreReport> {
  return {
    name,
    async setup(fs) {
      fs.mkdirSync(posix.dirname(path), { recursive: true });
      fs.mkdirSync("/outside");
      fs.writeFileSync("/outside/file", "after"); // as if it were ours
      fs.writeFileSync(`${work}/dir/neighbour`, "the user's");
      before(fs, path);
      const checkpoints = await openAgain(fs);
      await checkpoints.makeSnapshot("1");
      await checkpoints.trackBeforeEdit(path, "1");
      edit(fs, path);
      await checkpoints.recordAfterEdit(path);
      await checkpoints.close();
    },
    async run(fs, ack) {
      const checkpoints = await openAgain(fs);
      ack(await checkpoints.restoreToSnapshot(await firstSnapshot(checkpoints)));
      await checkpoints.close();
    },
    check(fs, { acks, end }) {
      assert.equal(end, "done");
      assert.deepEqual(treeOf(fs, "/outside"), ["/outside/file 644 after"]);
      const neighbours = [`${work}/dir/neighbour`, `${work}/aside/neighbour`];
      assert.ok(
        neighbours.some((one) => fs.existsSync(one)),
        "the neighbour is gone",
      );
      const left = treeOf(fs, work).filter((line) => line.includes(".holdfast-"));
      assert.deepEqual(left, []);
      assert.equal(acks.length, 1);
      const [result] = acks[0]!.paths;
      if (result?.trash !== undefined) assert.ok(fs.existsSync(result.trash), result.trash);
    },
  };
}

/** Where an edit was lost: before which call, without what differs from run to run. */
function placeOf({ name, paths }: NonNullable<Moment["call"]>): string {
  const named = paths.map((one) =>
    one.replace(/^.*\/\.holdfast-[0-9a-f]+-\d+/, "*").replace(/^\/proc\/self\/fd\/\d+/, "dir"),
  );
  return [name, ...named].join(" ");
}

async function explore(one: Case, attacker: Attacker): Promise<string[]> {
  const scenario = scenarioOf(one);
  const lost: string[] = [];
  let landed: Moment["call"];
  const watched: Adversary = {
    ...attacker,
    act(fs, moment) {
      attacker.act(fs);
      landed = moment.call;
    },
  };
  const report = await exploreInterference(
    {
      ...scenario,
      async run(fs, ack) {
        landed = undefined;
        await scenario.run(fs, ack);
      },
      check(fs, seen) {
        scenario.check(fs, seen as Seen<RestoreReport>);
        if (landed === undefined || !saves.has(attacker)) return;
        // In the workspace: that it is in the store somewhere is no comfort to who has just saved it.
        if (!digestsIn(fs, work).has(digestOf(users))) lost.push(placeOf(landed));
      },
    },
    { adversaries: [watched], seed: 1 },
  );
  assertPassed(report);
  expect(report.cases).toBeGreaterThan(100);
  return lost;
}

const saves: ReadonlySet<Attacker> = new Set([savesByReplacing, savesInPlace]);

it.each(cases)("no edit of the user is lost: $name", async (one) => {
  for (const attacker of saves) {
    // Where a file is replaced, between the last look at it and the rename: the handle of the look is closed, and
    // the root looks at what it is to rename. Everywhere else nothing at all.
    expect(await explore(one, attacker)).toEqual(one.moment);
  }
});

const others = [swapsDirectory, movesDirectory, removes];

it.each(all ? cases : cases.filter(({ name }) => name === "overwrites" || name === "removes"))(
  "nothing outside is touched, and nothing stays behind: $name",
  async (one) => {
    for (const attacker of all ? others : others.slice(0, 1)) {
      expect(await explore(one, attacker)).toEqual([]);
    }
  },
);
