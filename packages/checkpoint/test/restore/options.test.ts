import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import * as nodeFs from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Conflict, FileSystem, MergeAnswer } from "../../src/index.ts";
import { listing, workbench } from "../support/workbench.ts";
import { edit, place, text, told, write } from "./support/agent.ts";

/** `a` is in conflict: ours was overwritten by the user; `b` is ours. */
async function inConflict() {
  const bench = workbench();
  const { at, open } = bench;
  place(at("a"), "before");
  place(at("b"), "before");
  const checkpoints = await open();
  const { id } = await checkpoints.makeSnapshot("1");
  await write(checkpoints, at("a"), "ours");
  await write(checkpoints, at("b"), "ours");
  writeFileSync(at("a"), "the user's");
  return { ...bench, checkpoints, id };
}

const objectsIn = (store: string): string[] =>
  listing(join(store, "objects")).filter((line) => !line.includes(" dir "));
const journalIn = (store: string): string =>
  readFileSync(join(store, "sessions/demo/journal.jsonl"), "utf8");

describe("onConflict", () => {
  it('"abort" refuses the whole call before any change', async () => {
    const { at, checkpoints, id, listing: tree, store } = await inConflict();
    const [before, journal] = [tree(), journalIn(store)];
    await expect(checkpoints.restoreToSnapshot(id, { onConflict: "abort" })).rejects.toMatchObject({
      code: "ERR_CHANGED",
      effect: "none",
      message: expect.stringContaining(at("a")) as string,
    });
    expect([tree(), journalIn(store)]).toEqual([before, journal]);
    const rest = await checkpoints.restoreToSnapshot(id, { onConflict: "abort", paths: [at("b")] });
    expect(rest.complete).toBe(true);
  });

  it("asks a function for each conflict, and for nothing else", async () => {
    const { at, work, checkpoints, id } = await inConflict();
    const asked: Conflict[] = [];
    const report = await checkpoints.restoreToSnapshot(id, {
      async onConflict(conflict) {
        asked.push(conflict);
        const current = await conflict.read("current");
        const target = await conflict.read("target");
        return { content: `${Buffer.from(target!)} and ${Buffer.from(current!)}` };
      },
    });
    expect(told(report, work)).toEqual({ a: "overwrite", b: "overwrite" });
    expect(asked.map(({ path }) => path)).toEqual([at("a")]);
    expect(asked[0]).toMatchObject({
      current: { kind: "file", size: 10 },
      target: { kind: "file", size: 6 },
      lastWritten: { kind: "file", size: 4 },
    });
    expect(text(at("a"))).toBe("before and the user's");
    await checkpoints.undoRestore(report.restoreId!);
    expect(text(at("a"))).toBe("the user's");
  });

  it.each([
    ["skip", "the user's", "none conflict !"],
    ["overwrite", "before", "overwrite"],
    [{ content: Buffer.from("merged") }, "merged", "overwrite"],
    [{ content: "the user's" }, "the user's", "none"],
  ] as const)("does as it is answered: %j", async (answer, content, said) => {
    const { at, work, checkpoints, id } = await inConflict();
    const report = await checkpoints.restoreToSnapshot(id, { onConflict: () => answer });
    expect(told(report, work)).toEqual({ a: said, b: "overwrite" });
    expect(text(at("a"))).toBe(content);
  });

  it.each<[string, () => MergeAnswer, string]>([
    [
      "throws",
      () => {
        throw new RangeError("no");
      },
      "ERR_HOOK",
    ],
    ["answers nonsense", () => "perhaps" as never, "ERR_INVALID_ARG"],
    ["answers nothing", () => undefined as never, "ERR_INVALID_ARG"],
    ["answers too much", () => ({ content: Buffer.alloc(10 * 1024 * 1024 + 1) }), "ERR_TOO_LARGE"],
  ])("changes nothing where the function %s", async (_, onConflict, code) => {
    const { checkpoints, id, listing: tree, store } = await inConflict();
    const [before, journal, objects] = [tree(), journalIn(store), objectsIn(store)];
    const refused = checkpoints.restoreToSnapshot(id, { onConflict });
    await expect(refused).rejects.toMatchObject({ code });
    if (code === "ERR_HOOK") {
      await expect(refused).rejects.toMatchObject({ effect: "none", cause: new RangeError("no") });
    }
    expect([tree(), journalIn(store), objectsIn(store)]).toEqual([before, journal, objects]);
  });

  it("does not read for a function what has changed since it was asked", async () => {
    const { at, checkpoints, id } = await inConflict();
    const report = checkpoints.restoreToSnapshot(id, {
      async onConflict(conflict) {
        writeFileSync(at("a"), "saved again");
        await conflict.read("current");
        return "skip" as const;
      },
    });
    await expect(report).rejects.toMatchObject({
      code: "ERR_HOOK",
      cause: { code: "ERR_CHANGED" },
    });
  });

  it("leaves alone what the user saves while a function is asked", async () => {
    const { at, work, checkpoints, id } = await inConflict();
    const report = await checkpoints.restoreToSnapshot(id, {
      onConflict() {
        writeFileSync(at("a"), "saved again");
        return "overwrite";
      },
    });
    expect(told(report, work)).toEqual({ a: "none changed !", b: "overwrite" });
    expect(text(at("a"))).toBe("saved again");
  });
});

describe("dryRun", () => {
  it("says what would be done, and does nothing", async () => {
    const { at, work, checkpoints, id, listing: tree, store } = await inConflict();
    await write(checkpoints, at("made"), "new");
    const [before, journal, objects] = [tree(), journalIn(store), objectsIn(store)];
    const report = await checkpoints.restoreToSnapshot(id, {
      dryRun: true,
      onConflict: () => ({ content: "merged" }),
    });
    expect(report).toMatchObject({ outcome: "dry-run", restoreId: undefined, before: undefined });
    expect(told(report, work)).toEqual({ a: "overwrite", b: "overwrite", made: "remove" });
    expect([tree(), journalIn(store), objectsIn(store)]).toEqual([before, journal, objects]);
    expect(await checkpoints.listSnapshots()).toHaveLength(1);
  });
});

describe("P8: damage", () => {
  const damage = {
    missing: (file: string) => rmSync(file),
    corrupt: (file: string) => {
      chmodSync(file, 0o600);
      writeFileSync(file, "befora"); // of the same length
    },
    short: (file: string) => writeFileSync(file, ""),
  };

  it.each(Object.entries(damage))("%s: refused before any change", async (_, harm) => {
    const { at, open, listing: tree, store, work } = workbench();
    place(at("a"), "before");
    place(at("b"), "other");
    const checkpoints = await open();
    const { id } = await checkpoints.makeSnapshot("1");
    await write(checkpoints, at("a"), "ours");
    await write(checkpoints, at("b"), "ours too");
    const sha = "6db7d803e74f1ffa7d8f5adc0bf95b3e15bf4c8373fffadf546227cc6c6742cb"; // of "before"
    const file = join(store, "objects", sha.slice(0, 2), sha.slice(2));
    expect(existsSync(file)).toBe(true);
    harm(file);
    const [before, journal] = [tree(), journalIn(store)];
    for (const dryRun of [true, false]) {
      await expect(checkpoints.restoreToSnapshot(id, { dryRun })).rejects.toMatchObject({
        code: "ERR_CHECKPOINT_DAMAGED",
        effect: "none",
        message: expect.stringContaining(at("a")) as string,
      });
    }
    expect([tree(), journalIn(store)]).toEqual([before, journal]);
    const report = await checkpoints.restoreToSnapshot(id, { partial: true });
    expect(told(report, work)).toEqual({ a: "none damaged !", b: "overwrite" });
    expect([text(at("a")), text(at("b"))]).toEqual(["ours", "other"]);
  });
});

describe("a signal", () => {
  it("is honoured until something is changed", async () => {
    const { at, checkpoints, id, listing: tree, store } = await inConflict();
    const [before, journal] = [tree(), journalIn(store)];
    const abort = new AbortController();
    const aborted = checkpoints.restoreToSnapshot(id, {
      signal: abort.signal,
      onConflict() {
        abort.abort();
        return "overwrite";
      },
    });
    await expect(aborted).rejects.toMatchObject({ code: "ABORT_ERR", effect: "none" });
    expect([tree(), journalIn(store)]).toEqual([before, journal]);
    expect(checkpoints.interrupted).toBeUndefined();
    expect(text(at("b"))).toBe("ours");
  });

  it("comes too late afterwards", async () => {
    const abort = new AbortController();
    const { at, open } = workbench();
    const promises = { ...nodeFs.promises };
    const rename: typeof promises.rename = async (from, to) => {
      if (String(to).endsWith("/a")) abort.abort();
      await nodeFs.promises.rename(from, to);
    };
    const fileSystem = { ...nodeFs, promises: { ...promises, rename } } as unknown as FileSystem;
    place(at("a"), "before");
    place(at("b"), "before");
    const checkpoints = await open({ fileSystem });
    const { id } = await checkpoints.makeSnapshot("1");
    await write(checkpoints, at("a"), "ours");
    await write(checkpoints, at("b"), "ours");
    const report = await checkpoints.restoreToSnapshot(id, { signal: abort.signal });
    expect(abort.signal.aborted).toBe(true);
    expect(report.complete).toBe(true);
    expect(text(at("b"))).toBe("before");
  });
});

describe("a restore and its trash", () => {
  it("keeps links too, and names of the same file apart", async () => {
    const { at, open } = workbench();
    const checkpoints = await open();
    const { id } = await checkpoints.makeSnapshot("1");
    for (const name of ["x/same", "y/same"]) {
      await edit(checkpoints, at(name), () => {
        mkdirSync(join(at(name), ".."));
        writeFileSync(at(name), name);
      });
    }
    await edit(checkpoints, at("link"), () => symlinkSync("dangling", at("link")));
    const report = await checkpoints.restoreToSnapshot(id);
    expect(report.complete).toBe(true);
    const trash = report.paths.flatMap((result) => result.trash ?? []);
    expect(trash).toHaveLength(3);
    const folder = join(trash[0]!, "..");
    expect(listing(folder)).toEqual([
      "0-link -> dangling",
      expect.stringMatching(/^1-same 644 /),
      expect.stringMatching(/^2-same 644 /),
    ]);
    expect(readdirSync(at("."))).toEqual([]);
    unlinkSync(trash[0]!);
  });
});
