import {
  existsSync,
  lstatSync,
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
  swap(): void;
  back(): void;
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
  await Promise.all(workers);
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
    const cases = await forAllPairs(
      onTmpfs(),
      path,
      reads[name as keyof typeof reads],
      (told, _place, when) => {
        if ("result" in told) {
          succeeded++;
          expect(told.result, when).toMatch(inside[name as keyof typeof inside]);
        } else {
          expect(isHoldfastError(told.error) && told.error.effect, when).toBe("none");
        }
      },
    );
    expect(cases).toBeGreaterThan(10);
    // A swap that is taken back is over soon, and a call that changes nothing is made again.
    expect(succeeded).toBeGreaterThan(1);
  },
);

test.each(["a", "a/b"])(
  "writeFile tells of nothing elsewhere as done, %s swapped",
  async (path) => {
    await forAllPairs(
      tempDir(),
      path,
      (root) => root.writeFile("a/b/f", "written", { durable: false }),
      (told, place, when) => {
        const now = outsideNow(place);
        if ("result" in told) {
          expect(now, when).toBe("f: outside content,outside: ");
          expect(readFileSync(join(place.root, "a/b/f"), "utf8"), when).toBe("written");
        } else if (now !== "f: outside content,outside: ") {
          expect(isHoldfastError(told.error) && told.error.effect, when).toBe("unknown");
        }
      },
    );
  },
);

test("writeFile into a directory that it has made tells of nothing elsewhere as done", async () => {
  await forAllPairs(
    tempDir(),
    "x",
    (root) => root.writeFile("x/f", "written", { durable: false, create: true }),
    (told, place, when) => {
      const elsewhere = existsSync(join(place.outside, "x/f"));
      if ("result" in told) expect(elsewhere, when).toBe(false);
      else if (elsewhere) {
        expect(isHoldfastError(told.error) && told.error.effect, when).toBe("unknown");
      }
    },
  );
});

test.each(["a", "a/b"])("unlink tells of nothing elsewhere as done, %s swapped", async (path) => {
  await forAllPairs(
    tempDir(),
    path,
    (root) => root.unlink("a/b/f"),
    (told, place, when) => {
      const gone = !lstatSync(join(place.outside, "a/b/f"), { throwIfNoEntry: false });
      if ("result" in told) expect(gone, when).toBe(false);
      else if (gone) expect(isHoldfastError(told.error) && told.error.effect, when).toBe("unknown");
    },
  );
});
