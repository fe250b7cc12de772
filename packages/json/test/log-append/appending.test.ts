import * as nodeFs from "node:fs";
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { openRoot } from "@holdfast/root";
import { hang, injectFaults, once, op, rule, traceFileSystem } from "@holdfast/testing";
import { needs } from "../../../atomic/test/support/needs.ts";
import { tempDir } from "../../../atomic/test/support/temp-dir.ts";
import { openJsonLog } from "../../src/log/open-json-log.ts";
import type { LogDurability } from "../../src/log/options.ts";
import { contentOf, linesOf } from "./log-lines.ts";

const durabilities: readonly LogDurability[] = ["none", "interval", "batch", "each"];

describe("appending", () => {
  it.each(durabilities)(
    "writes one line a value, in the order of the calls: %s",
    async (durability) => {
      const path = join(tempDir(), "a", "b", "log.jsonl");
      const log = await openJsonLog(path, { durability });
      expect(log.path).toBe(path);
      expect(log.healed).toBeUndefined();
      const receipts = await Promise.all([
        log.append({ n: 1 }),
        log.append([2, "zwei\n"]),
        log.append("drei"),
        log.append(null),
      ]);
      const durable = durability === "each";
      expect(receipts).toEqual([8, 13, 7, 5].map((length) => ({ length, durable })));
      expect(log.appendSync(5)).toEqual({ length: 2, durable });
      expect(await log.append({ n: 6 })).toEqual({ length: 8, durable });
      await log.flush();
      await log.close();
      expect(contentOf(path)).toBe('{"n":1}\n[2,"zwei\\n"]\n"drei"\nnull\n5\n{"n":6}\n');
      expect(readdirSync(join(path, ".."))).toEqual(["log.jsonl"]);
    },
  );

  it("goes on where a log ends, by a URL too, and closes with `await using`", async () => {
    const path = join(tempDir(), "log");
    writeFileSync(path, "{}\n");
    {
      await using log = await openJsonLog(pathToFileURL(path));
      expect(log.path).toBe(path);
      await log.append(1);
    }
    expect(contentOf(path)).toBe("{}\n1\n");
  });

  it("serialises a value before it returns, and what waits is written in order by a synchronous call", async () => {
    const path = join(tempDir(), "log");
    const log = await openJsonLog(path);
    const value = { text: "before" };
    const appended = log.append(value);
    value.text = "after";
    log.appendSync("last");
    expect(linesOf(path)).toEqual([{ text: "before" }, "last"]);
    expect(await appended).toEqual({ length: 18, durable: true });
    await log.close();
  });

  it("writes what is gathered in one go by one call, and a record of 3 MB too", async () => {
    const trace = traceFileSystem(nodeFs);
    const path = join(tempDir(), "log");
    const log = await openJsonLog(path, { fileSystem: trace.fs });
    await log.append("first");
    const writes = (): string[] => trace.lines().filter((line) => /^write \S*log /.test(line));
    expect(writes()).toHaveLength(1);
    await Promise.all(Array.from({ length: 500 }, (_, n) => log.append({ n })));
    expect(writes()).toHaveLength(2);
    await log.append("x".repeat(3_000_000));
    expect(writes()).toHaveLength(3);
    expect(writes().at(-1)).toMatch(/ 3000003$/);
    // More than a batch: several calls, and one flush.
    const flushes = (): number =>
      trace.lines().filter((line) => line.startsWith("fdatasync")).length;
    const before = flushes();
    await Promise.all(Array.from({ length: 6 }, () => log.append("y".repeat(400_000))));
    expect(writes()).toHaveLength(6);
    expect(flushes()).toBe(before + 1);
    await log.close();
    expect(linesOf(path)).toHaveLength(508);
  });

  it("shares flushes among those who wait at the same time: 1,000 at once, and none is lost", async () => {
    const trace = traceFileSystem(nodeFs);
    const path = join(tempDir(), "log");
    const log = await openJsonLog(path, { fileSystem: trace.fs });
    const before = trace.lines().length;
    const appends: Promise<unknown>[] = [];
    for (let n = 0; n < 1000; n++) {
      appends.push(log.append({ n }));
      // Some come while others are on their way.
      if (n % 250 === 249) await new Promise((resolve) => setImmediate(resolve));
    }
    await Promise.all(appends);
    const calls = trace.lines().slice(before);
    const flushes = calls.filter((line) => /^f(data)?sync/.test(line)).length;
    expect(flushes).toBeGreaterThanOrEqual(1);
    expect(flushes).toBeLessThanOrEqual(5);
    await log.close();
    expect(linesOf(path)).toEqual(Array.from({ length: 1000 }, (_, n) => ({ n })));
  });

  it("flushes when it is promised, and not otherwise", async () => {
    const flushesOf = async (durability: LogDurability): Promise<number[]> => {
      const trace = traceFileSystem(nodeFs);
      const path = join(tempDir(), "log");
      const flushes = (): number =>
        trace.lines().filter((line) => line.startsWith("fdatasync")).length;
      const log = await openJsonLog(path, {
        durability,
        flushIntervalMs: 20,
        fileSystem: trace.fs,
      });
      await log.append(1);
      const afterAppend = flushes();
      if (durability === "batch" || durability === "interval") {
        while (flushes() === 0) await new Promise((resolve) => setTimeout(resolve, 5));
      }
      await log.flush();
      const afterFlush = flushes();
      log.appendSync(2);
      const afterSync = flushes();
      await log.close();
      return [afterAppend, afterFlush, afterSync, flushes()];
    };
    expect(await flushesOf("none")).toEqual([0, 1, 1, 2]);
    expect(await flushesOf("interval")).toEqual([0, 1, 1, 2]);
    // Its flush follows the append so soon that it may have begun.
    expect((await flushesOf("batch")).slice(1)).toEqual([1, 1, 2]);
    expect(await flushesOf("each")).toEqual([1, 1, 2, 2]);
  });

  it("does not wait for a flush but where it was promised", async () => {
    const stuck = rule(op("fdatasync"), hang(), once());
    const path = join(tempDir(), "log");
    const log = await openJsonLog(path, {
      durability: "batch",
      fileSystem: injectFaults(nodeFs, [stuck]),
    });
    await log.append(1);
    const second = log.append(2);
    const flushed = log.flush();
    while (stuck.hits === 0) await new Promise((resolve) => setTimeout(resolve, 2));
    stuck.release();
    expect(await second).toEqual({ length: 2, durable: false });
    await flushed;
    await log.close();
    expect(linesOf(path)).toEqual([1, 2]);
  });

  it("makes a log with the mode that is asked for, and leaves an existing one as it is", async () => {
    const path = join(tempDir(), "d", "log");
    const before = process.umask(0o077);
    try {
      await (await openJsonLog(path, { mode: 0o660, dirMode: 0o750 })).close();
    } finally {
      process.umask(before);
    }
    expect(statSync(path).mode & 0o7777).toBe(0o660);
    expect(statSync(join(path, "..")).mode & 0o7777).toBe(0o750);
    await (await openJsonLog(path, { mode: 0o600 })).close();
    expect(statSync(path).mode & 0o7777).toBe(0o660);
  });

  it("an empty log stays empty", async () => {
    const path = join(tempDir(), "log");
    const log = await openJsonLog(path);
    await log.flush();
    await log.close();
    expect(contentOf(path)).toBe("");
  });

  it("appends in a root, and a synchronous call is refused there", async () => {
    const dir = tempDir();
    await using root = await openRoot(dir);
    const log = await openJsonLog({ root, path: "deep/log.jsonl" });
    await log.append({ in: "root" });
    expect(() => log.appendSync(1)).toThrow("a log in a root has no synchronous form");
    await log.append(2);
    await log.close();
    expect(contentOf(join(dir, "deep/log.jsonl"))).toBe('{"in":"root"}\n2\n');
    expect(readdirSync(join(dir, "deep"))).toEqual(["log.jsonl"]);
    const top = await openJsonLog({ root, path: "top" });
    await top.append(1);
    await top.close();
    await expect(openJsonLog({ root, path: "../out" })).rejects.toMatchObject({
      code: "ERR_PATH_ESCAPES",
      effect: "none",
    });
    expect(readdirSync(dir).toSorted()).toEqual(["deep", "top"]);
  });
});

describe("refused", () => {
  it("records that cannot be written, alone", async () => {
    const path = join(tempDir(), "log");
    const log = await openJsonLog(path, { maxRecordBytes: 10 });
    const bad = [undefined, () => {}, 1n, "12345678"].map((value) => log.append(value));
    const good = log.append("1234567");
    const ends = await Promise.allSettled(bad);
    expect(
      ends.map((end) => end.status === "rejected" && (end.reason as { code: string }).code),
    ).toEqual([...Array.from({ length: 3 }, () => "ERR_JSON_UNSERIALIZABLE"), "ERR_TOO_LARGE"]);
    await expect(bad[0]).rejects.toMatchObject({ op: "append", effect: "none", path });
    expect(await good).toEqual({ length: 10, durable: true });
    expect(() => log.appendSync(2n)).toThrow("appendSync");
    await log.close();
    expect(linesOf(path)).toEqual(["1234567"]);
  });

  it("everything but closing once it is closed, and waits for what was appended before", async () => {
    const path = join(tempDir(), "log");
    const log = await openJsonLog(path);
    const appended = log.append(1);
    const closed = log.close();
    const late = log.append(2);
    await expect(late).rejects.toMatchObject({ code: "ERR_CLOSED", effect: "none" });
    await closed;
    expect(await appended).toEqual({ length: 2, durable: true });
    await log.close();
    await expect(log.flush()).rejects.toMatchObject({ code: "ERR_CLOSED" });
    expect(() => log.appendSync(3)).toThrow("(ERR_CLOSED)");
    expect(contentOf(path)).toBe("1\n");
  });

  it("what is no file, and arguments that are wrong, before anything is touched", async () => {
    const dir = tempDir();
    await expect(openJsonLog(dir)).rejects.toMatchObject({ code: "EISDIR", effect: "none" });
    await expect(openJsonLog("/dev/null")).rejects.toMatchObject({
      code: "ERR_NOT_FILE",
      effect: "none",
    });
    for (const options of [
      { durability: "always" },
      { durabilty: "none" },
      { flushIntervalMs: -1 },
      { maxRecordBytes: "1" },
      { mode: 0o10000 },
      { dirMode: "755" },
      { signal: {} },
      { offload: "no" },
      { fileSystem: { promises: {} } },
      null,
    ]) {
      await expect(openJsonLog(join(dir, "log"), options as never)).rejects.toMatchObject({
        code: "ERR_INVALID_ARG",
      });
    }
    for (const target of ["", "a\0b", 5, {}, { root: {}, path: "x" }, new URL("http://x/")]) {
      await expect(openJsonLog(target as never)).rejects.toMatchObject({ code: "ERR_INVALID_ARG" });
    }
    expect(readdirSync(dir)).toEqual([]);
    expect(existsSync("/dev/null.lock")).toBe(false);
  });

  it.runIf(needs("posix"))("a FIFO, without waiting for its reader", async () => {
    const { execFileSync } = await import("node:child_process");
    const path = join(tempDir(), "fifo");
    execFileSync("mkfifo", [path]);
    await expect(openJsonLog(path)).rejects.toMatchObject({ code: "ERR_NOT_FILE", effect: "none" });
  });

  it("opening that was aborted, and leaves nothing open or locked", async () => {
    const dir = tempDir();
    const path = join(dir, "log");
    const stop = AbortSignal.abort(new Error("enough"));
    await expect(openJsonLog(path, { signal: stop })).rejects.toMatchObject({ name: "AbortError" });
    expect(readdirSync(dir)).toEqual([]);
    const controller = new AbortController();
    const fs = injectFaults(nodeFs, []);
    const opening = openJsonLog(path, { signal: controller.signal, fileSystem: fs });
    setImmediate(() => controller.abort());
    await opening.then(
      (log) => log.close(),
      (error: unknown) => expect(error).toMatchObject({ code: "ABORT_ERR" }),
    );
    expect(readdirSync(dir).filter((name) => name !== "log")).toEqual([]);
  });
});

describe("a symbolic link", () => {
  it("leads to the log, also when it is switched to another one", async () => {
    const { symlinkSync, renameSync } = await import("node:fs");
    const dir = tempDir();
    mkdirSync(join(dir, "real"));
    symlinkSync("real/one", join(dir, "current"));
    const log = await openJsonLog(join(dir, "current"));
    await log.append(1);
    symlinkSync("real/two", join(dir, "next"));
    renameSync(join(dir, "next"), join(dir, "current"));
    await log.append(2);
    // Whoever opens the other one by its own name knows of us.
    expect(existsSync(join(dir, "real/two.lock.shared"))).toBe(true);
    expect(existsSync(join(dir, "real/one.lock.shared"))).toBe(false);
    await log.close();
    expect(readFileSync(join(dir, "real/one"), "utf8")).toBe("1\n");
    expect(readFileSync(join(dir, "real/two"), "utf8")).toBe("2\n");
    expect(readdirSync(join(dir, "real")).toSorted()).toEqual(["one", "two"]);
  });
});
