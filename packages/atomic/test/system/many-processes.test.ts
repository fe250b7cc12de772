import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { describe, expect, it, onTestFinished } from "vitest";
import { needs } from "../support/needs.ts";
import { commandFor, environmentFor, packageRoot } from "../support/node-script.ts";
import { onTmpfs } from "../support/temp-dir.ts";
import { expectAt } from "./expect-at.ts";

/** Starts a script that runs beside others, and gives what it reports. */
async function beside<Report>(script: string, input: unknown): Promise<Report> {
  const [command, ...args] = commandFor(script);
  const child = spawn(command!, args, {
    cwd: packageRoot,
    env: environmentFor({ script, input }),
    stdio: ["ignore", "ignore", "pipe", "pipe"],
  });
  const closed = once(child, "close") as Promise<[number | null]>;
  // If the test fails before, they would go on writing into a directory that is being removed.
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await closed;
  });
  const [said, complaint, [code]] = await Promise.all([
    text(child.stdio[3] as Readable),
    text(child.stdio[2] as Readable),
    closed,
  ]);
  if (code !== 0) throw new Error(`a process ended with ${code}: ${complaint}`);
  return JSON.parse(said) as Report;
}

const processes = 8;
const rounds = 200;
const names = 100;

/** Long enough for a partial content to be seen. */
const contentOf = `(who, n) => JSON.stringify({ who, n, padding: "x".repeat(20_000 + who * 1000 + n) })`;

interface Report {
  readonly failures: string[];
  readonly created: string[];
  readonly refused: number;
}

const worker = `
  import * as atomic from "@holdfast/atomic";
  const content = ${contentOf};
  const { who, dir, sync, creates } = input;
  const half = sync ? "Sync" : "";
  const failures = [], created = [];
  let refused = 0;
  for (let n = 0; n < ${rounds}; n++) {
    try {
      await atomic["replaceFileAtomic" + half]({ filePath: dir + "/shared", content: content(who, n) });
    } catch (error) {
      failures.push(error.message);
    }
    if (!creates || n >= ${names}) continue;
    try {
      const filePath = dir + "/fresh-" + n;
      const { method } = await atomic["createFileAtomic" + half]({ filePath, content: content(who, n) });
      created.push(n + " " + method);
    } catch (error) {
      if (error.code === "EEXIST" && error.effect === "none") refused++;
      else failures.push(error.message);
    }
  }
  report({ failures, created, refused });`;

describe.runIf(needs("tmpfs")).each([
  { what: "replace one file", creates: false },
  { what: "replace one file and create others", creates: true },
])("A15 8 processes × 200 times $what", ({ creates }) => {
  it(
    "A15 none fails, a reader never fails, and one creator wins",
    { timeout: 60_000 },
    async () => {
      const dir = onTmpfs();
      const shared = join(dir, "shared");
      writeFileSync(shared, `{"who":-1,"n":0,"padding":""}`);
      let over = false;
      const running = Promise.all(
        Array.from({ length: processes }, (_, who) =>
          // Both forms, in one race.
          beside<Report>(worker, { who, dir, sync: who % 2 === 0, creates }),
        ),
      ).finally(() => {
        over = true;
      });
      const seen = new Set<number>();
      let reads = 0;
      while (!over) {
        // Throws if the file is missing for a moment, or not whole.
        const { who, n, padding } = JSON.parse(readFileSync(shared, "utf8")) as {
          who: number;
          n: number;
          padding: string;
        };
        const whole = who === -1 ? 0 : 20_000 + who * 1000 + n;
        expectAt(`read ${reads}`, padding).toHaveLength(whole);
        seen.add(who);
        reads++;
        await new Promise((resolve) => setImmediate(resolve));
      }
      const reports = await running;
      expect(reports.flatMap(({ failures }) => failures)).toEqual([]);
      expect(reads).toBeGreaterThan(100);
      expect(seen.size).toBeGreaterThan(2); // else they did not run at once
      const fresh = creates ? Array.from({ length: names }, (_, n) => `fresh-${n}`) : [];
      expect(readdirSync(dir).toSorted()).toEqual(["shared", ...fresh].toSorted());
      if (!creates) return;
      const winners = reports.flatMap(({ created }, who) =>
        created.map((entry) => ({ who, n: Number(entry.split(" ")[0]), entry })),
      );
      expect(winners).toHaveLength(names);
      expect(new Set(winners.map(({ n }) => n)).size).toBe(names);
      for (const { who, n, entry } of winners) {
        expect(entry).toBe(`${n} link`);
        const content = JSON.parse(readFileSync(join(dir, `fresh-${n}`), "utf8")) as object;
        expect(content).toMatchObject({ who, n });
      }
      const refused = reports.reduce((sum, report) => sum + report.refused, 0);
      expect(refused).toBe(processes * names - names);
    },
  );
});
