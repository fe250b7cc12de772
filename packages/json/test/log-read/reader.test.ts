import { Buffer } from "node:buffer";
import { spawnSync } from "node:child_process";
import { appendFileSync, mkdirSync, readdirSync, readFileSync, truncateSync } from "node:fs";
import * as nodeFs from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { openRoot } from "@holdfast/root";
import { createMemoryFileSystem } from "@holdfast/testing";
import { afterEach, describe, expect, test, vi } from "vitest";
import * as z from "zod";
import { needs } from "../../../atomic/test/support/needs.ts";
import { readJsonLog } from "../../src/log/read-json-log.ts";
import { collect, folder, logFile, readAll, unaccounted } from "./reading.ts";

const lines = (count: number): string =>
  Array.from(
    { length: count },
    (_, number) => `${JSON.stringify({ number, text: "ä😀x" })}\n`,
  ).join("");

const openFiles = (): number => readdirSync("/proc/self/fd").length;

describe.runIf(needs("linux"))("L6: the file is closed", () => {
  const before = { files: 0 };
  const opened = async (run: (path: string) => Promise<void>): Promise<void> => {
    const path = logFile(lines(20_000));
    before.files = openFiles();
    await run(path);
    expect(openFiles()).toBe(before.files);
  };

  test("it is open meanwhile, and closed at the end", () =>
    opened(async (path) => {
      const reader = readJsonLog(path);
      expect((await reader.next()).value?.value).toMatchObject({ number: 0 });
      expect(openFiles()).toBe(before.files + 1);
      let count = 1;
      for await (const { value } of reader) expect(value).toMatchObject({ number: count++ });
      expect(count).toBe(20_000);
    }));

  test("by break", () =>
    opened(async (path) => {
      for await (const { value } of readJsonLog(path)) {
        expect(value).toMatchObject({ number: 0 });
        break;
      }
    }));

  test("by a throw in the loop", () =>
    opened(async (path) => {
      const loop = async (): Promise<void> => {
        for await (const { line } of readJsonLog(path)) throw new Error(`in line ${line}`);
      };
      await expect(loop()).rejects.toThrow("in line 1");
    }));

  test("by return(), throw() and again", () =>
    opened(async (path) => {
      const reader = readJsonLog(path);
      await reader.next();
      expect(await reader.return?.()).toEqual({ done: true, value: undefined });
      expect(openFiles()).toBe(before.files);
      expect(await reader.next()).toEqual({ done: true, value: undefined });
      expect(await reader.return?.()).toEqual({ done: true, value: undefined });
      const other = readJsonLog(path);
      await other.next();
      await expect(other.throw?.(new Error("mine"))).rejects.toThrow("mine");
      expect(await other.next()).toEqual({ done: true, value: undefined });
    }));

  test("by await using, also if nothing was read", () =>
    opened(async (path) => {
      {
        await using reader = readJsonLog(path);
        await reader.next();
        expect(openFiles()).toBe(before.files + 1);
      }
      expect(openFiles()).toBe(before.files);
      await using never = readJsonLog(path);
      expect(never.report.records).toBe(0);
    }));

  test("by return() while a record is on its way", () =>
    opened(async (path) => {
      const reader = readJsonLog(path);
      const [first, second, end] = await Promise.all([
        reader.next(),
        reader.next(),
        reader.return?.(),
      ]);
      expect([first, second].map(({ value }) => value?.value)).toMatchObject([
        { number: 0 },
        { number: 1 },
      ]);
      expect(end).toEqual({ done: true, value: undefined });
    }));

  test("after an error, whatever it is", () =>
    opened(async (path) => {
      appendFileSync(path, "bad\n");
      await expect(collect(path, { policy: "strict" })).rejects.toThrow("ERR_JSON_SYNTAX");
      const mine = new Error("mine");
      const onDropped = (): void => {
        throw mine;
      };
      await expect(collect(path, { onDropped })).rejects.toBe(mine);
      const validate = (): never => {
        throw mine;
      };
      await expect(collect(path, { validate })).rejects.toMatchObject({ cause: mine });
      const signal = AbortSignal.abort();
      await expect(collect(path, { signal })).rejects.toThrow("ABORT_ERR");
    }));
});

describe("calls", () => {
  test("many at once are answered in their order", async () => {
    const path = logFile(lines(30_000));
    const reader = readJsonLog(path);
    const all = await Promise.all(Array.from({ length: 30_002 }, () => reader.next()));
    expect(all.slice(0, -2).every(({ value }, at) => value?.line === at + 1)).toBe(true);
    expect(all.slice(-2)).toEqual([
      { done: true, value: undefined },
      { done: true, value: undefined },
    ]);
  });

  test("one that is made when another was answered does not overtake those before it", async () => {
    const reader = readJsonLog(logFile(lines(10)));
    const [first, second] = [reader.next(), reader.next()];
    const third = first.then(() => reader.next());
    const all = await Promise.all([first, second, third]);
    expect(all.map(({ value }) => value?.line)).toEqual([1, 2, 3]);
  });

  test("onDropped may call the reader", async () => {
    const path = logFile('{"a":1}\nbad\n{"b":2}\n{"c":3}\n');
    const inside: Promise<unknown>[] = [];
    const reader = readJsonLog(path, { onDropped: () => inside.push(reader.next()) });
    const first = await reader.next();
    const second = await reader.next();
    expect([first.value?.value, second.value?.value]).toEqual([{ a: 1 }, { b: 2 }]);
    expect(await Promise.all(inside)).toMatchObject([{ value: { value: { c: 3 } } }]);
  });

  test("misuse is refused at once", () => {
    const call = (options: object) => () => readJsonLog("x", options);
    expect(call({ policy: "lenient" })).toThrow('"policy" must be one of');
    expect(call({ start: -1 })).toThrow('"start" must be');
    expect(call({ start: 1.5 })).toThrow('"start" must be');
    expect(call({ start: "0" })).toThrow('"start" must be');
    expect(call({ maxRecordBytes: 0 })).toThrow('"maxRecordBytes" must be');
    expect(call({ onDropped: 1 })).toThrow('"onDropped" must be');
    expect(call({ validate: 1 })).toThrow('"validate" must be');
    expect(call({ signal: {} })).toThrow('"signal" must be');
    expect(call({ offload: "all" })).toThrow('"offload" must be');
    expect(() => readJsonLog("x", null as never)).toThrow('"options" must be');
    expect(call({ polciy: "strict" })).toThrow('there is no option "polciy"');
    const stray = { root: { promises: {} }, path: "x", mode: 0o600 };
    expect(() => readJsonLog(stray)).toThrow('{ root, path }, and has no "mode"');
    expect(() => readJsonLog("")).toThrow("ERR_INVALID_ARG");
    expect(() => readJsonLog({} as never)).toThrow("ERR_INVALID_ARG");
  });
});

describe("what is no log", () => {
  test("a missing one is ENOENT, at the first step", async () => {
    const reader = readJsonLog(join(folder(), "none.jsonl"));
    await expect(reader.next()).rejects.toMatchObject({ code: "ENOENT", effect: "none" });
    expect(await reader.next()).toEqual({ done: true, value: undefined });
  });

  test("a directory", async () => {
    await expect(collect(folder())).rejects.toMatchObject({ code: "EISDIR" });
  });

  test("one that may not be read is another thing than a missing one", async () => {
    const { fs } = createMemoryFileSystem({ tree: ["log 0000 = {}"], uid: 1000 });
    await expect(collect("/log", { fileSystem: fs })).rejects.toMatchObject({ code: "EACCES" });
  });

  test.runIf(needs("posix"))("a FIFO, without waiting for it", async () => {
    const path = join(folder(), "fifo");
    expect(spawnSync("mkfifo", [path]).status).toBe(0);
    await expect(collect(path)).rejects.toMatchObject({ code: "ERR_NOT_FILE" });
  });
});

describe("policies", () => {
  const content = '{"a":1}\n{"b":{"x":1},"c{"d":2}\nnot JSON\n{"e":3}\n';

  test("recover", async () => {
    const told: unknown[] = [];
    const { values, report } = await readAll(content, { onDropped: (one) => told.push(one) });
    expect(values).toEqual([{ a: 1 }, { d: 2 }, { e: 3 }]);
    expect(report).toMatchObject({ records: 3, recovered: 1, droppedBytes: 24, tornTailBytes: 0 });
    expect(told).toEqual([
      { offset: 8, length: 15, reason: "torn" },
      { offset: 31, length: 9, reason: "syntax" },
    ]);
    expect(report.dropped).toEqual(told);
  });

  test("skip", async () => {
    const { values, report } = await readAll(content, { policy: "skip" });
    expect(values).toEqual([{ a: 1 }, { e: 3 }]);
    expect(report.dropped).toEqual([
      { offset: 8, length: 23, reason: "syntax" },
      { offset: 31, length: 9, reason: "syntax" },
    ]);
    const torn = await readAll('{"a":\n[1]\n', { policy: "skip" });
    expect(torn.report.dropped).toEqual([{ offset: 0, length: 6, reason: "torn" }]);
  });

  test("strict says where in the log", async () => {
    const path = logFile('{"a":1}\n\n{"ä":tru}\n');
    await expect(collect(path, { policy: "strict" })).rejects.toMatchObject({
      code: "ERR_JSON_SYNTAX",
      effect: "none",
      line: 3,
      column: 6,
      offset: 15,
      excerpt: expect.stringContaining('{"ä":tru}') as string,
      message: expect.stringMatching(/^readJsonLog ".*": line 3, column 6: /) as string,
    });
    await expect(readAll(Buffer.from([0x5b, 0xff, 0x5d, 0x0a]), { policy: "strict" }))
      .rejects // "[\xff]"
      .toMatchObject({ code: "ERR_JSON_SYNTAX", line: 1, offset: 1 });
  });

  test.runIf(needs("posix"))("strict shows nothing of a private log", async () => {
    const path = logFile('{"token": secret}\n');
    nodeFs.chmodSync(path, 0o600);
    const error = await collect(path, { policy: "strict" }).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: "ERR_JSON_SYNTAX", line: 1, excerpt: undefined });
    expect(String(error)).not.toContain("secret");
  });

  test("strict does not advise what is being done", async () => {
    const error = collect(logFile('{"a":1}{"b":2}\n'), { policy: "strict" });
    await expect(error).rejects.toThrow("ERR_JSON_SYNTAX");
    const { message } = (await error.catch((e: unknown) => e)) as Error;
    expect(message.match(/readJsonLog/g)).toHaveLength(1);
  });

  test("strict gives what is before", async () => {
    const reader = readJsonLog(logFile('{"a":1}\nbad\n{"b":1}\n'), { policy: "strict" });
    expect((await reader.next()).value?.value).toEqual({ a: 1 });
    await expect(reader.next()).rejects.toThrow("ERR_JSON_SYNTAX");
    expect(await reader.next()).toEqual({ done: true, value: undefined });
  });
});

describe("validate", () => {
  const content = '{"n":1}\n{"n":2}\n\n{"n":"x"}\n{"n":4}\n';
  const number = (value: unknown): number => {
    const { n } = value as { n: unknown };
    if (typeof n === "number") return n;
    throw new Error("no number");
  };

  const seen = async (options: object): Promise<unknown[]> => {
    const values: unknown[] = [];
    const reader = readJsonLog(logFile(content), options);
    try {
      for await (const { value } of reader) values.push(value);
    } catch (error) {
      values.push(error);
    }
    return values;
  };

  test("a function", async () => {
    const [first, second, error] = await seen({ validate: number, policy: "skip" });
    expect([first, second]).toEqual([1, 2]);
    expect(error).toMatchObject({ code: "ERR_JSON_INVALID", line: 4, offset: 17 });
    expect(String(error)).toMatch(/line 4: .*no number/);
  });

  test("a function that answers later", async () => {
    const later = (value: unknown): Promise<number> => Promise.resolve(value).then(number);
    const [first, second, error] = await seen({ validate: later });
    expect([first, second]).toEqual([1, 2]);
    expect(error).toMatchObject({ code: "ERR_JSON_INVALID", line: 4 });
  });

  test("a schema", async () => {
    const validate = z.object({ n: z.number().transform((n) => n * 10) });
    const [first, second, error] = await seen({ validate });
    expect([first, second]).toEqual([{ n: 10 }, { n: 20 }]);
    expect(error).toMatchObject({ code: "ERR_JSON_INVALID", line: 4, issues: [{ path: ["n"] }] });
  });

  test.runIf(needs("posix")).for([0o600, 0o644])(
    "what is in a log of mode %o is in the message, or in the issues alone",
    async (mode) => {
      const path = logFile('{"token":"hunter2"}\n');
      nodeFs.chmodSync(path, mode);
      const issues = [{ message: 'not "hunter2"', path: ["token"] }];
      const answer = { version: 1, vendor: "test", validate: () => ({ issues }) } as const;
      const throwing = (): never => {
        throw new Error(issues[0]!.message);
      };
      for (const validate of [{ "~standard": answer }, throwing]) {
        const error: unknown = await collect(path, { validate }).catch((e: unknown) => e);
        expect(error).toMatchObject({
          code: "ERR_JSON_INVALID",
          line: 1,
          issues: [{ message: issues[0]!.message }],
        });
        expect(String(error)).toContain("line 1: ");
        expect(String(error).includes("hunter2")).toBe(mode !== 0o600);
      }
    },
  );
});

/** A file system of which each read returns at most so many bytes, and which tells of it. */
function inPieces(most: number, onRead = (_position: number): void => {}): object {
  const open = async (...given: Parameters<typeof nodeFs.promises.open>): Promise<unknown> => {
    const handle = await nodeFs.promises.open(...given);
    const read = handle.read.bind(handle) as (...all: unknown[]) => Promise<unknown>;
    return Object.assign(handle, {
      read: (bytes: Uint8Array, offset: number, length: number, position: number) => {
        onRead(position);
        return read(bytes, offset, Math.min(length, most), position);
      },
    });
  };
  return { promises: { ...nodeFs.promises, open } };
}

describe("reading in pieces", () => {
  const content =
    '\ufeff{"a":"ä😀"}\r\n\r\n{"b":"x{"c":"\u2028"}\n\n{"t":1}{"u":2}\nbad😀\n  \n{"last":[1,{}]}';

  test.for([1, 2, 3, 5, 7, 11, 64])("of %i bytes", async (most) => {
    const path = logFile(content);
    const whole = await collect(path);
    expect(whole.records.length).toBe(5);
    const pieces = await collect(path, { fileSystem: inPieces(most) });
    expect(pieces.records).toEqual(whole.records);
    expect(pieces.report).toEqual(whole.report);
    expect(unaccounted(pieces, Buffer.byteLength(content)).length).toBe(4);
  });

  test("lines longer than what is read at once, and records at every place of it", async () => {
    const parts: string[] = [];
    for (const length of [200_000, 262_140, 262_144, 300_000, 1_000_000, 10, 600_000, 262_143]) {
      parts.push(JSON.stringify({ t: `${"é".repeat(Math.max(0, length / 2 - 20))}😀` }), '{"s":1}');
    }
    const path = logFile(`${parts.join("\n")}\n`);
    const { records, report } = await collect(path);
    expect(records.map(({ value }) => JSON.stringify(value))).toEqual(parts);
    const bytes = readFileSync(path);
    for (const { value, offset, length } of records) {
      expect(JSON.parse(bytes.subarray(offset, offset + length).toString())).toEqual(value);
    }
    expect(report).toMatchObject({ records: 16, recovered: 0, droppedBytes: 0 });
  });
});

describe("start", () => {
  test("at each record, and behind the last", async () => {
    const content = '\ufeff{"a":"ä"}\r\n{"b":2}{"c":3}\n\n{"d":4}\n{"e":5}';
    const path = logFile(content);
    const { records } = await collect(path);
    for (const [at, record] of records.entries()) {
      // In the middle of a line a record that was recovered begins a line of its own.
      const from = await collect(path, { start: record.offset });
      expect(from.values).toEqual(records.slice(at).map(({ value }) => value));
      expect(from.records.map(({ offset }) => offset)).toEqual(
        records.slice(at).map(({ offset }) => offset),
      );
      const behind = await collect(path, { start: record.offset + record.length });
      expect(behind.values).toEqual(records.slice(at + 1).map(({ value }) => value));
      expect(behind.report.droppedBytes).toBe(0);
    }
    expect((await collect(path, { start: 10_000_000_000 })).values).toEqual([]);
  });
});

describe("maxRecordBytes", () => {
  const long = JSON.stringify({ long: "x".repeat(300_000) });
  const content = `{"a":1}\n${long}\n{"b":2}\n${long}\n${long}\r\n{"c":3}\n`;
  const length = long.length + 1;

  test.for([8, 100, 299_999, length - 1])("%i: longer ones are dropped", async (maxRecordBytes) => {
    for (const fileSystem of [undefined, inPieces(1000), inPieces(262_144)]) {
      const path = logFile(content);
      const log = await collect(path, { maxRecordBytes, fileSystem });
      expect(log.records).toMatchObject([
        { value: { a: 1 }, line: 1 },
        { value: { b: 2 }, line: 3 },
        { value: { c: 3 }, line: 6 },
      ]);
      expect(log.report.dropped).toEqual([
        { offset: 8, length, reason: "too-long" },
        { offset: 16 + length, length, reason: "too-long" },
        { offset: 16 + 2 * length, length: length + 1, reason: "too-long" },
      ]);
      expect(unaccounted(log, content.length)).toEqual([]);
    }
  });

  test("what is as long as that is read", async () => {
    const { report } = await readAll(content, { maxRecordBytes: length + 1 });
    expect(report).toMatchObject({ records: 6, droppedBytes: 0 });
    const exact = await readAll(content, { maxRecordBytes: length });
    expect(exact.report).toMatchObject({ records: 5, droppedBytes: length + 1 });
  });

  test("strict is ERR_TOO_LARGE", async () => {
    await expect(
      readAll(content, { maxRecordBytes: 1000, policy: "strict" }),
    ).rejects.toMatchObject({ code: "ERR_TOO_LARGE", effect: "none" });
  });

  test("a tail that is too long is a torn one", async () => {
    for (const tail of [long, '{"b":2}', " ".repeat(300_000)]) {
      const before = '{"a":1}\n';
      const { values, report } = await readAll(before + tail, { maxRecordBytes: 8 });
      expect(values).toEqual(tail === '{"b":2}' ? [{ a: 1 }, { b: 2 }] : [{ a: 1 }]);
      expect(report.tornTailBytes).toBe(tail === '{"b":2}' ? 0 : tail.length);
      expect(report.dropped).toEqual([]);
    }
  });

  test("no more than that is held", async () => {
    let largest = 0;
    const allocate = vi.spyOn(Buffer, "allocUnsafeSlow");
    const path = logFile(`${"x".repeat(5_000_000)}\n{"a":1}\n${"y".repeat(3_000_000)}`);
    await collect(path, { maxRecordBytes: 500_000 });
    for (const [size] of allocate.mock.calls) largest = Math.max(largest, size);
    expect(largest).toBe(500_000);
  });
});
afterEach(() => {
  vi.restoreAllMocks();
});

describe("a log that is written meanwhile", () => {
  test("is read to where its end is then", async () => {
    const path = logFile('{"n":0}\n');
    let reads = 0;
    const fileSystem = inPieces(1 << 20, () => {
      if (++reads <= 5) appendFileSync(path, `{"n":${reads}}\n`);
    });
    const { values, report } = await collect(path, { fileSystem });
    expect(values).toEqual([0, 1, 2, 3, 4, 5].map((n) => ({ n })));
    expect(report.tornTailBytes).toBe(0);
  });

  test("a record that comes in two halves is one", async () => {
    const path = logFile('{"n":0}\n{"text":"hel');
    let reads = 0;
    const fileSystem = inPieces(1 << 20, () => {
      if (++reads === 2) appendFileSync(path, 'lo"}\n');
    });
    const { values, report } = await collect(path, { fileSystem });
    expect(values).toEqual([{ n: 0 }, { text: "hello" }]);
    expect(report.recovered).toBe(0);
  });

  test("one that becomes shorter ends there", async () => {
    const path = logFile(lines(50_000));
    let reads = 0;
    const fileSystem = inPieces(1 << 20, () => {
      if (++reads === 2) truncateSync(path, 10);
    });
    const { records, report } = await collect(path, { fileSystem });
    expect(records.length).toBeGreaterThan(1000);
    expect(report.tornTailBytes).toBeGreaterThan(0);
  });

  test("a read that fails says so", async () => {
    const fileSystem = inPieces(1 << 20, (position) => {
      if (position > 0) throw Object.assign(new Error("EIO: i/o error"), { code: "EIO" });
    });
    const path = logFile(lines(50_000));
    await expect(collect(path, { fileSystem })).rejects.toMatchObject({ code: "EIO" });
  });
});

describe("signal", () => {
  test("between two records that are in memory", async () => {
    const abort = new AbortController();
    const reader = readJsonLog(logFile(lines(100)), { signal: abort.signal });
    await reader.next();
    await reader.next();
    abort.abort(new Error("enough"));
    await expect(reader.next()).rejects.toMatchObject({
      name: "AbortError",
      code: "ABORT_ERR",
      cause: abort.signal.reason as unknown,
    });
    expect(await reader.next()).toEqual({ done: true, value: undefined });
    expect(reader.report.records).toBe(2);
  });
});

describe("where a log is", () => {
  test("a file: URL, offload, a link", async () => {
    const path = logFile(lines(3));
    expect((await collect(pathToFileURL(path) as never)).values.length).toBe(3);
    expect((await collect(path, { offload: "flushes" })).values.length).toBe(3);
    nodeFs.symlinkSync(path, `${path}.link`);
    expect((await collect(`${path}.link`)).values.length).toBe(3);
  });

  test("in a root", async () => {
    const dir = folder();
    mkdirSync(join(dir, "in"));
    nodeFs.writeFileSync(join(dir, "in", "log"), lines(10_000));
    await using root = await openRoot(dir);
    const values: unknown[] = [];
    for await (const { value } of readJsonLog({ root, path: "in/log" })) values.push(value);
    expect(values.length).toBe(10_000);
    const missing = readJsonLog({ root, path: "in/none" });
    await expect(missing.next()).rejects.toMatchObject({ code: "ENOENT", path: "in/none" });
    const outside = readJsonLog({ root, path: "../log" });
    await expect(outside.next()).rejects.toMatchObject({ code: "ERR_PATH_ESCAPES" });
  });
});

test("a report lists the first 10,000 stretches, and counts all", async () => {
  let told = 0;
  const { report } = await readAll("x\n".repeat(12_000), { onDropped: () => told++ });
  expect(report.dropped.length).toBe(10_000);
  expect(report.droppedBytes).toBe(24_000);
  expect(told).toBe(12_000);
});
