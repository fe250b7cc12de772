import * as nodeFs from "node:fs";
import { appendFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  and,
  createMemoryFileSystem,
  fail,
  failAfter,
  injectFaults,
  once,
  op,
  path as at,
  rule,
  short,
  times,
  type Rule,
} from "@holdfast/testing";
import { faultyFileSystem } from "../../../atomic/test/support/faulty-file-system.ts";
import { inMountNamespace } from "../../../atomic/test/support/in-mount-namespace.ts";
import { needs } from "../../../atomic/test/support/needs.ts";
import { onTmpfs, tempDir } from "../../../atomic/test/support/temp-dir.ts";
import { openJsonLog } from "../../src/log/open-json-log.ts";
import type { JsonLog } from "../../src/log/options.ts";
import { contentOf, linesOf } from "./log-lines.ts";

const parent = (): string => (needs("tmpfs") ? onTmpfs() : tempDir());

/** How appends ended: the length of those that were resolved, code and effect of the others. */
async function endsOf(appends: readonly Promise<unknown>[]): Promise<unknown[]> {
  const ends = await Promise.allSettled(appends);
  return ends.map((end) => {
    if (end.status === "fulfilled") return (end.value as { length: number }).length;
    const { code, effect } = end.reason as { code: string; effect: string };
    return `${code} ${effect}`;
  });
}

const writes = and(op("write"), at("**/log"));

async function logWith(
  rules: readonly Rule[],
  before = '"before"\n',
): Promise<{ log: JsonLog; path: string }> {
  const path = join(parent(), "log");
  writeFileSync(path, before);
  const log = await openJsonLog(path, { fileSystem: injectFaults(nodeFs, rules) });
  return { log, path };
}

const three = (log: JsonLog): Promise<unknown>[] =>
  ["one", "two", "three"].map((v) => log.append(v));

describe("a write that fails", () => {
  it.each(["ENOSPC", "EIO", "EDQUOT", "EFBIG"])(
    "leaves the log as it is, and it goes on: %s",
    async (errno) => {
      const { log, path } = await logWith([rule(writes, fail(errno as "EIO"), once())]);
      const code = errno === "EDQUOT" ? "EDQUOT" : errno;
      expect(await endsOf(three(log))).toEqual([`${code} none`, `${code} none`, `${code} none`]);
      expect(contentOf(path)).toBe('"before"\n');
      await log.append(1);
      await log.close();
      expect(contentOf(path)).toBe('"before"\n1\n');
    },
  );

  // "one"\n"two"\n"three"\n: 6, 6 and 8 bytes.
  it.each([
    [1, ["ENOSPC none", "ENOSPC none", "ENOSPC none"], ""],
    [5, ["ENOSPC none", "ENOSPC none", "ENOSPC none"], ""],
    [6, [6, "ENOSPC none", "ENOSPC none"], '"one"\n'],
    [9, [6, "ENOSPC none", "ENOSPC none"], '"one"\n'],
    [12, [6, 6, "ENOSPC none"], '"one"\n"two"\n'],
    [19, [6, 6, "ENOSPC none"], '"one"\n"two"\n'],
  ])(
    "in mid-record, after %d bytes: cut back to the last whole record",
    async (bytes, ends, left) => {
      const { log, path } = await logWith([
        rule(writes, short(bytes), once()),
        rule(writes, fail("ENOSPC"), once()),
      ]);
      expect(await endsOf(three(log))).toEqual(ends);
      expect(contentOf(path)).toBe(`"before"\n${left}`);
      expect(await endsOf([log.append("next")])).toEqual([7]);
      await log.close();
      expect(contentOf(path)).toBe(`"before"\n${left}"next"\n`);
      expect(readdirSync(join(path, ".."))).toEqual(["log"]);
    },
  );

  it("that was only short is gone on with, where nobody else can write in between", async () => {
    for (let bytes = 1; bytes < 20; bytes++) {
      const { log, path } = await logWith([rule(writes, short(bytes), once())]);
      expect(await endsOf(three(log))).toEqual([6, 6, 8]);
      expect(contentOf(path)).toBe('"before"\n"one"\n"two"\n"three"\n');
      await log.close();
    }
  });

  it("again and again without an error ends", async () => {
    const { log, path } = await logWith([rule(writes, short(1), times(50))]);
    expect(await endsOf(three(log))).toEqual(
      Array.from({ length: 3 }, () => "ERR_NO_PROGRESS none"),
    );
    await log.close();
    expect(contentOf(path)).toBe('"before"\n');
  });

  it("also synchronously", async () => {
    const { log, path } = await logWith([
      rule(writes, short(9), once()),
      rule(writes, fail("ENOSPC"), once()),
    ]);
    const waiting = log.append("one");
    expect(() => log.appendSync("two")).toThrow(/nothing was changed \(ENOSPC\)/);
    expect(await waiting).toEqual({ length: 6, durable: true });
    expect(log.appendSync("three").length).toBe(8);
    await log.close();
    expect(linesOf(path)).toEqual(["before", "one", "three"]);
  });

  it("whose record cannot be cut off, because others have the log open: it stays, on a line of its own", async () => {
    for (const bytes of [1, 6, 9, 19]) {
      const { log, path } = await logWith([
        rule(writes, short(bytes), once()),
        rule(writes, fail("ENOSPC"), once()),
      ]);
      const other = await openJsonLog(path);
      const whole = [6, 6, 8].filter((_, index) => bytes >= [6, 12, 20][index]!);
      const torn = `"one"\n"two"\n"three"\n`.slice(0, bytes);
      const isTorn = !torn.endsWith("\n");
      const rest = ["ENOSPC none", "ENOSPC none", "ENOSPC none"];
      if (isTorn) rest[whole.length] = "ENOSPC partial";
      expect(await endsOf(three(log))).toEqual([...whole, ...rest.slice(whole.length)]);
      expect(contentOf(path)).toBe(`"before"\n${torn}`);
      await other.append("other");
      await log.append("next");
      await log.close();
      await other.close();
      expect(contentOf(path)).toBe(`"before"\n${torn}${isTorn ? "\n" : ""}"other"\n"next"\n`);
    }
  });

  it("in the same place, when the others have closed it: it is cut off by the next append, or by closing", async () => {
    for (const last of ["append", "close"]) {
      const { log, path } = await logWith([
        rule(writes, short(3), once()),
        rule(writes, fail("ENOSPC"), once()),
      ]);
      const other = await openJsonLog(path);
      expect(await endsOf([log.append("torn")])).toEqual(["ENOSPC partial"]);
      await other.close();
      if (last === "append") await log.append("next");
      await log.close();
      expect(contentOf(path)).toBe(`"before"\n${last === "append" ? '"next"\n' : ""}`);
    }
  });

  it("in the same place, where the next write ends with a whole record: of the others there is no piece", async () => {
    const { log, path } = await logWith([
      rule(writes, short(3), once()),
      rule(writes, short(7), once()),
      rule(writes, fail("ENOSPC"), once()),
    ]);
    const other = await openJsonLog(path);
    expect(await endsOf(three(log))).toEqual([6, "ENOSPC none", "ENOSPC none"]);
    expect(contentOf(path)).toBe('"before"\n"on\n"one"\n');
    await log.close();
    await other.close();
  });

  it("in the same place, where the next write succeeds: all are there, and the piece on a line of its own", async () => {
    const { log, path } = await logWith([rule(writes, short(9), once())]);
    const other = await openJsonLog(path);
    expect(await endsOf(three(log))).toEqual([6, 6, 8]);
    expect(contentOf(path)).toBe('"before"\n"one"\n"tw\n"two"\n"three"\n');
    await log.close();
    await other.close();
  });

  it("where the lock cannot be taken either, as on a full disk: it stays until that is possible", async () => {
    const path = join(parent(), "log");
    writeFileSync(path, '"before"\n');
    let full = false;
    const rules = [rule(writes, short(3), once()), rule(writes, fail("ENOSPC"), once())];
    const faulty = injectFaults(nodeFs, rules);
    const fileSystem = {
      ...faulty,
      promises: {
        ...faulty.promises,
        open: (name: string, ...rest: [number, number]) => {
          if (full && String(name).includes(".lock")) {
            return Promise.reject(Object.assign(new Error("ENOSPC: full"), { code: "ENOSPC" }));
          }
          return faulty.promises.open(name, ...rest);
        },
      },
    };
    const log = await openJsonLog(path, { fileSystem: fileSystem as never });
    full = true;
    expect(await endsOf([log.append("torn")])).toEqual(["ENOSPC partial"]);
    expect(contentOf(path)).toBe('"before"\n"to');
    full = false;
    await log.append("next");
    await log.close();
    expect(contentOf(path)).toBe('"before"\n"next"\n');
  });

  it.each([
    ["nothing of it", [fail("ENOSPC")], "ENOSPC none"],
    ["but its newline", [short(1), fail("ENOSPC")], "ENOSPC none"],
    ["nothing of it, again and again", [short(0), short(0), short(0)], "ERR_NO_PROGRESS none"],
    ["a piece of it", [short(2), fail("ENOSPC")], "ENOSPC partial"],
  ] as const)(
    "of an earlier batch is not one of the next, which writes %s",
    async (_, faults, end) => {
      const { log, path } = await logWith([
        rule(writes, short(3), once()),
        rule(writes, fail("ENOSPC"), once()),
        ...faults.map((fault) => rule(writes, fault, once())),
      ]);
      const other = await openJsonLog(path);
      expect(await endsOf([log.append("torn")])).toEqual(["ENOSPC partial"]);
      expect(await endsOf([log.append(1), log.append(2)])).toEqual([
        end,
        end.replace("partial", "none"),
      ]);
      await other.close();
      await log.append("next");
      await log.close();
      expect(linesOf(path).at(-1)).toBe("next");
    },
  );

  it("is not cut off once somebody else has written behind it, who does not ask for the lock", async () => {
    const { log, path } = await logWith([
      rule(writes, short(3), once()),
      rule(writes, fail("ENOSPC"), once()),
    ]);
    const other = await openJsonLog(path);
    expect(await endsOf([log.append("torn")])).toEqual(["ENOSPC partial"]);
    await other.close();
    appendFileSync(path, "somebody\n");
    await log.append("next");
    await log.close();
    expect(contentOf(path)).toBe('"before"\n"tosomebody\n"next"\n');
  });

  it("is not gone on with behind somebody else's record: it is written again, whole", async () => {
    const path = join(parent(), "log");
    writeFileSync(path, '"before"\n');
    let cut = false;
    const faulty = faultyFileSystem({
      plan: (call) => {
        if (!cut && call.name === "write" && call.path === path) {
          cut = true;
          return { atMostBytes: 3 };
        }
        // Between that and the lock, which is asked for then, somebody appends and is gone again.
        const isLock = call.name === "link" && call.paths[1] === `${path}.lock`;
        return cut && isLock ? { act: () => appendFileSync(path, '"other"\n') } : undefined;
      },
    });
    const log = await openJsonLog(path, { fileSystem: faulty.fileSystem });
    expect(await endsOf([log.append("one")])).toEqual([6]);
    expect(contentOf(path)).toBe('"before"\n"on"other"\n"one"\n');
    await log.close();
    await faulty.release();
  });

  it("and yet was made is unknown, and does no harm", async () => {
    const { log, path } = await logWith([rule(writes, failAfter("EIO"), once())]);
    expect(await endsOf([log.append("perhaps")])).toEqual(["EIO unknown"]);
    await log.append("next");
    await log.close();
    expect(linesOf(path)).toEqual(["before", "perhaps", "next"]);
  });

  it("rejects what flush() waits for, and the promise of the append alone", async () => {
    const { log } = await logWith([rule(writes, fail("ENOSPC"), once())]);
    const appended = log.append(1);
    const flushed = log.flush();
    await expect(appended).rejects.toMatchObject({ op: "append", code: "ENOSPC", effect: "none" });
    await expect(flushed).rejects.toMatchObject({ op: "flush", code: "ENOSPC" });
    await log.flush();
    await log.close();
  });
});

describe("a disk that becomes full", () => {
  it.runIf(needs("mount-namespace"))("and has space again: a real one", () => {
    const dir = tempDir();
    const told = inMountNamespace<
      Record<"full" | "atOnce", string[]> & Record<"resolved" | "found", number[]>
    >({
      mounts: [{ type: "tmpfs", target: dir, options: "size=400k,mode=0777" }],
      input: { dir, source: new URL("../../dist/index.js", import.meta.url).href },
      script: `
        const fs = await import("node:fs");
        const { openJsonLog } = await import(input.source);
        const path = input.dir + "/log";
        for (const name of ["/one", "/two"]) fs.writeFileSync(input.dir + name, Buffer.alloc(100_000));
        const log = await openJsonLog(path);
        const resolved = [];
        const append = (n, failed) => log.append({ n, text: "x".repeat(3001) }).then(
          () => resolved.push(n),
          (error) => failed.push(error.code + " " + error.effect),
        );
        const full = [];
        for (let n = 0; full.length < 5; n++) await append(n, full);
        fs.rmSync(input.dir + "/one");
        const atOnce = [];
        await Promise.all(Array.from({ length: 60 }, (_, n) => append(1000 + n, atOnce)));
        fs.rmSync(input.dir + "/two");
        await append(2000, []);
        await append(2001, []);
        await log.close();
        const lines = fs.readFileSync(path, "utf8").split("\\n").filter((line) => line !== "");
        report({ full, atOnce, resolved, found: lines.map((line) => JSON.parse(line).n) });`,
    });
    expect(told.full).toHaveLength(5);
    expect(told.atOnce.length).toBeGreaterThan(5);
    for (const end of [...told.full, ...told.atOnce])
      expect(end).toMatch(/^ENOSPC (none|partial)$/);
    expect(told.found).toEqual(told.resolved);
    expect(told.resolved.slice(-2)).toEqual([2000, 2001]);
  });

  it("keeps every record that was resolved, and ends with a whole one: in memory", async () => {
    const { fs } = createMemoryFileSystem({ capacityBytes: 20_000 });
    fs.mkdirSync("/d");
    const log = await openJsonLog("/d/log", { fileSystem: fs });
    const resolved: number[] = [];
    const ends = new Set<string>();
    for (let n = 0; n < 40; n++) {
      const batch = [0, 1, 2].map((part) => log.append({ n: 3 * n + part, text: "x".repeat(300) }));
      for (const [part, end] of (await Promise.allSettled(batch)).entries()) {
        if (end.status === "fulfilled") resolved.push(3 * n + part);
        else ends.add(`${end.reason.code} ${end.reason.effect}`);
      }
    }
    await log.close();
    expect([...ends].toSorted()).toEqual(expect.arrayContaining(["ENOSPC none"]));
    const text = String(fs.readFileSync("/d/log", "utf8"));
    const found = text.split("\n").filter((line) => line !== "");
    const whole = found
      .filter((line) => line.endsWith("}"))
      .map((line) => (JSON.parse(line) as { n: number }).n);
    expect(whole).toEqual(resolved);
    expect(found.length - whole.length).toBeLessThanOrEqual(1);
    expect(resolved.length).toBeGreaterThan(30);
  });
});
