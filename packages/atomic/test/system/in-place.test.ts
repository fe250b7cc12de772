import {
  closeSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { randomBytes } from "node:crypto";
import { describe, expect, it, vi } from "vitest";
import { isHoldfastError, type HoldfastError, type ReplaceFileReceipt } from "../../src/index.ts";
import { faultyFileSystem, type FaultPlan } from "../support/faulty-file-system.ts";
import { needs } from "../support/needs.ts";
import { sweepFaults, type Injected } from "../support/sweep-faults.ts";
import { onTmpfs, tempDir } from "../support/temp-dir.ts";
import { failure, look, makeFifo, replaceForms, type Replace } from "./both-forms.ts";
import { expectAt } from "./expect-at.ts";

// Processes and disks are slow on a busy machine, and nothing here is about time.
vi.setConfig({ testTimeout: 30_000 });

/** What somebody else does to the target, and how to see afterwards that their work was not harmed. */
interface Interference {
  readonly name: string;
  readonly act: (target: string, dir: string) => void;
  /** Where their content is. */
  readonly theirs?: (target: string, dir: string) => string;
}

const others = "somebody else's content";
const put = (path: string): string => {
  writeFileSync(path, others);
  return path;
};

const interferences: readonly Interference[] = [
  { name: "vanishes", act: (target) => unlinkSync(target) },
  {
    name: "is swapped for another file",
    act: (target, dir) => renameSync(put(join(dir, "other")), target),
    theirs: (target) => target,
  },
  {
    name: "moves away",
    act: (target, dir) => renameSync(target, join(dir, "moved")),
  },
  {
    name: "becomes a link to another file",
    act: (target, dir) => {
      put(join(dir, "victim"));
      unlinkSync(target);
      symlinkSync("victim", target);
    },
    theirs: (_, dir) => join(dir, "victim"),
  },
  {
    name: "becomes a link to where it moved",
    act: (target, dir) => {
      renameSync(target, join(dir, "moved"));
      symlinkSync("moved", target);
    },
  },
  {
    name: "becomes a dangling link",
    act: (target) => {
      unlinkSync(target);
      symlinkSync("nowhere", target);
    },
  },
  {
    name: "becomes a directory",
    act: (target) => {
      unlinkSync(target);
      mkdirSync(target);
    },
  },
  {
    name: "becomes a FIFO",
    act: (target) => {
      unlinkSync(target);
      makeFifo(target);
    },
  },
];

const content = "the new content, longer than the old one";

/** A rename that is impossible: what sends a replacement into the file itself. */
const crossing: FaultPlan = ({ name }) =>
  name === "rename" ? { fail: "EXDEV", when: "before" } : undefined;

/** The calls of an undisturbed run; those that begin the protocol are not made again. */
async function undisturbed(replace: Replace): Promise<string[]> {
  const dir = onTmpfs();
  const filePath = join(dir, "target");
  writeFileSync(filePath, "old");
  const { fileSystem, calls } = faultyFileSystem({ plan: crossing });
  expect(await replace({ filePath, content, fileSystem })).toMatchObject({ method: "in-place" });
  return calls.map((call) => call.replaceAll(`${dir}/`, "").replaceAll(dir, "."));
}

/** "It was there before", of a file that was created; "it is gone", of one that is not. */
const liesAboutStaged = (injected: Injected | undefined): boolean =>
  (injected?.name === "open" && injected.errno === "EEXIST") ||
  (injected?.name === "unlink" && injected.errno === "ENOENT");

const stagedIn = (dir: string): string[] =>
  readdirSync(dir).filter((name) => name.startsWith(".holdfast-"));

function contentOf(path: string): string | undefined {
  try {
    return lstatSync(path).isFile() ? readFileSync(path, "utf8") : undefined;
  } catch {
    return undefined;
  }
}

describe.runIf(needs("linux", "tmpfs")).each(replaceForms)(
  "A9 $form in place, the target changing underfoot",
  ({ replace }) => {
    it.each(interferences)("A9 $name between any two calls", async ({ act, theirs }) => {
      const clean = await undisturbed(replace);
      // The first look at the file is over when its directory or the staged file is looked at.
      const seen = clean.findIndex((call) => call.startsWith("fstat")) + 1;
      // The last look at the file: what happens later is as if it happened after the call.
      const last = clean.lastIndexOf("lstat target") + 1;
      expect(last).toBeGreaterThan(clean.indexOf("fsync target") + 1);
      const opened = clean.indexOf("open target") + 1;
      const renamed = clean.findIndex((call) => call.startsWith("rename")) + 1;
      for (let at = seen; at <= clean.length; at++) {
        if (at === renamed) continue; // it fails: before it and before the next call are the same
        const dir = onTmpfs();
        const filePath = join(dir, "target");
        writeFileSync(filePath, "old");
        const original = openSync(filePath, "r");
        const faulty = faultyFileSystem({
          plan: (call) => {
            if (call.index === at) return { act: () => act(filePath, dir) };
            return crossing(call);
          },
        });
        let receipt: ReplaceFileReceipt | undefined;
        let error: HoldfastError | undefined;
        try {
          receipt = await replace({ filePath, content, fileSystem: faulty.fileSystem });
        } catch (thrown) {
          if (!isHoldfastError(thrown)) throw thrown;
          error = thrown;
        }
        const where = `before call ${at}: ${clean[at - 1]}`;
        expectAt(where, faulty.injections()).toBe(2);
        if (theirs !== undefined) {
          expectAt(where, readFileSync(theirs(filePath, dir), "utf8")).toBe(others);
        }
        expectAt(where, existsSync(join(dir, "nowhere"))).toBe(false);
        expectAt(where, faulty.openHandles()).toEqual([]);
        const inOriginal = readFileSync(original, "utf8");
        closeSync(original);
        if (at > last) {
          expectAt(where, receipt).toMatchObject({ method: "in-place" });
          continue;
        }
        expectAt(where, receipt).toBeUndefined();
        expectAt(where, error!.path).toBe(filePath);
        expectAt(where, ["ENOENT", "EISDIR", "ERR_CHANGED"]).toContain(error!.code);
        // Whatever came before the file was opened has kept it from being written.
        if (at <= opened) expectAt(where, error!.effect).toBe("none");
        if (error!.effect === "none") {
          expectAt(where, inOriginal).toBe("old");
          expectAt(where, stagedIn(dir)).toEqual([]);
        } else {
          // The file was open: it has been written, but it is not what has the name.
          expectAt(where, error!.effect).toBe("unknown");
          expectAt(where, inOriginal).toBe(content);
          expectAt(where, error!.leftovers).toEqual(stagedIn(dir).map((name) => join(dir, name)));
          expectAt(where, readFileSync(error!.leftovers[0]!, "utf8")).toBe(content);
        }
      }
    });

    it("A9 vanished: ENOENT, and not created again", async () => {
      const dir = onTmpfs();
      const filePath = join(dir, "target");
      writeFileSync(filePath, "old");
      const { fileSystem } = faultyFileSystem({
        plan: (call) =>
          call.name === "open" && call.path === filePath
            ? { act: () => unlinkSync(filePath) }
            : crossing(call),
      });
      const error = await failure(replace({ filePath, content, fileSystem }));
      expect(error).toMatchObject({ code: "ENOENT", effect: "none", path: filePath });
      expect(readdirSync(dir).toSorted()).toEqual([]);
    });

    it("A9 another name of the file goes while it is written through this one", async () => {
      const dir = onTmpfs();
      const filePath = join(dir, "target");
      writeFileSync(filePath, "old");
      linkSync(filePath, join(dir, "second"));
      const plan: FaultPlan = ({ name, path }) =>
        name === "ftruncate" && path === filePath ? { act: () => unlinkSync(filePath) } : undefined;
      const { fileSystem } = faultyFileSystem({ plan });
      const options = { filePath, content, fileSystem, hardlinks: "preserve" } as const;
      // The file lives on under its other name, so its link count says nothing.
      const error = await failure(replace(options));
      expect(error).toMatchObject({ code: "ERR_CHANGED", effect: "unknown" });
      expect(existsSync(filePath)).toBe(false);
      expect(readFileSync(error.leftovers[0]!, "utf8")).toBe(content);
    });

    it("A9 bytes arrive exactly, over a shorter, a longer and an empty file", async () => {
      const dir = onTmpfs();
      const filePath = join(dir, "target");
      // More than one round of copying, and not a whole number of them.
      const big = randomBytes(2_500_003);
      for (const [before, after] of [
        [Buffer.from("old"), big],
        [big, randomBytes(1_048_576)],
        [big, Buffer.from([0, 255, 13, 10, 128])],
        [big, Buffer.alloc(0)],
        [Buffer.alloc(0), big],
      ] as const) {
        writeFileSync(filePath, before);
        const { ino } = lstatSync(filePath);
        const { fileSystem } = faultyFileSystem({ plan: crossing });
        const receipt = await replace({ filePath, content: after, fileSystem });
        expect(receipt).toMatchObject({ method: "in-place", bytes: after.byteLength });
        expect(readFileSync(filePath).equals(after)).toBe(true);
        expect(lstatSync(filePath).ino).toBe(ino);
        expect(readdirSync(dir).toSorted()).toEqual(["target"]);
      }
    });

    it("A9 a mode that is right is not set, and a short write is continued", async () => {
      const dir = onTmpfs();
      const filePath = join(dir, "target");
      writeFileSync(filePath, "old", { mode: 0o640 });
      const { fileSystem, calls } = faultyFileSystem({
        plan: (call) =>
          call.name === "write" && call.path === filePath ? { atMostBytes: 7 } : crossing(call),
      });
      await replace({ filePath, content, fileSystem });
      expect(readFileSync(filePath, "utf8")).toBe(content);
      expect(calls).not.toContain(`fchmod ${filePath}`);
      expect(look(filePath).mode).toBe("640");
    });

    it("A9 a failure that comes before the first byte has no effect", async () => {
      const dir = onTmpfs();
      const filePath = join(dir, "target");
      writeFileSync(filePath, "old");
      // Reading back what was staged fails: the target has only been opened.
      const { fileSystem } = faultyFileSystem({
        plan: (call) => (call.name === "read" ? { fail: "EIO", when: "before" } : crossing(call)),
      });
      const error = await failure(replace({ filePath, content, fileSystem }));
      expect(error).toMatchObject({ code: "EIO", effect: "none", leftovers: [] });
      expect(readFileSync(filePath, "utf8")).toBe("old");
      expect(readdirSync(dir).toSorted()).toEqual(["target"]);
    });

    it("A9 each call failing, before, in and after the overwrite: coded, and the effect is true", async () => {
      const cases = await sweepFaults({
        prepare: (dir) => {
          const target = join(dir, "target");
          writeFileSync(target, "old content that is quite a bit longer than what replaces it");
          linkSync(target, join(dir, "second"));
          return { target, old: readFileSync(target, "utf8") };
        },
        run: ({ fileSystem, prepared }) =>
          replace({ filePath: prepared.target, content, fileSystem, hardlinks: "preserve" }),
        check: ({ failed, error, result, dir, prepared, injected, openHandles, callsOnClosed }) => {
          expect(openHandles).toEqual([]);
          expect(callsOnClosed).toEqual([]);
          const now = contentOf(prepared.target);
          const staged = stagedIn(dir).map((name) => join(dir, name));
          const unexplained = liesAboutStaged(injected) ? [] : staged;
          if (!failed) {
            // A file that is said to be absent is created, by a rename.
            const method = injected?.name === "lstat" ? result!.method : "in-place";
            expectAt("a success", { now, method: result!.method }).toEqual({
              now: content,
              method,
            });
            expectAt("staged files after a success", unexplained).toEqual([]);
            return;
          }
          if (!isHoldfastError(error)) throw error;
          expect(injected).toBeDefined();
          expect(error.path).toBe(prepared.target);
          if (error.effect === "none") expectAt("none", now).toBe(prepared.old);
          if (error.effect === "complete") expectAt("complete", now).toBe(content);
          if (error.effect === "partial") {
            expectAt("partial", error.leftovers.map(contentOf)).toEqual([content]);
          }
          // A staged file remains only if it is named: on purpose, or because removing it failed too.
          for (const path of unexplained) expect(error.leftovers).toContain(path);
          if (injected!.mode === "before" && error.effect === "none") {
            expectAt("one failure, without effect", unexplained).toEqual([]);
          }
        },
      });
      expect(cases).toBeGreaterThan(100);
    });
  },
);

it.runIf(needs("linux"))("the control: an open file that is cut shows less than the whole", () => {
  const path = join(tempDir(), "file");
  writeFileSync(path, "0123456789");
  truncateSync(path, 5);
  expect(readFileSync(path, "utf8")).toBe("01234");
});
