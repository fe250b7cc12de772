import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { isHoldfastError } from "@holdfast/fs";
import { needs } from "../../../atomic/test/support/needs.ts";
import { onTmpfs, tempDir } from "../../../atomic/test/support/temp-dir.ts";
import type { Root } from "../../src/index.ts";
import { openByPath } from "./support/identity-root.ts";
import { interruptedFs } from "./support/interrupted-fs.ts";

vi.setConfig({ testTimeout: 120_000 });

interface Place {
  readonly root: string;
  readonly outside: string;
}

function plant(dir: string): Place {
  for (const place of ["inside", "outside"]) {
    rmSync(join(dir, place), { recursive: true, force: true });
    mkdirSync(join(dir, place, "a/b"), { recursive: true });
    writeFileSync(join(dir, place, "a/b/f"), `${place} content`);
    writeFileSync(join(dir, place, "a/b", place), "");
    if (place === "outside") mkdirSync(join(dir, place, "x"));
  }
  return { root: join(dir, "inside"), outside: join(dir, "outside") };
}

interface Swap {
  readonly swap: () => void;
  readonly back: () => void;
}

/** What is inside at this path is for a time what is outside at the same path. */
const byLink = ({ root, outside }: Place, path: string): Swap => ({
  swap() {
    if (!existsSync(join(root, path))) return; // nothing has been made there yet
    renameSync(join(root, path), `${join(root, path)}.aside`);
    symlinkSync(join(outside, path), join(root, path));
  },
  back() {
    if (!existsSync(`${join(root, path)}.aside`)) return;
    rmSync(join(root, path)); // a link, or a file that has come in its place
    renameSync(`${join(root, path)}.aside`, join(root, path));
  },
});

const outsideNow = ({ outside }: Place): string =>
  readdirSync(join(outside, "a/b"))
    .toSorted()
    .map((name) => `${name}: ${readFileSync(join(outside, "a/b", name), "utf8")}`)
    .join();

type Told = { readonly result: unknown } | { readonly error: unknown };

/** Runs with the swap before call n, and back before call m: for all n < m, also never back. */
async function forAllPairs(
  dir: string,
  path: string,
  work: (root: Root) => Promise<unknown>,
  check: (told: Told, place: Place, when: string) => void,
): Promise<number> {
  const run = async (first: number, second: number): Promise<number> => {
    const place = plant(join(dir, `${first}-${second}`));
    const { swap, back } = byLink(place, path);
    const opened = { at: Infinity };
    const { fileSystem, calls } = interruptedFs((call) => {
      if (call === opened.at + first) swap();
      if (call === opened.at + second) back();
    });
    const root = await openByPath(place.root, fileSystem);
    opened.at = calls();
    let told: Told;
    try {
      told = { result: await work(root) };
    } catch (error) {
      told = { error };
    }
    const made = calls() - opened.at;
    await root.close();
    back();
    check(told, place, `swapped before call ${first}, back before call ${second} of ${made}`);
    return made;
  };
  const calls = await run(0, 0); // undisturbed
  const pairs: [number, number][] = [];
  for (let first = 1; first <= calls; first++) {
    for (let second = first + 1; second <= calls + 1; second++) pairs.push([first, second]);
  }
  // Mostly they wait for stamps to grow old.
  const workers = Array.from({ length: 8 }, async (_, nth) => {
    for (const [index, pair] of pairs.entries()) if (index % 8 === nth) await run(...pair);
  });
  // All of them end before the first failure is told, and the directory removed.
  const ended = await Promise.allSettled(workers);
  for (const end of ended) if (end.status === "rejected") throw end.reason;
  return pairs.length;
}

const reads = {
  readFile: (root: Root) => root.readFile("a/b/f", "utf8"),
  readdir: async (root: Root) => (await root.readdir("a/b")).join(),
  stat: async (root: Root) => String((await root.stat("a/b/f")).size),
} satisfies Record<string, (root: Root) => Promise<unknown>>;

/** What each may say when it succeeds: where the file itself is swapped, what is inside then is a link. */
const inside = {
  readFile: /^inside content$/,
  readdir: /^f,(f\.aside,)?inside$/,
  stat: /^(?!15$)/, // the one outside has 15 bytes
};

test
  .runIf(needs("tmpfs"))
  .each(
    Object.keys(reads).flatMap((name) =>
      ["a", "a/b", "a/b/f"].map((path) => [name, path] as const),
    ),
  )(
  "%s returns nothing from outside, whenever %s is swapped and swapped back",
  async (name, path) => {
    let succeeded = 0;
    const read = reads[name as keyof typeof reads];
    const cases = await forAllPairs(onTmpfs(), path, read, (told, _place, when) => {
      if ("result" in told) {
        succeeded++;
        assert.match(String(told.result), inside[name as keyof typeof inside], when);
      } else {
        assert.equal(effectOf(told), "none", when);
      }
    });
    expect(cases).toBeGreaterThan(10);
    // A swap that is taken back is over soon, and a call that changes nothing is made again.
    expect(succeeded).toBeGreaterThan(1);
  },
);

const effectOf = (told: Told): string | undefined =>
  "error" in told && isHoldfastError(told.error) ? told.error.effect : undefined;

/** A change may be made out there only if the call says that it may have been. */
function checkChange(told: Told, madeOutside: boolean, when: string): void {
  if (madeOutside) assert.equal(effectOf(told), "unknown", when);
}

test.each(["a", "a/b"])(
  "writeFile tells of nothing elsewhere as done, %s swapped",
  async (path) => {
    const write = (root: Root): Promise<unknown> =>
      root.writeFile("a/b/f", "written", { durable: false });
    const cases = await forAllPairs(tempDir(), path, write, (told, place, when) => {
      checkChange(told, outsideNow(place) !== "f: outside content,outside: ", when);
      if ("result" in told) {
        assert.equal(readFileSync(join(place.root, "a/b/f"), "utf8"), "written", when);
      }
    });
    expect(cases).toBeGreaterThan(10);
  },
);

test("writeFile into a directory that it has made tells of nothing elsewhere as done", async () => {
  const write = (root: Root): Promise<unknown> =>
    root.writeFile("x/f", "written", { durable: false, create: true });
  const cases = await forAllPairs(tempDir(), "x", write, (told, place, when) => {
    checkChange(told, existsSync(join(place.outside, "x/f")), when);
  });
  expect(cases).toBeGreaterThan(10);
});

test.each(["a", "a/b"])("unlink tells of nothing elsewhere as done, %s swapped", async (path) => {
  const unlink = (root: Root): Promise<unknown> => root.unlink("a/b/f");
  const cases = await forAllPairs(tempDir(), path, unlink, (told, place, when) => {
    checkChange(told, !existsSync(join(place.outside, "a/b/f")), when);
  });
  expect(cases).toBeGreaterThan(10);
});
