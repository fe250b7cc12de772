/** Updates of documents that are really on a disk. */

import * as nodeFs from "node:fs";
import { readFileSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { acquireLock, tryAcquireLock } from "@holdfast/lock";
import { and, fail, injectFaults, op, path, rule, writes } from "@holdfast/testing";
import { z } from "zod";
import { inMountNamespace } from "../../../atomic/test/support/in-mount-namespace.ts";
import { needs } from "../../../atomic/test/support/needs.ts";
import { tempDir } from "../../../atomic/test/support/temp-dir.ts";
import { updateJson, updateJsonSync } from "../../src/index.ts";
import { endOf, filesIn, halves, twice, type Functions, type Outcome } from "./support/twice.ts";

const file = (dir: string): string => join(dir, "a.json");

const updating = (
  before: string | undefined,
  // oxlint-disable-next-line typescript/no-explicit-any -- each test knows what is in its file
  fn: (value: any) => unknown,
  options: object = {},
): Promise<Outcome> =>
  twice(
    (json, dir) => json.updateJson(file(dir), fn, options),
    (dir) => {
      if (before !== undefined) writeFileSync(file(dir), before);
    },
  );

describe("updateJson", () => {
  it("has the value changed, and returns the new one", async () => {
    const { value, files } = await updating('{"n":1}', (v: { n: number }) => ({ n: v.n + 1 }));
    expect(value).toEqual({ n: 2 });
    expect(files).toEqual({ "a.json": '{\n  "n": 2\n}\n' });
  });

  it("begins with undefined, or with a copy of `initial`", async () => {
    const seen: unknown[] = [];
    const first = (value: unknown): unknown => {
      seen.push(value);
      return { n: 1 };
    };
    expect((await updating(undefined, first)).files).toEqual({ "a.json": '{\n  "n": 1\n}\n' });
    expect(seen).toEqual([undefined, undefined]);
    const initial = { n: 0, list: [] as number[] };
    const { value } = await updating(
      undefined,
      (draft: typeof initial) => {
        draft.list.push(1);
        return draft;
      },
      { initial },
    );
    expect(value).toEqual({ n: 0, list: [1] });
    expect(initial.list).toEqual([]);
  });

  it("writes nothing where nothing is returned, and returns what is there", async () => {
    const kept = await updating('{ "n":1 }', () => undefined);
    expect(kept).toMatchObject({ value: { n: 1 }, files: { "a.json": '{ "n":1 }' } });
    const none = await updating(undefined, () => undefined);
    expect(none).toMatchObject({ value: undefined, files: {} });
    const initial = await updating(undefined, () => undefined, { initial: { n: 7 } });
    expect(initial).toMatchObject({ value: { n: 7 }, files: {} });
  });

  it("refuses a draft that was changed and not returned: the change would be lost", async () => {
    const { error, files } = await updating('{ "n":1 }', (draft: { n: number }) => {
      draft.n++;
    });
    expect(error).toMatchObject({ code: "ERR_INVALID_ARG" });
    expect(error?.message).toContain("return it");
    expect(files).toEqual({ "a.json": '{ "n":1 }' });
  });

  it("keeps the form of the file where it is asked to", async () => {
    const { files } = await updating('{\n\t"n": 1\n}', (v: { n: number }) => ({ n: v.n + 1 }), {
      space: "preserve",
    });
    expect(files).toEqual({ "a.json": '{\n\t"n": 2\n}' });
  });

  it("J3 lets through what fn throws, whatever it is, and changes nothing", async () => {
    for (const thrown of [new RangeError("mine"), undefined, "text", Object.freeze({ a: 1 })]) {
      for (const json of halves) {
        const dir = tempDir();
        writeFileSync(file(dir), "1");
        let caught: unknown = "nothing";
        try {
          await json.updateJson(file(dir), () => {
            throw thrown;
          });
        } catch (error) {
          caught = error;
        }
        expect(caught).toBe(thrown);
        expect(filesIn(dir)).toEqual({ "a.json": "1" });
        expect(await json.updateJson(file(dir), (n: number) => n + 1)).toBe(2);
      }
    }
    const dir = tempDir();
    const rejected = new Error("later");
    const call = updateJson(file(dir), () => Promise.reject(rejected));
    expect((await endOf(() => call)).error).toBe(rejected);
    expect(filesIn(dir)).toEqual({});
  });

  it("J3 lets it through also where the lock cannot be given back then", async () => {
    for (const json of halves) {
      const dir = tempDir();
      const faults = rule(and(op("unlink"), path("**/a.json.lock")), fail("EIO"));
      const fileSystem = injectFaults(nodeFs, [faults]);
      const thrown = new Error("mine");
      const throwing = (): never => {
        throw thrown;
      };
      const { error } = await endOf(() => json.updateJson(file(dir), throwing, { fileSystem }));
      expect(faults.hits).toBeGreaterThan(0);
      expect(error).toBe(thrown);
    }
  });

  const schema = z.object({ n: z.number().max(3), tag: z.string().default("none") });

  it("J3 checks what is read and what is written: the file stays, the lock is free", async () => {
    const read = await updating('{"n":9}', () => ({ n: 1 }), { validate: schema });
    expect(read.error).toMatchObject({ code: "ERR_JSON_INVALID", effect: "none" });
    expect(read.files).toEqual({ "a.json": '{"n":9}' });
    const written = await updating('{"n":3}', (v: { n: number }) => ({ n: v.n + 1 }), {
      validate: schema,
    });
    expect(written.error).toMatchObject({ code: "ERR_JSON_INVALID", effect: "none" });
    expect(written.error?.["issues"]).toMatchObject([{ path: ["n"] }]);
    expect(written.files).toEqual({ "a.json": '{"n":3}' });
  });

  it("returns what the schema makes of what was written", async () => {
    const { value, files } = await updating('{"n":1}', () => ({ n: 2 }), { validate: schema });
    expect(value).toEqual({ n: 2, tag: "none" });
    expect(JSON.parse(files["a.json"]!)).toEqual({ n: 2 });
  });

  it("asks a schema that transforms about the form in which it will be read", async () => {
    const dates = z.object({ at: z.iso.datetime().transform((text) => new Date(text)) });
    const { value, files } = await updating(
      '{"at":"2026-01-01T00:00:00.000Z"}',
      ({ at }: { at: Date }) => ({ at: new Date(at.getTime() + 1) }),
      { validate: dates },
    );
    expect(value).toEqual({ at: new Date("2026-01-01T00:00:00.001Z") });
    expect(JSON.parse(files["a.json"]!)).toEqual({ at: "2026-01-01T00:00:00.001Z" });
  });

  it("refuses a value without a form in JSON, and one longer than could be read again", async () => {
    const big = await updating("1", () => ({ n: 1n }));
    expect(big.error).toMatchObject({ code: "ERR_JSON_UNSERIALIZABLE", effect: "none" });
    const long = await updating("1", () => "x".repeat(100), { maxBytes: 50 });
    expect(long.error).toMatchObject({ code: "ERR_TOO_LARGE", effect: "none" });
    for (const { files } of [big, long]) expect(files).toEqual({ "a.json": "1" });
  });

  it("does not overwrite what it cannot read or parse", async () => {
    const garbage = await updating("{{{", () => 1);
    expect(garbage.error).toMatchObject({ code: "ERR_JSON_SYNTAX", effect: "none" });
    expect(garbage.files).toEqual({ "a.json": "{{{" });
    const empty = await updating("", () => 1);
    expect(empty.error).toMatchObject({ code: "ERR_JSON_SYNTAX" });
    expect(empty.files).toEqual({ "a.json": "" });
    for (const errno of ["EIO", "EMFILE", "EACCES"] as const) {
      for (const json of halves) {
        const dir = tempDir();
        writeFileSync(file(dir), "41");
        const unreadable = rule(and(op("open"), path("**/a.json")), fail(errno));
        const fileSystem = injectFaults(nodeFs, [unreadable]);
        const options = { fileSystem, initial: 0 };
        const { error } = await endOf(() =>
          json.updateJson(file(dir), (n: number) => n + 1, options),
        );
        expect(error).toMatchObject({ code: errno, effect: "none" });
        expect(filesIn(dir)).toEqual({ "a.json": "41" });
      }
    }
  });

  it("J3 leaves the file and no lock where the disk is full", async () => {
    for (const json of halves) {
      const dir = tempDir();
      writeFileSync(file(dir), "1");
      const full = rule(and(writes(), path("**/.holdfast-*")), fail("ENOSPC"));
      const fileSystem = injectFaults(nodeFs, [full]);
      const { error } = await endOf(() => json.updateJson(file(dir), () => 2, { fileSystem }));
      expect(error).toMatchObject({ code: "ENOSPC", effect: "none", leftovers: [] });
      expect(filesIn(dir)).toEqual({ "a.json": "1" });
    }
  });

  it.runIf(needs("mount-namespace"))("J3 leaves the file as it is on a disk that is full", () => {
    const mounted = tempDir();
    const seen = inMountNamespace<Record<string, unknown>>({
      mounts: [{ type: "tmpfs", target: mounted, options: "mode=0777,size=64k" }],
      input: { entry: new URL("../../dist/index.js", import.meta.url).href, mounted },
      script: `
        import { readdirSync, readFileSync, writeFileSync } from "node:fs";
        const { updateJson, updateJsonSync } = await import(input.entry);
        const path = input.mounted + "/a.json";
        writeFileSync(path, "1");
        const errors = [];
        const fail = ({ code, effect }) => errors.push({ code, effect });
        const big = () => "x".repeat(100_000);
        await updateJson(path, big).catch(fail);
        try { updateJsonSync(path, big); } catch (error) { fail(error); }
        // Not even a lock can be made any more.
        writeFileSync(input.mounted + "/filler", Buffer.alloc(60_000));
        try { writeFileSync(input.mounted + "/rest", Buffer.alloc(60_000)); } catch {}
        await updateJson(path, (n) => n + 1).catch(fail);
        report({ errors, names: readdirSync(input.mounted).sort(), text: readFileSync(path, "utf8") });
      `,
    });
    const full = { code: "ENOSPC", effect: "none" };
    expect(seen).toEqual({
      errors: [full, full, full],
      names: ["a.json", "filler", "rest"],
      text: "1",
    });
  });

  it("makes a missing directory", async () => {
    const { files } = await twice((json, dir) => json.updateJson(join(dir, "b/c/a.json"), () => 1));
    expect(files).toEqual({ b: "<directory>", "b/c": "<directory>", "b/c/a.json": "1\n" });
    const linked = await twice(
      (json, dir) => json.updateJson(join(dir, "link"), () => 1),
      (dir) => symlinkSync("b/a.json", join(dir, "link")),
    );
    expect(linked.files).toEqual({ b: "<directory>", "b/a.json": "1\n", link: "<link>" });
  });

  it("updates one document through two names", async () => {
    const dir = tempDir();
    writeFileSync(file(dir), "0");
    symlinkSync("a.json", join(dir, "link"));
    const names = [file(dir), join(dir, "link"), join(dir, ".", "a.json")];
    const calls = Array.from({ length: 30 }, (_, i) =>
      updateJson<number>(names[i % 3]!, async (n = 0) => {
        await delay(0);
        return n + 1;
      }),
    );
    await Promise.all(calls);
    expect(readFileSync(file(dir), "utf8")).toBe("30\n");
  });

  it("makes the calls of this process in their order", async () => {
    const dir = tempDir();
    const calls = Array.from({ length: 50 }, (_, i) =>
      updateJson<number[]>(file(dir), async (list = []) => {
        if (i % 3 === 0) await delay(1);
        return [...list, i];
      }),
    );
    await Promise.all(calls);
    expect(JSON.parse(readFileSync(file(dir), "utf8"))).toEqual(Array.from(calls, (_, i) => i));
  });

  it("says that it waits for itself, instead of doing so", async () => {
    const nested = await twice((json, dir) =>
      json.updateJson(file(dir), () => json.updateJson(file(dir), () => 1)),
    );
    expect(nested.error).toMatchObject({ code: "ERR_LOCK_HELD", effect: "none" });
    expect(nested.files).toEqual({});
    const deeper = await endOf(() =>
      updateJson(file(nested.dir), async () => {
        await delay(1);
        return await updateJson(file(nested.dir), () => 1);
      }),
    );
    expect(deeper.error).toMatchObject({ code: "ERR_LOCK_HELD" });
    const mixed = await endOf(() =>
      updateJson(file(nested.dir), () => updateJsonSync(file(nested.dir), () => 1)),
    );
    expect(mixed.error).toMatchObject({ code: "ERR_LOCK_HELD" });
    const other = await updateJson(file(nested.dir), () =>
      updateJson(join(nested.dir, "b.json"), () => 1),
    );
    expect(other).toBe(1);
  });

  it("waits for a function that is asynchronous; a synchronous call refuses it", async () => {
    const dir = tempDir();
    expect(await updateJson(file(dir), async () => 1)).toBe(1);
    const { error } = await endOf(() =>
      updateJsonSync(file(dir), (async () => 2) as () => unknown),
    );
    expect(error).toMatchObject({ code: "ERR_INVALID_ARG" });
    expect(filesIn(dir)).toEqual({ "a.json": "1\n" });
    const failing = (async () => {
      throw new Error("nobody hears of it, and the process does not end by it");
    }) as () => unknown;
    expect((await endOf(() => updateJsonSync(file(dir), failing))).error).toMatchObject({
      code: "ERR_INVALID_ARG",
    });
  });

  it("waits for the lock only so long, and says who has it", async () => {
    for (const json of halves) {
      const dir = tempDir();
      const owner = await spawnOwner(file(dir));
      const { error } = await endOf(() =>
        json.updateJson(file(dir), () => 1, { lockTimeoutMs: 50 }),
      );
      await owner.end();
      expect(error).toMatchObject({ code: "ERR_LOCK_TIMEOUT", effect: "none" });
      expect(error?.["owners"]).toMatchObject([{ pid: owner.pid, purpose: "a test" }]);
      expect(filesIn(dir)).toEqual({});
    }
  });

  it("J3 ends by its signal while it waits for the lock, and while fn runs", async () => {
    const dir = tempDir();
    writeFileSync(file(dir), "1");
    const reason = new Error("enough");
    const lock = await acquireLock(file(dir));
    const waiting = new AbortController();
    const waited = endOf(() => updateJson(file(dir), () => 2, { signal: waiting.signal }));
    await delay(5);
    waiting.abort(reason);
    expect((await waited).error).toMatchObject({
      name: "AbortError",
      cause: reason,
      effect: "none",
    });
    await lock.release();

    const running = new AbortController();
    const never = endOf(() =>
      updateJson(
        file(dir),
        () => {
          queueMicrotask(() => running.abort(reason));
          return new Promise(() => {});
        },
        { signal: running.signal },
      ),
    );
    expect((await never).error).toMatchObject({
      name: "AbortError",
      cause: reason,
      effect: "none",
    });
    expect(filesIn(dir)).toEqual({ "a.json": "1" });
    expect(await tryAcquireLock(file(dir)).then((free) => free?.release())).toBeUndefined();
  });

  it("writes nothing where the lock was lost while fn ran", async () => {
    const { error, files } = await twice(
      (json, dir) =>
        json.updateJson(file(dir), () => {
          unlinkSync(`${file(dir)}.lock`);
          return 2;
        }),
      (dir) => writeFileSync(file(dir), "1"),
    );
    expect(error).toMatchObject({ code: "ERR_LOCK_LOST", effect: "none" });
    expect(files).toEqual({ "a.json": "1" });
  });

  it("stays with the file that was meant where the working directory changes", async () => {
    const [dir, other] = [tempDir(), tempDir()];
    const before = process.cwd();
    try {
      process.chdir(dir);
      const updated = updateJson("a.json", async () => {
        process.chdir(other);
        return 1;
      });
      expect(await updated).toBe(1);
    } finally {
      process.chdir(before);
    }
    expect([filesIn(dir), filesIn(other)]).toEqual([{ "a.json": "1\n" }, {}]);
  });

  it("follows the options as they were when it was called", async () => {
    const dir = tempDir();
    const options = { initial: { n: 1 }, space: 0 };
    const updated = updateJson(file(dir), (value) => value, options);
    options.initial.n = 2;
    options.space = 8;
    expect(await updated).toEqual({ n: 1 });
    expect(filesIn(dir)).toEqual({ "a.json": '{"n":1}\n' });
  });

  it("has the lock while fn runs, and gives it back", async () => {
    const seen = await twice((json: Functions, dir) =>
      json.updateJson(file(dir), () => Object.keys(filesIn(dir))),
    );
    expect(seen.value).toEqual(["a.json.lock"]);
    expect(Object.keys(seen.files)).toEqual(["a.json"]);
  });
});

/** Another process that holds the lock. */
async function spawnOwner(target: string): Promise<{ pid: number; end: () => Promise<void> }> {
  const { spawn } = await import("node:child_process");
  const script = `
    const { acquireLock } = await import(process.argv[1]);
    await acquireLock(process.argv[2], { purpose: "a test" });
    process.stdout.write("held");
    process.stdin.resume().on("end", () => process.exit());
  `;
  const entry = import.meta.resolve("@holdfast/lock");
  const child = spawn(process.execPath, ["--input-type=module", "-e", script, entry, target], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const ended = new Promise<void>((resolve) => child.on("exit", () => resolve()));
  await new Promise((held, failed) => {
    child.stdout.once("data", held);
    child.once("exit", failed);
  });
  return {
    pid: child.pid!,
    end: () => {
      child.stdin.end();
      return ended;
    },
  };
}
