/** Several processes, some of which are killed, or end in the middle of it. */

import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { needs } from "../../../atomic/test/support/needs.ts";
import {
  commandFor,
  environmentFor,
  packageRoot,
} from "../../../atomic/test/support/node-script.ts";
import { onTmpfs, tempDir } from "../../../atomic/test/support/temp-dir.ts";
import type { DroppedBytes } from "../../src/log/options.ts";
import { readJsonLog } from "../../src/log/read-json-log.ts";
import { linesOf } from "./log-lines.ts";

vi.setConfig({ testTimeout: 180_000 });

const parent = (): string => (needs("tmpfs") ? onTmpfs() : tempDir());
/** Who has it open, as far as its lock says. */
function sharesOf(path: string): string[] {
  const directory = `${path}.lock.shared`;
  return existsSync(directory) ? readdirSync(directory) : [];
}

const source = new URL("../../dist/index.js", import.meta.url).href;

/** Runs a script in a process of its own, which ends when the input of its stdin does. */
function start(script: string, input: object): ChildProcess {
  const text = `const { openJsonLog } = await import(input.source);\n${script}`;
  const [command, ...args] = commandFor(text);
  return spawn(command!, args, {
    cwd: packageRoot,
    env: environmentFor({ script, input: { ...input, source } }),
    stdio: ["pipe", "pipe", "inherit", "ignore"],
  });
}

async function endOf(child: ChildProcess): Promise<string> {
  const pieces: string[] = [];
  child.stdout!.setEncoding("utf8");
  child.stdout!.on("data", (piece: string) => pieces.push(piece));
  await once(child, "close");
  return pieces.join("");
}

describe.runIf(needs("posix"))("four processes at once", () => {
  it.each([
    [600_000, 20],
    [3_000_000, 6],
  ])("append records of %d bytes: each is whole, and all are there", async (bytes, count) => {
    const path = join(parent(), "log");
    const script = `
      const log = await openJsonLog(input.path, { durability: "none" });
      process.stdout.write("ready");
      await new Promise((resolve) => process.stdin.once("data", resolve));
      for (let n = 0; n < input.count; n++) {
        await log.append({ who: input.who, n, text: String(input.who).repeat(input.bytes) });
      }
      await log.close();
      process.stdin.destroy();`;
    const children = [0, 1, 2, 3].map((who) => start(script, { path, who, bytes, count }));
    await Promise.all(children.map((child) => once(child.stdout!, "data")));
    for (const child of children) child.stdin!.write("go");
    const ends = await Promise.all(children.map((child) => once(child, "exit")));
    expect(ends).toEqual([0, 1, 2, 3].map(() => [0, null]));
    // Line by line: all of it would be too long for one string one day.
    const found = [0, 0, 0, 0];
    for (const value of linesOf(path) as { who: number; n: number; text: string }[]) {
      expect(value.n).toBe(found[value.who]);
      expect(value.text.length).toBe(bytes);
      found[value.who]!++;
    }
    expect(found).toEqual([count, count, count, count]);
  });
});

/** Says on stdout what was acknowledged; what it says is in a pipe, and survives its end. */
const acknowledging = `
  import { writeSync } from "node:fs";
  const log = await openJsonLog(input.path, { durability: input.durability });
  for (let n = 0; ; n++) {
    const size = [3, 30, 300, 9000, 200_000][Math.floor(Math.random() * 5)];
    const batch = Array.from({ length: 1 + (n % 3) }, (_, part) =>
      log.append({ who: input.who, n, part, text: "x".repeat(size) }).then(() =>
        writeSync(1, input.who + " " + n + " " + part + "\\n")),
    );
    await Promise.all(batch);
  }`;

describe.runIf(needs("linux"))("killed while they append", () => {
  const kills = Number(process.env["HOLDFAST_LOG_KILLS"] ?? 60);

  it(`${kills} times: every acknowledged record is there, whole; of each process one may be torn`, async () => {
    const path = join(parent(), "log");
    writeFileSync(path, '{"who":"before"}\n');
    const acknowledged: string[] = ["before"];
    let who = 0;
    const worker = async (): Promise<void> => {
      while (who < kills) {
        const name = `p${who++}`;
        const durability = who % 2 === 0 ? "each" : "none";
        const child = start(acknowledging, { path, who: name, durability });
        const said = endOf(child);
        await once(child.stdout!, "data");
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 12));
        child.kill("SIGKILL");
        // The last line may be cut off: then it does not count.
        acknowledged.push(...(await said).split("\n").slice(0, -1));
      }
    };
    await Promise.all([worker(), worker(), worker(), worker()]);
    const found = new Set<string>();
    const torn: DroppedBytes[] = [];
    const reader = readJsonLog(path, { onDropped: (dropped) => torn.push(dropped) });
    for await (const { value } of reader) {
      const { who, n, part } = value as { who: string; n: number; part: number };
      found.add(who === "before" ? who : `${who} ${n} ${part}`);
    }
    expect(acknowledged.length).toBeGreaterThan(kills);
    expect(acknowledged.filter((name) => !found.has(name))).toEqual([]);
    // One that opened it when all others were dead has moved away what the last of them left.
    const moved = readdirSync(join(path, ".."))
      .filter((name) => name.startsWith("log.torn-"))
      .map((name) => readFileSync(join(path, "..", name), "latin1"));
    expect(torn.length + moved.length).toBeLessThanOrEqual(kills);
    for (const bytes of moved) expect(() => JSON.parse(bytes) as unknown).toThrow(SyntaxError);
  });
});

describe.runIf(needs("posix"))("a process that ends", () => {
  it.each(["none", "interval", "batch", "each"])(
    "by process.exit() writes what waits: %s",
    async (durability) => {
      const path = join(parent(), "log");
      const script = `
        const log = await openJsonLog(input.path, { durability: input.durability });
        await log.append("first");
        for (let n = 0; n < 50; n++) void log.append(n);
        process.exit(0);`;
      await endOf(start(script, { path, durability }));
      expect(linesOf(path)).toEqual(["first", ...Array.from({ length: 50 }, (_, n) => n)]);
      expect(sharesOf(path)).toEqual([]);
    },
  );

  it("by process.exit() while a batch is on its way loses none, and repeats none", async () => {
    const path = join(parent(), "log");
    for (const turns of [0, 1, 2, 3, 5, 8]) {
      const script = `
        const log = await openJsonLog(input.path, { durability: "none" });
        for (let n = 0; n < 5; n++) void log.append([input.turns, n]);
        for (let turn = 0; turn < input.turns; turn++) {
          await new Promise((resolve) => setImmediate(resolve));
        }
        for (let n = 5; n < 10; n++) void log.append([input.turns, n]);
        process.exit(0);`;
      await endOf(start(script, { path, turns }));
      const found = (linesOf(path) as [number, number][]).filter(([of]) => of === turns);
      const late = found.filter(([, n]) => n >= 5);
      expect(late).toEqual([5, 6, 7, 8, 9].map((n) => [turns, n]));
      expect(new Set(found.map(([, n]) => n)).size).toBe(found.length);
    }
  });

  it("by a signal writes what waits", async () => {
    const path = join(parent(), "log");
    const script = `
      import * as fs from "node:fs";
      let stuck = false;
      // What waits stays waiting, until the process ends.
      const stat = (...args) => stuck ? new Promise(() => {}) : fs.promises.stat(...args);
      const fileSystem = { ...fs, promises: { ...fs.promises, stat } };
      const log = await openJsonLog(input.path, { durability: "none", fileSystem });
      stuck = true;
      void log.append("waiting");
      setTimeout(() => process.kill(process.pid, "SIGTERM"), 50);
      setTimeout(() => {}, 60_000);`;
    const child = start(script, { path });
    const [, signal] = (await once(child, "exit")) as [number | null, string | null];
    expect(signal).toBe("SIGTERM");
    expect(linesOf(path)).toEqual(["waiting"]);
  });

  it("by itself, when nothing is left to do: what was appended is there, and flushed within its interval", async () => {
    const path = join(parent(), "log");
    const script = `
      const log = await openJsonLog(input.path, { durability: "interval", flushIntervalMs: 30 });
      process.stdin.destroy();
      void log.append("waiting");`;
    const child = start(script, { path });
    expect(await once(child, "exit")).toEqual([0, null]);
    expect(linesOf(path)).toEqual(["waiting"]);
    expect(sharesOf(path)).toEqual([]);
  });

  it("and whose append nobody waits for ends with an unhandled rejection, once", async () => {
    const path = join(parent(), "log");
    const script = `
      const log = await openJsonLog(input.path);
      const seen = [];
      process.on("unhandledRejection", (error) => seen.push(error.code));
      void log.append(1n);
      await log.append(2);
      await log.flush();
      await log.close();
      await new Promise((resolve) => setTimeout(resolve, 20));
      process.stdout.write(JSON.stringify(seen));
      process.stdin.destroy();`;
    expect(await endOf(start(script, { path }))).toBe('["ERR_JSON_UNSERIALIZABLE"]');
  });
});
