import assert from "node:assert/strict";
import {
  assertPassed,
  exploreInterference,
  moveAway,
  swapForDirectory,
  swapForSymlink,
  type Adversary,
  type NodeFileSystem,
  type Scenario,
  type Seen,
} from "@holdfast/testing";
import { describe, expect, test, vi } from "vitest";
import { isHoldfastError } from "@holdfast/fs";
import type { Root } from "../../src/index.ts";
import { passTime, useSleepingClock } from "./support/sleeping-clock.ts";
import { openByPath } from "./support/identity-root.ts";

vi.setConfig({ testTimeout: 120_000 });

/** The tree, twice: inside, and where an attacker would have calls go. */
function plant(fs: NodeFileSystem): void {
  for (const place of ["inside", "outside"]) {
    const top = place === "inside" ? "/srv/ws" : "/outside";
    fs.mkdirSync(`${top}/a/b`, { recursive: true });
    fs.writeFileSync(`${top}/a/b/f`, `${place} in b`);
    fs.writeFileSync(`${top}/a/f`, `${place} in a`);
    fs.writeFileSync(`${top}/f`, `${place} in top`);
    fs.writeFileSync(`${top}/a/b/${place}`, "");
  }
  fs.symlinkSync("a/b", "/srv/ws/link");
}

/** Only once the root is open: until then the path may lead anywhere. */
const afterOpening = (adversary: Adversary): Adversary => ({
  ...adversary,
  act(fs, moment) {
    fs.lstatSync("/opened");
    return adversary.act(fs, moment);
  },
});

const adversaries: readonly Adversary[] = [
  swapForSymlink("/srv/ws/a", "/outside/a"),
  swapForSymlink("/srv/ws/a/b", "/outside/a/b"),
  swapForSymlink("/srv/ws/a/b/f", "/outside/a/b/f"),
  swapForSymlink("/srv/ws", "/outside"),
  swapForDirectory("/srv/ws/a"),
  moveAway("/srv/ws/a/b"),
].map(afterOpening);

interface Told {
  readonly result?: string;
  readonly effect?: string;
}

function attacked(
  name: string,
  body: (root: Root) => Promise<unknown>,
  check: (fs: NodeFileSystem, told: Told) => void,
): Scenario<Told> {
  return {
    name,
    setup: plant,
    async run(fs, ack) {
      passTime(10_000); // in every run, what was planted is old
      const root = await openByPath("/srv/ws", fs);
      fs.writeFileSync("/opened", "");
      try {
        ack({ result: JSON.stringify(await body(root)) ?? "done" });
      } catch (error) {
        if (!isHoldfastError(error)) throw error;
        ack({ effect: error.effect });
      } finally {
        await root.close();
      }
    },
    check(fs, seen: Seen<Told>) {
      assert.deepEqual(seen.leaks, []);
      for (const told of seen.acks) check(fs, told);
    },
  };
}

const reads: Record<string, (root: Root) => Promise<unknown>> = {
  readFile: (root) => root.readFile("a/b/f", "utf8"),
  "readFile through a link": (root) => root.readFile("link/f", "utf8"),
  readdir: (root) => root.readdir("a/b"),
  stat: async (root) => String((await root.stat("a/b/f", { bigint: true })).size),
};

function sizeOutside(fs: NodeFileSystem): string {
  return JSON.stringify(String(fs.statSync("/outside/a/b/f").size));
}

describe.each(Object.entries(reads))("%s by path", (name, body) => {
  test.each([1, 2] as const)("returns nothing from outside, moves: %i", async (moves) => {
    useSleepingClock();
    const scenario = attacked(name, body, (fs, { result, effect }) => {
      assert.ok(result === undefined || !result.includes("outside"), `returned ${result}`);
      assert.ok(result === undefined || result !== sizeOutside(fs), "the size of the one outside");
      assert.ok(effect === undefined || effect === "none", "a read changes nothing");
    });
    const report = await exploreInterference(scenario, { adversaries, moves });
    assertPassed(report);
    for (const { name: who } of adversaries) expect(report.landed[who]).toBeGreaterThan(5);
  });
});

const changes: Record<string, (root: Root) => Promise<unknown>> = {
  writeFile: (root) => root.writeFile("a/b/f", "written", { durable: false }),
  "writeFile of a new file": (root) => root.create("a/b/new", "written", { durable: false }),
};

function outsideNow(fs: NodeFileSystem): string[] {
  const names = fs.readdirSync("/outside", { recursive: true }) as string[];
  return names
    .toSorted()
    .map((name) =>
      /f$|new$/.test(name) ? `${name}: ${fs.readFileSync(`/outside/${name}`)}` : name,
    );
}
const untouched = [
  "a",
  "a/b",
  "a/b/f: outside in b",
  "a/b/outside",
  "a/f: outside in a",
  "f: outside in top",
];

describe.each(Object.entries(changes))("%s by path", (name, body) => {
  test.each([1, 2] as const)(
    "is never said to have succeeded elsewhere, moves: %i",
    async (moves) => {
      useSleepingClock();
      const scenario = attacked(name, body, (fs, { result, effect }) => {
        const now = outsideNow(fs);
        if (now.join() === untouched.join()) return;
        // A directory of ours that was moved there is no change made there.
        assert.equal(result, undefined, `reported success, and outside is ${now.join(", ")}`);
        assert.equal(effect, "unknown", `effect "${effect}", and outside is ${now.join(", ")}`);
      });
      const report = await exploreInterference(scenario, { adversaries, moves });
      assertPassed(report);
    },
  );
});
