/** Real processes that count up in one file: no update is lost, whoever is killed meanwhile. */

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { needs } from "../../../atomic/test/support/needs.ts";
import { tempDir, tmpfsParent } from "../../../atomic/test/support/temp-dir.ts";

vi.setConfig({ testTimeout: 240_000 });

const program = fileURLToPath(new URL("support/counting-process.mjs", import.meta.url));

interface Counting {
  readonly path: string;
  readonly how: string;
  readonly times: number;
  readonly journal: string;
}

function start(counting: Counting): {
  child: ChildProcess;
  begun: Promise<void>;
  ended: Promise<string>;
} {
  const child = spawn(process.execPath, [program, JSON.stringify(counting)], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  let said = "";
  child.stderr.on("data", (text) => (said += String(text)));
  const begun = new Promise<void>((resolve) => child.stdout.once("data", () => resolve()));
  const ended = new Promise<string>((resolve) =>
    child.once("close", (code, signal) =>
      resolve(code === 0 ? "" : `${signal ?? `exit code ${code}`}\n${said}`),
    ),
  );
  return { child, begun: Promise.race([begun, ended.then(() => {})]), ended };
}

const linesOf = (path: string): string[] =>
  existsSync(path) ? readFileSync(path, "utf8").split("\n").filter(Boolean) : [];

const countIn = (path: string): number =>
  (JSON.parse(readFileSync(path, "utf8")) as { count: number }).count;

async function proveNoneLost(ways: readonly string[], times: number): Promise<void> {
  const dir = tempDir(tmpfsParent());
  const notes = tempDir();
  const path = join(dir, "count.json");
  const children = ways.map((how, n) => start({ path, how, times, journal: join(notes, `${n}`) }));
  expect(await Promise.all(children.map(({ ended }) => ended))).toEqual(ways.map(() => ""));
  expect(countIn(path)).toBe(ways.length * times);
  const told = ways.flatMap((_, n) => linesOf(join(notes, `${n}`)));
  expect(new Set(told).size).toBe(ways.length * times); // nobody was told of the same update
  expect(readdirSync(dir)).toEqual(["count.json"]);
}

describe("J2 processes that count up in one file", () => {
  it("make 1,600 of 8 times 200", async () => {
    await proveNoneLost(
      Array.from({ length: 8 }, (_, n) => (n % 2 ? "path, sync" : "path")),
      200,
    );
  });

  it("lose nothing by whichever way each of them goes: paths and roots", async () => {
    await proveNoneLost(["root", "root, sync", "path", "root", "root, sync", "path, sync"], 30);
  });

  it.runIf(needs("posix"))(
    "lose nothing of what was acknowledged where one is killed",
    async () => {
      const dir = tempDir(tmpfsParent());
      const notes = tempDir();
      const path = join(dir, "count.json");
      const others = Array.from({ length: 7 }, (_, n) =>
        start({ path, how: "path", times: 200, journal: join(notes, `${n}`) }),
      );
      let running = true;
      const done = Promise.all(others.map(({ ended }) => ended)).then((ends) => {
        running = false;
        return ends;
      });
      let kills = 0;
      for (let n = 0; running; n++) {
        const how = n % 2 ? "path, sync" : "path";
        const journal = join(notes, "killed");
        const { child, begun, ended } = start({ path, how, times: 1_000_000, journal });
        await begun;
        await delay(20 + ((n * 37) % 80));
        if (child.kill("SIGKILL")) kills++;
        expect(await ended).toMatch(/^SIGKILL/);
      }
      expect(await done).toEqual(others.map(() => ""));
      const told = readdirSync(notes).flatMap((name) => linesOf(join(notes, name)));
      expect(kills).toBeGreaterThan(2);
      expect(linesOf(join(notes, "killed")).length).toBeGreaterThan(0);
      expect(new Set(told).size).toBe(told.length);
      const count = countIn(path);
      expect(count).toBeGreaterThanOrEqual(told.length);
      expect(count).toBeLessThanOrEqual(told.length + kills);
    },
  );
});
