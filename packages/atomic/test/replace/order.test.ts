import {
  linkSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { createFileAtomic, replaceFileAtomic } from "../../src/index.ts";
import { needs } from "../support/needs.ts";
import { tempDir } from "../support/temp-dir.ts";
import { failureOf, stagedIn } from "./forms.ts";

/** Something to be waited for, and the means to end the waiting. */
function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

async function* after(opened: Promise<void>, text: string): AsyncGenerator<string> {
  await opened;
  yield text;
}

/** One directory `d` with a file `a`, and other names for it. */
function aliases(there: boolean): {
  readonly dir: string;
  readonly names: readonly (string | URL)[];
} {
  const dir = tempDir();
  const d = join(dir, "d");
  mkdirSync(join(d, "sub"), { recursive: true });
  if (there) writeFileSync(join(d, "a"), "old");
  symlinkSync("d", join(dir, "directory-link"));
  symlinkSync("a", join(d, "link"));
  symlinkSync(join(dir, "directory-link", "link"), join(dir, "link-to-link"));
  const names = [
    join(d, "a"),
    `${d}/./a`,
    `${d}//a`,
    `${d}/sub/../a`,
    `${dir}/directory-link/a`,
    `${d}/link`,
    `${dir}/link-to-link`,
    relative(process.cwd(), join(d, "a")),
    pathToFileURL(join(d, "a")),
  ];
  return { dir, names };
}

describe("calls at once in one process", () => {
  describe.runIf(needs("posix")).each([true, false])(
    "A15: the file was there before: %s",
    (there) => {
      it("two names for one file: the later call wins, whichever is slower", async () => {
        const all = aliases(there).names.map((_, at) => at);
        for (const [a, b] of all.flatMap((x) => all.map((y) => [x, y] as const))) {
          const { dir, names: paths } = aliases(there);
          const { opened, open } = gate();
          // The first would come to its end last, if it were not waited for.
          const first = replaceFileAtomic({ filePath: paths[a]!, content: after(opened, "first") });
          const second = replaceFileAtomic({ filePath: paths[b]!, content: "second" });
          await new Promise(setImmediate);
          open();
          await Promise.all([first, second]);
          const text = readFileSync(join(dir, "d", "a"), "utf8");
          // The names are compared too, so that a failure says which they were.
          const about = [String(paths[a]), String(paths[b])];
          expect([...about, text]).toEqual([...about, "second"]);
          expect(stagedIn(dir)).toEqual([]);
        }
      });

      it("100 calls at once under all names: the last one wins, none fails", async () => {
        const { dir, names: paths } = aliases(there);
        const calls = Array.from({ length: 100 }, (_, at) =>
          replaceFileAtomic({ filePath: paths[at % paths.length]!, content: `call ${at}` }),
        );
        const receipts = await Promise.all(calls);
        expect(readFileSync(join(dir, "d", "a"), "utf8")).toBe("call 99");
        expect(receipts.filter(({ created }) => created)).toHaveLength(there ? 0 : 1);
        expect(stagedIn(dir)).toEqual([]);
      });
    },
  );

  it("A15: 100 calls at once to one path end in the order in which they were made", async () => {
    const filePath = join(tempDir(), "file");
    const ended: number[] = [];
    await Promise.all(
      Array.from({ length: 100 }, async (_, at) => {
        await replaceFileAtomic({ filePath, content: String(at), syncTempFile: false });
        ended.push(at);
      }),
    );
    expect(ended).toEqual(ended.map((_, at) => at));
    expect(readFileSync(filePath, "utf8")).toBe("99");
    expect(readdirSync(join(filePath, "..")).toSorted()).toEqual(["file"]);
  });

  it("A15: of 100 that create one file, the first succeeds and the others get EEXIST", async () => {
    const filePath = join(tempDir(), "file");
    const ends = await Promise.allSettled(
      Array.from({ length: 100 }, (_, at) => createFileAtomic({ filePath, content: String(at) })),
    );
    expect(ends.map(({ status }) => status)).toEqual(
      ends.map((_, at) => (at === 0 ? "fulfilled" : "rejected")),
    );
    for (const end of ends.slice(1) as PromiseRejectedResult[]) {
      expect(end.reason).toMatchObject({ code: "EEXIST", effect: "none" });
    }
    expect(readFileSync(filePath, "utf8")).toBe("0");
    expect(readdirSync(join(filePath, "..")).toSorted()).toEqual(["file"]);
  });

  it.each([{}, { syncTempFile: false }])(
    "different targets run at once, also of one name in two directories (%o)",
    async (options) => {
      const { opened, open } = gate();
      const dir = tempDir();
      const other = tempDir();
      const slow = replaceFileAtomic({
        filePath: join(dir, "file"),
        content: after(opened, "slow"),
        ...options,
      });
      // Each would wait for ever if it waited for the slow one.
      await replaceFileAtomic({ filePath: join(other, "file"), content: "quick", ...options });
      await replaceFileAtomic({ filePath: join(dir, "file2"), content: "quick", ...options });
      expect(readdirSync(dir)).not.toContain("file");
      open();
      await slow;
      expect(readFileSync(join(dir, "file"), "utf8")).toBe("slow");
    },
  );

  it("A15: a call that is aborted in the queue lets nobody past the one before it", async () => {
    const filePath = join(tempDir(), "file");
    const { opened, open } = gate();
    const controller = new AbortController();
    const { signal } = controller;
    const first = replaceFileAtomic({ filePath, content: after(opened, "first") });
    const second = failureOf(replaceFileAtomic({ filePath, content: "second", signal }));
    const third = replaceFileAtomic({ filePath, content: "third" });
    await new Promise(setImmediate);
    controller.abort();
    // It does not wait for its turn to be told.
    expect(await second).toMatchObject({ code: "ABORT_ERR", effect: "none" });
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
    open();
    await Promise.all([first, third]);
    expect(readFileSync(filePath, "utf8")).toBe("third");
  });

  it.runIf(needs("posix"))(
    "A15: when the first in line fails early, a call under another name still waits for the second",
    async () => {
      const dir = tempDir();
      mkdirSync(join(dir, "d"));
      const filePath = join(dir, "d", "file");
      // A link to the directory: where it leads is known as soon as that is known of the first.
      const alias = join(dir, "alias", "file");
      writeFileSync(filePath, "old");
      symlinkSync("d", join(dir, "alias"));
      for (let trial = 0; trial < 20; trial++) {
        const first = failureOf(createFileAtomic({ filePath, content: "never" }));
        const second = replaceFileAtomic({ filePath, content: "second" });
        const third = replaceFileAtomic({ filePath: alias, content: `third ${trial}` });
        expect((await first).code).toBe("EEXIST");
        await Promise.all([second, third]);
        expect(readFileSync(filePath, "utf8")).toBe(`third ${trial}`);
      }
    },
  );

  it("a call that fails does not hold up the ones behind it", async () => {
    const filePath = join(tempDir(), "file");
    const failing = replaceFileAtomic({
      filePath,
      content: "no",
      beforeRename: () => {
        throw new Error("no");
      },
    });
    const calls = [failing, replaceFileAtomic({ filePath, content: "yes" })];
    const ends = await Promise.allSettled(calls);
    expect(ends.map(({ status }) => status)).toEqual(["rejected", "fulfilled"]);
    expect(readFileSync(filePath, "utf8")).toBe("yes");
  });

  it("a file with two names is two targets, each of which gets its own", async () => {
    const dir = tempDir();
    writeFileSync(join(dir, "a"), "old");
    linkSync(join(dir, "a"), join(dir, "b"));
    await Promise.all([
      replaceFileAtomic({ filePath: join(dir, "a"), content: "for a" }),
      replaceFileAtomic({ filePath: join(dir, "b"), content: "for b" }),
    ]);
    expect(readFileSync(join(dir, "a"), "utf8")).toBe("for a");
    expect(readFileSync(join(dir, "b"), "utf8")).toBe("for b");
  });
});
