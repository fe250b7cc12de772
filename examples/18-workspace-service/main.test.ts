import { createHash } from "node:crypto";
import * as nodeFs from "node:fs";
import {
  link,
  lstat,
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  readlink,
  rename,
  rm,
  symlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readJsonLog } from "@holdfast/json";
import { acquireLock } from "@holdfast/lock";
import { openRoot } from "@holdfast/root";
import { hang, injectFaults, nth, once, rule } from "@holdfast/testing";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { needs } from "../../packages/atomic/test/support/needs.ts";
import { tempDir, tmpfsParent } from "../../packages/atomic/test/support/temp-dir.ts";
import * as ours from "./main.ts";
import * as plain from "./plain.ts";

vi.setConfig({ testTimeout: 60_000 });

type Workspace = Omit<ours.Workspace, "settings">;
type Open = (directory: string, fileSystem?: typeof nodeFs) => Promise<Workspace>;

let folder: string;
let inside: string;
let outside: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "example-18-"));
  await furnish();
});
afterEach(() => rm(folder, { recursive: true }));

async function furnish(): Promise<void> {
  inside = join(folder, "workspace");
  outside = join(folder, "outside");
  for (const one of [join(inside, "src"), join(inside, ".git/hooks"), outside])
    await mkdir(one, { recursive: true });
  await writeFile(join(inside, "src/main.ts"), "start(7)");
  await writeFile(join(inside, ".env"), "TOKEN=secret");
  await writeFile(join(outside, "main.ts"), "start(7)"); // what it says must not be what saves it
  await writeFile(join(outside, "secret"), "not yours");
}

const hash = (content: Buffer | string): string =>
  createHash("sha256").update(content).digest("hex");

/** All that is in a directory, with what it holds and what its state is. */
async function listing(directory: string): Promise<string[]> {
  const lines = (await readdir(directory, { recursive: true })).toSorted().map(async (name) => {
    const path = join(directory, name);
    const stats = await lstat(path);
    const { mode, nlink, mtimeMs } = stats;
    const what = stats.isFile()
      ? hash(await readFile(path))
      : stats.isSymbolicLink()
        ? await readlink(path)
        : "";
    return `${name} ${mode.toString(8)} ${nlink} ${mtimeMs} ${what}`;
  });
  return await Promise.all(lines);
}

/** What somebody may do with the workspace open; it is closed whatever comes of it. */
async function using<Result>(
  open: Open,
  work: (workspace: Workspace) => Promise<Result>,
  fileSystem: typeof nodeFs = nodeFs,
): Promise<Result> {
  const workspace = await open(inside, fileSystem);
  try {
    return await work(workspace);
  } finally {
    await workspace.close();
  }
}

const result = <Result>(answer: ours.Answer<Result>): Result => {
  if (!answer.ok) throw new Error(answer.code);
  return answer.result;
};

const both: [string, Open][] = [
  ["plain", plain.openWorkspace],
  ["ours", ours.openWorkspace],
];

describe.each(both)("a day of work, %s", (_, open) => {
  test("files are read, changed, made; who has not seen the last change is told so", () =>
    using(open, async (workspace) => {
      const { content, etag } = result(await workspace.read("src/main.ts"));
      expect(content).toBe("start(7)");
      const changed = result(await workspace.write("src/main.ts", "start(8)", etag));
      expect(await workspace.write("src/main.ts", "start(9)", etag)).toMatchObject({
        ok: false,
        code: "ERR_CHANGED",
      });
      expect(result(await workspace.read("src/main.ts"))).toEqual({
        content: "start(8)",
        ...changed,
      });
      result(await workspace.write("docs/new.md", "# new", "none"));
      expect(await readFile(join(inside, "docs/new.md"), "utf8")).toBe("# new");
    }));

  test("a directory is uploaded, and uploaded again", () =>
    using(open, async (workspace) => {
      result(await workspace.upload("site", { "index.html": "one", "js/a.js": "a" }));
      result(await workspace.upload("site", { "index.html": "two" }));
      expect(result(await workspace.read("site/index.html")).content).toBe("two");
      expect(await readdir(join(inside, "site"))).toEqual(["index.html"]);
    }));

  test("what leads out by its words is refused", () =>
    using(open, async (workspace) => {
      for (const path of ["../outside/secret", "src/../../outside/secret", join(outside, "secret")])
        expect(await workspace.read(path)).toMatchObject({ code: "ERR_PATH_ESCAPES", alarm: true });
      for (const path of [".env", ".git/hooks/post-checkout", ".service/log.jsonl"])
        expect(await workspace.write(path, "x", "none")).toMatchObject({ code: "ERR_DENIED" });
    }));
});

describe("ours, the rest of it", () => {
  test("each error has its own answer", () =>
    using(ours.openWorkspace, async (workspace) => {
      await writeFile(join(inside, "movie"), Buffer.alloc(1_000_001));
      await writeFile(join(inside, "site"), "no upload");
      const answers = [
        await workspace.read(""),
        await workspace.read(".env"),
        await workspace.read("missing"),
        await workspace.read("src"),
        await workspace.read("movie"),
        await workspace.write("src/main.ts", "x", "none"),
        await workspace.upload("site", { a: "a" }),
        await workspace.upload("other", { "../../src/main.ts": "x" }),
        await workspace.upload(".git/hooks/here", { a: "a" }),
      ];
      expect(answers.map((one) => (one.ok ? "ok" : `${one.status} ${one.code}`))).toEqual([
        "400 ERR_PATH_INVALID",
        "403 ERR_DENIED",
        "404 ENOENT",
        "409 EISDIR",
        "413 ERR_TOO_LARGE",
        "412 ERR_CHANGED",
        "409 EINVAL",
        "403 ERR_PATH_ESCAPES",
        "403 ERR_DENIED",
      ]);
      expect(answers.filter((one) => !one.ok && one.alarm)).toHaveLength(3);
      // What failed has left nothing.
      expect(await readdir(join(inside, ".uploads"))).toEqual([]);
      expect(await readdir(join(inside, ".git/hooks"))).toEqual([]);
      const log = join(inside, ".service/log.jsonl");
      const outcomes: unknown[] = [];
      for await (const { value } of readJsonLog(log))
        outcomes.push((value as { outcome: string }).outcome);
      expect(outcomes).toEqual(answers.map((one) => (one.ok ? "ok" : one.code)));
    }));

  test("an upload replaces the tree in one step: its readers see the old one or the new one", () =>
    using(ours.openWorkspace, async (workspace) => {
      const files = (version: string): ours.Files =>
        Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`d/${i}`, version]));
      result(await workspace.upload("src/site", files("one")));
      let over = false;
      const seen = new Set<string>();
      const reading = (async () => {
        while (!over)
          seen.add(
            String(
              await readFile(join(inside, "src/site/d/7"), "utf8").catch(
                (error: NodeJS.ErrnoException) => error.code,
              ),
            ),
          );
      })();
      try {
        for (const version of ["two", "three"]) {
          result(await workspace.upload("src/site", files(version)));
          await Promise.all([
            workspace.upload("src/site", { bad: "x", "../bad": "x" }),
            workspace.read("src/site/d/0"),
          ]);
          expect(result(await workspace.read("src/site/d/19")).content).toBe(version);
        }
      } finally {
        over = true;
        await reading;
      }
      expect([...seen].every((one) => ["one", "two", "three"].includes(one))).toBe(true);
      expect(await readdir(join(inside, ".uploads"))).toHaveLength(1); // the old ones are gone
      expect((await readdir(join(inside, "src"))).toSorted()).toEqual(["main.ts", "site"]);
      // And what was uploaded is changed by an upload alone.
      expect(await workspace.write("src/site/d/0", "x", hash("three"))).toMatchObject({
        code: "ERR_DENIED",
      });
    }));

  test("a link that somebody has planted is replaced, and what it leads to is not taken for an old upload", () =>
    using(ours.openWorkspace, async (workspace) => {
      await symlink(".git", join(inside, "site"));
      result(await workspace.upload("site", { a: "a" }));
      expect(result(await workspace.read("site/a")).content).toBe("a");
      expect(await readdir(join(inside, ".git"))).toEqual(["hooks"]);
    }));

  test("uploads wait for the lock, which lies in the workspace", () =>
    using(ours.openWorkspace, async (workspace) => {
      const root = await openRoot(inside);
      const lock = await acquireLock({ root, path: ".service/upload" });
      const order: string[] = [];
      const upload = workspace.upload("site", { a: "a" }).then(() => order.push("uploaded"));
      // Nobody else waits: and there is time enough for an upload that does not either.
      for (let i = 0; i < 30; i++) result(await workspace.read("src/main.ts"));
      order.push("released");
      await lock.release();
      await upload;
      expect(order).toEqual(["released", "uploaded"]);
      await root.close();
    }));

  test("of uploads that are made at once one stays, and no other is left over", () =>
    using(ours.openWorkspace, async (workspace) => {
      const versions = ["one", "two", "three", "four"];
      await Promise.all(versions.map(async (a) => result(await workspace.upload("site", { a }))));
      expect(versions).toContain(result(await workspace.read("site/a")).content);
      expect(await readdir(join(inside, ".uploads"))).toHaveLength(1);
    }));

  test("settings are the service's own, and a client cannot raise a limit", async () => {
    const workspace = await ours.openWorkspace(inside);
    expect(
      await workspace.write(".service/settings.json", '{"maxFileBytes":9e9}', "none"),
    ).toMatchObject({ code: "ERR_DENIED" });
    await workspace.settings.update(() => ({ maxFileBytes: 4 }));
    await workspace.close();
    await using(ours.openWorkspace, async (again) => {
      expect(await again.read("src/main.ts")).toMatchObject({ status: 413 });
    });
  });

  test.runIf(needs("linux", "second-device"))(
    "files move in from another device, and out to it",
    () =>
      using(ours.openWorkspace, async (workspace) => {
        const elsewhere = tempDir(tmpfsParent());
        expect((await lstat(elsewhere)).dev).not.toBe((await lstat(inside)).dev);
        const text = "x".repeat(100_000);
        await writeFile(join(elsewhere, "in"), text);
        await expect(rename(join(elsewhere, "in"), join(inside, "x"))).rejects.toThrow("EXDEV");
        result(await workspace.moveIn(join(elsewhere, "in"), "data/in"));
        expect(await readdir(elsewhere)).toEqual([]);
        expect(await workspace.moveOut("data/in", join(elsewhere, "out"))).toMatchObject({
          ok: true,
        });
        expect(await readFile(join(elsewhere, "out"), "utf8")).toBe(text);
        expect(await readdir(join(inside, "data"))).toEqual([]);
        // What fails leaves the file where it was.
        expect(await workspace.moveIn(join(elsewhere, "out"), "src/main.ts")).toMatchObject({
          code: "EEXIST",
        });
        expect(await workspace.moveIn(join(elsewhere, "out"), ".git/hooks/x")).toMatchObject({
          alarm: true,
        });
        expect(await workspace.moveOut("src/main.ts", join(elsewhere, "out"))).toMatchObject({
          code: "EEXIST",
        });
        expect(await readdir(elsewhere)).toEqual(["out"]);
        expect(await readFile(join(inside, "src/main.ts"), "utf8")).toBe("start(7)");
      }),
  );
});

/** A trap in the tree, laid before the call, and what falls into it. */
const traps: [
  string,
  () => Promise<void>,
  (workspace: Workspace) => Promise<ours.Answer<unknown>>,
][] = [
  [
    "a file by a link to ..",
    () => symlink("..", join(inside, "up")),
    (workspace) => workspace.write("up/outside/secret", "taken", hash("not yours")),
  ],
  [
    "a new file by a link to a directory",
    () => symlink(outside, join(inside, "docs")),
    (workspace) => workspace.write("docs/new", "taken", "none"),
  ],
  [
    "an upload by a link to a directory",
    () => symlink("../outside", join(inside, "docs")),
    (workspace) => workspace.upload("docs/site", { a: "taken" }),
  ],
  [
    "a file moved in by a link",
    () => symlink("../outside", join(inside, "docs")),
    (workspace) => workspace.moveIn(join(inside, "src/main.ts"), "docs/main.ts"),
  ],
  [
    "a file moved out by a link",
    () => symlink("../outside", join(inside, "docs")),
    (workspace) => workspace.moveOut("docs/secret", join(folder, "got")),
  ],
  [
    "a file with a second name outside",
    () => link(join(outside, "secret"), join(inside, "notes")),
    (workspace) => workspace.write("notes", "taken", hash("not yours")),
  ],
];

describe.each(traps)("%s", (_, lay, fall) => {
  test("plain: is changed", async () => {
    await lay();
    const before = await listing(outside);
    expect(await using(plain.openWorkspace, fall)).toMatchObject({ ok: true });
    expect(await listing(outside)).not.toEqual(before);
  });

  test("ours: is refused, and nothing outside has changed", async () => {
    await lay();
    const before = await listing(outside);
    expect(await using(ours.openWorkspace, fall)).toMatchObject({
      ok: false,
      status: 403,
      code: expect.stringMatching(/^ERR_(PATH_ESCAPES|HARDLINK)$/) as string,
      alarm: true,
    });
    expect(await listing(outside)).toEqual(before);
  });
});

test("reading: plain gives what is outside away, ours does not", async () => {
  await symlink("..", join(inside, "up"));
  await link(join(outside, "secret"), join(inside, "notes"));
  for (const path of ["up/outside/secret", "notes"]) {
    const read = (workspace: Workspace) => workspace.read(path);
    expect(await using(plain.openWorkspace, read)).toMatchObject({
      result: { content: "not yours" },
    });
    expect(await using(ours.openWorkspace, read)).toMatchObject({ status: 403, alarm: true });
  }
});

/** Somebody who may write in the workspace, and exchanges a name between two calls of the service. */
const swaps: [string, () => Promise<void>][] = [
  [
    "a directory for a link",
    async () => {
      await rename(join(inside, "src"), join(inside, "aside"));
      await symlink(outside, join(inside, "src"));
    },
  ],
  [
    "a file for a link",
    async () => {
      await rm(join(inside, "src/main.ts"));
      await symlink(join(outside, "main.ts"), join(inside, "src/main.ts"));
    },
  ],
];

/**
 * Lets the service write `src/main.ts` again and again, each time with the swap before another one of its
 * asynchronous calls: the first, the second, … until there is no such call. Says before which of them it
 * led out.
 */
async function swapAtEachCall(open: Open, swap: () => Promise<void>) {
  const ledOut: number[] = [];
  for (let n = 1; ; n++) {
    await rm(folder, { recursive: true });
    await furnish();
    const before = await listing(outside);
    const moment = rule(nth(n), hang(), once());
    let under: (typeof nodeFs)["promises"] = nodeFs.promises;
    // Everything that comes before the write is let alone.
    const promises = new Proxy(nodeFs.promises, {
      get: (_, name) => Reflect.get(under, name) as unknown,
    });
    const swapped = await using(
      open,
      async (workspace) => {
        under = injectFaults(nodeFs, moment).promises;
        const seen = hash("start(7)");
        const writing = workspace.write("src/main.ts", "taken", seen).then(() => false);
        const reached = await Promise.race([writing, moment.reached().then(() => true)]);
        if (!reached) {
          void moment.reached().then(() => moment.release()); // by what closing does
          return false;
        }
        await swap();
        moment.release();
        await writing;
        return true;
      },
      { ...nodeFs, promises },
    );
    if (!swapped) return { calls: n - 1, ledOut };
    if ((await listing(outside)).join() !== before.join()) ledOut.push(n);
  }
}

describe.runIf(needs("linux"))("between two calls somebody swaps", () => {
  test.each(swaps)("%s: plain is led out", async (_, swap) => {
    const { ledOut } = await swapAtEachCall(plain.openWorkspace, swap);
    expect(ledOut).not.toEqual([]);
  });

  test.each(swaps)("%s: ours is not, at any of its calls", async (_, swap) => {
    const { calls, ledOut } = await swapAtEachCall(ours.openWorkspace, swap);
    expect(ledOut).toEqual([]);
    expect(calls).toBeGreaterThan(20);
  });
});
