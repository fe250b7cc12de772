import { Buffer } from "node:buffer";
import {
  chmodSync,
  chownSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { acquireLock } from "@holdfast/lock";
import { openRoot } from "@holdfast/root";
import {
  createMemoryFileSystem,
  exploreCrashes,
  exploreInterference,
  sweepFaults,
  type NodeFileSystem,
} from "@holdfast/testing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { needs } from "../../../atomic/test/support/needs.ts";
import { inspectJsonLog } from "../../src/log/inspect-json-log.ts";
import { openJsonLog } from "../../src/log/open-json-log.ts";
import { repairJsonLog } from "../../src/log/repair-json-log.ts";
import { collect, folder, logFile, readAll } from "./reading.ts";

const bad = '\ufeff{"a": 1}\r\n{"b":{"k":1},"c{"k":2}\n\nbad\n[3]{"d":4}\r\n{"e":"é"}';
const good = '{"a": 1}\r\n{"k":2}\n[3]\n{"d":4}\n{"e":"é"}\n';
const found = {
  records: 5,
  recovered: 3,
  dropped: [
    { offset: 13, length: 15, reason: "torn" },
    { offset: 37, length: 4, reason: "syntax" },
  ],
  droppedBytes: 19,
  tornTailBytes: 0,
};

const read = (path: string): string => readFileSync(path, "utf8");

/** The names beside a log. */
const beside = (path: string): string[] =>
  readdirSync(dirname(path)).filter((name) => name !== basename(path));

describe("repair", () => {
  test("records become lines, with the bytes that they have; the original stays beside", async () => {
    const path = logFile(bad);
    const done = await repairJsonLog(path);
    expect(done).toEqual({ ...found, repaired: true, original: expect.any(String) as string });
    expect(read(path)).toBe(good);
    expect(beside(path)).toEqual([basename(done.original!)]);
    expect(basename(done.original!)).toMatch(/^session\.jsonl\.original-\d{8}T\d{6}Z-[0-9a-f]{8}$/);
    expect(read(done.original!)).toBe(bad);
  });

  test("again: nothing", async () => {
    const path = logFile(bad);
    await repairJsonLog(path);
    const { ino } = statSync(path);
    const again = await repairJsonLog(path);
    expect(again).toMatchObject({ repaired: false, original: undefined, records: 5 });
    expect(statSync(path).ino).toBe(ino);
    expect(beside(path).length).toBe(1);
  });

  const fine = ["", "\n", '{"a":1}\n', '{"a":1}\r\n\r\n12\n', '\ufeff{"a":1}\n', " [1] \n\n"];
  test.for(fine)("a log without fault is left alone: %j", async (content) => {
    const path = logFile(content);
    const { ino, mtimeMs } = statSync(path);
    expect(await repairJsonLog(path)).toMatchObject({ repaired: false, original: undefined });
    expect(statSync(path)).toMatchObject({ ino, mtimeMs });
    expect(read(path)).toBe(content);
    expect(beside(path)).toEqual([]);
  });

  const faulty: [string, string][] = [
    ['{"a":1}', '{"a":1}\n'],
    ['{"a":1}\n{"b', '{"a":1}\n'],
    ["{}{}\n", "{}\n{}\n"],
    ["bad\n", ""],
    ["12", ""],
  ];
  test.for(faulty)("%j becomes %j", async ([content, repaired]) => {
    const path = logFile(content);
    expect(await repairJsonLog(path)).toMatchObject({ repaired: true });
    expect(read(path)).toBe(repaired);
  });

  test("any log: what is read of it before and after is the same, and then it has no fault", async () => {
    const ends = ["\n", "\r\n", "\n", " "];
    const parts = ['{"a":1}', "[2]", "12", '"x"', '{"b":{"c":3},"d', "x", "ä"];
    const part = fc.constantFrom(...parts, ...ends);
    await fc.assert(
      fc.asyncProperty(fc.array(part, { maxLength: 12 }), async (chosen) => {
        const { fs } = createMemoryFileSystem();
        const content = chosen.join("");
        fs.writeFileSync("/log", content);
        const before = await readAll(content);
        const done = await repairJsonLog("/log", { fileSystem: fs });
        expect(done).toMatchObject(before.report);
        const after = await collect("/log", { fileSystem: fs });
        expect(after.values).toEqual(before.values);
        expect(after.report).toMatchObject({ recovered: 0, droppedBytes: 0, tornTailBytes: 0 });
        expect(await repairJsonLog("/log", { fileSystem: fs })).toMatchObject({ repaired: false });
        const kept = done.original === undefined ? content : fs.readFileSync(done.original, "utf8");
        expect(String(kept)).toBe(content);
      }),
      { numRuns: 150 },
    );
  });

  test("one larger than what is read at once", async () => {
    const lines = Array.from({ length: 20_000 }, (_, n) => JSON.stringify({ n, t: "é".repeat(9) }));
    lines[5000] += "{";
    lines.splice(10_000, 0, JSON.stringify({ long: "x".repeat(1_000_000) }));
    const path = logFile(lines.join("\n"));
    const done = await repairJsonLog(path);
    expect(done).toMatchObject({ records: 20_001, droppedBytes: 2 });
    expect(read(path)).toBe(`${lines.join("\n").replace("}{", "}")}\n`);
    expect(read(done.original!)).toBe(lines.join("\n"));
  });

  test("lines that are too long are dropped", async () => {
    const path = logFile(`{"a":1}\n{"b":"${"x".repeat(100)}"}\n`);
    expect(await repairJsonLog(path, { maxRecordBytes: 50 })).toMatchObject({ droppedBytes: 109 });
    expect(read(path)).toBe('{"a":1}\n');
  });

  test.runIf(needs("posix"))("permission bits and links stay; the copy is as private", async () => {
    const path = logFile(bad);
    chmodSync(path, 0o600);
    const link = join(folder(), "link");
    symlinkSync(path, link);
    const { original } = await repairJsonLog(link);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(dirname(original!)).toBe(dirname(path));
    expect(statSync(original!).mode & 0o777).toBe(0o600);
    expect(read(link)).toBe(good);
  });

  test.runIf(needs("root"))("the owner stays", async () => {
    const path = logFile(bad);
    chownSync(path, 1234, 5678);
    await repairJsonLog(path);
    expect(statSync(path)).toMatchObject({ uid: 1234, gid: 5678 });
  });

  test("a name that has no room for more", async () => {
    const path = logFile(bad, `${"é".repeat(120)}.jsonl`);
    const { original } = await repairJsonLog(path);
    expect(Buffer.byteLength(basename(original!))).toBeLessThanOrEqual(255);
    expect(read(original!)).toBe(bad);
  });

  test("what is not there", async () => {
    const path = join(folder(), "none");
    await expect(repairJsonLog(path)).rejects.toMatchObject({ code: "ENOENT", effect: "none" });
    await expect(inspectJsonLog(path)).rejects.toMatchObject({ code: "ENOENT" });
    await expect(repairJsonLog(dirname(path))).rejects.toMatchObject({ code: "EISDIR" });
    expect(beside(path)).toEqual([]);
  });

  test("misuse", async () => {
    await expect(repairJsonLog("x", { maxRecordBytes: 0 })).rejects.toThrow("ERR_INVALID_ARG");
    await expect(repairJsonLog("x", null as never)).rejects.toThrow("ERR_INVALID_ARG");
    for (const call of [repairJsonLog, inspectJsonLog]) {
      const misspelt = call("x", { maxRecordByte: 1 } as object);
      await expect(misspelt).rejects.toThrow('there is no option "maxRecordByte"');
      const stray = call({ root: { promises: {} }, path: "x", mode: 1 } as never);
      await expect(stray).rejects.toThrow('{ root, path }, and has no "mode"');
    }
    await expect(inspectJsonLog("x", { signal: 1 as never })).rejects.toThrow("ERR_INVALID_ARG");
    const root = { promises: {} };
    await expect(repairJsonLog({ root, path: "x" })).rejects.toThrow("ERR_INVALID_ARG");
  });

  test("a signal", async () => {
    const path = logFile(bad);
    const signal = AbortSignal.abort();
    await expect(repairJsonLog(path, { signal })).rejects.toMatchObject({ name: "AbortError" });
    await expect(inspectJsonLog(path, { signal })).rejects.toMatchObject({ name: "AbortError" });
    expect(read(path)).toBe(bad);
    expect(beside(path)).toEqual([]);
  });
});

describe("inspect", () => {
  test("says what is there, and changes nothing", async () => {
    const path = logFile(`${bad}{"torn`);
    const bytes = Buffer.byteLength(bad) + 6;
    const expected = { ...found, recovered: 4, tornTailBytes: 6, bytes, writers: 0 };
    expect(await inspectJsonLog(path)).toEqual(expected);
    expect(read(path)).toBe(`${bad}{"torn`);
    expect(beside(path)).toEqual([]);
  });

  test("counts who has it open", async () => {
    const path = logFile('{"a":1}\n');
    const one = await openJsonLog(path);
    const two = await openJsonLog(path);
    expect(await inspectJsonLog(path)).toMatchObject({ writers: 2, records: 1 });
    await one.close();
    expect(await inspectJsonLog(path)).toMatchObject({ writers: 1 });
    await two.close();
    expect(await inspectJsonLog(path)).toMatchObject({ writers: 0 });
  });
});

describe("while others are there", () => {
  test("one that is open for appending is not repaired", async () => {
    const path = logFile(`${bad}\n`);
    const log = await openJsonLog(path);
    const refused = { code: "ERR_IN_PROGRESS", op: "repairJsonLog", path, effect: "none" };
    await expect(repairJsonLog(path)).rejects.toMatchObject(refused);
    await log.append("more");
    await log.close();
    expect(await repairJsonLog(path)).toMatchObject({ repaired: true, records: 6 });
    expect(read(path)).toBe(`${good}"more"\n`);
  });

  test("nor one that is being repaired", async () => {
    const path = logFile(bad);
    const lock = await acquireLock(path);
    await expect(repairJsonLog(path)).rejects.toMatchObject({ code: "ERR_IN_PROGRESS" });
    await lock.release();
    expect(read(path)).toBe(bad);
  });

  test("who opens it meanwhile waits", async () => {
    const path = logFile(bad);
    const repairing = repairJsonLog(path);
    await repairing;
    const both = await Promise.all([repairJsonLog(logFile(bad)), openJsonLog(path)]);
    await both[1].append("after");
    await both[1].close();
    expect(read(path)).toBe(`${good}"after"\n`);
  });

  test("somebody who appends without asking loses nothing, but for one moment", async () => {
    const report = await exploreInterference(
      {
        setup: (fs) => fs.writeFileSync("/log", bad),
        run: async (fs) => {
          await repairJsonLog("/log", { fileSystem: fs });
        },
        check: (fs, { end }) => {
          const code = end === "done" ? "ERR_CHANGED" : (end as { code?: unknown }).code;
          expect(code).toBe("ERR_CHANGED");
          const texts = (fs.readdirSync("/") as string[])
            .filter((name) => name.startsWith("log") && !name.includes(".lock"))
            .map((name) => String(fs.readFileSync(`/${name}`, "utf8")));
          const hasCome = fs.existsSync("/came");
          expect(texts.some((text) => text.includes('{"sneaked":"in"}'))).toBe(hasCome);
        },
      },
      {
        adversaries: [
          {
            name: "append",
            act: (fs) => {
              fs.appendFileSync("/log", '\n{"sneaked":"in"}\n');
              fs.writeFileSync("/came", "");
            },
          },
        ],
      },
    );
    // No system call replaces a file on condition that it is what it was.
    const moments = report.failures.map(({ where }) => where);
    expect(moments).toEqual([
      expect.stringMatching(
        /^append acted between .* \(lstat \/log\) and .* \(rename .* -> \/log\)$/,
      ),
    ]);
  });
});

describe("in a root", () => {
  test("it is read, repaired and inspected there", async () => {
    const dir = folder();
    writeFileSync(join(dir, "log"), bad);
    chmodSync(join(dir, "log"), 0o640);
    await using root = await openRoot(dir);
    const at = { root, path: "log" };
    expect(await inspectJsonLog(at)).toMatchObject({ ...found, writers: 0 });
    const done = await repairJsonLog(at);
    expect(done).toEqual({ ...found, repaired: true, original: expect.any(String) as string });
    expect(read(join(dir, "log"))).toBe(good);
    expect(statSync(join(dir, "log")).mode & 0o777).toBe(0o640);
    expect(read(join(dir, done.original!))).toBe(bad);
    expect(await repairJsonLog(at)).toMatchObject({ repaired: false });
    const log = await openJsonLog(at);
    await expect(repairJsonLog(at)).rejects.toMatchObject({ code: "ERR_IN_PROGRESS" });
    expect(await inspectJsonLog(at)).toMatchObject({ writers: 1 });
    await log.close();
    expect(readdirSync(dir).toSorted()).toEqual(["log", done.original!]);
    const outside = { root, path: "../log" };
    await expect(repairJsonLog(outside)).rejects.toMatchObject({ code: "ERR_PATH_ESCAPES" });
  });

  test("a link that leads out of it is not followed", async () => {
    const dir = folder();
    const path = logFile(bad);
    symlinkSync(path, join(dir, "log"));
    await using root = await openRoot(dir);
    await expect(repairJsonLog({ root, path: "log" })).rejects.toMatchObject({
      code: "ERR_PATH_ESCAPES",
    });
    expect(read(path)).toBe(bad);
    expect(beside(path)).toEqual([]);
  });
});

/** The log is as it was or as it should be; and if it is not as it was, that is beside it. */
function expectOldOrNew(fs: NodeFileSystem, may: readonly string[]): void {
  const text = String(fs.readFileSync("/d/log", "utf8"));
  expect(may).toContain(text);
  const names = fs.readdirSync("/d") as string[];
  const originals = names.filter((name) => name.startsWith("log.original-"));
  const texts = originals.map((name) => String(fs.readFileSync(`/d/${name}`, "utf8")));
  expect(text === good ? texts : [bad]).toEqual([bad]);
}

/** What an error says is true of the disk. */
function expectTrue(fs: NodeFileSystem, error: unknown): void {
  const { effect, leftovers, op } = error as { effect: string; leftovers: string[]; op: string };
  expect(op).toBe("repairJsonLog");
  expectOldOrNew(fs, effect === "none" ? [bad] : effect === "complete" ? [good] : [bad, good]);
  const originals = (fs.readdirSync("/d") as string[])
    .filter((name) => name.startsWith("log.original-"))
    .map((name) => `/d/${name}`);
  const untold = originals.filter((name) => !leftovers.includes(name));
  expect(effect === "none" ? untold : []).toEqual([]);
}

const setup = (fs: NodeFileSystem): void => {
  fs.mkdirSync("/d");
  fs.writeFileSync("/d/log", bad);
};

test("a power cut leaves the old or the new log whole, and the original beside the new one", async () => {
  const report = await exploreCrashes<string>(
    {
      setup,
      run: async (fs, ack) => {
        await repairJsonLog("/d/log", { fileSystem: fs });
        ack("repaired");
      },
      check: (fs, { acks }) => {
        expectOldOrNew(fs, acks.includes("repaired") ? [good] : [bad, good]);
      },
    },
    { faults: "fsync", maxStates: 100_000 },
  );
  const told = report.failures.slice(0, 3).map(({ message, where }) => `${where}: ${message}`);
  expect(told).toEqual([]);
  expect(report.limits).toEqual([]);
  expect(report.cases).toBeGreaterThan(20);
}, 120_000);

test("every call fails, with every error that it can give", async () => {
  const report = await sweepFaults(
    {
      setup,
      run: async (fs) => {
        await repairJsonLog("/d/log", { fileSystem: fs });
      },
      check: (fs, { end }) => (end === "done" ? expectOldOrNew(fs, [good]) : expectTrue(fs, end)),
    },
    { settleMs: 20_000 },
  );
  const told = report.failures
    .slice(0, 5)
    .map(({ message, where, calls }) => [where, message, ...calls].join("\n"));
  expect(told).toEqual([]);
  expect(report.cases).toBeGreaterThan(100);
}, 240_000);
