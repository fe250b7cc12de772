/** Real processes: killed at each call of a migration, migrating at once, seen by one that watches. */

import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { killAtEveryCall } from "../../../atomic/test/support/kill-at-call.ts";
import { commandFor, environmentFor } from "../../../atomic/test/support/node-script.ts";
import { needs } from "../../../atomic/test/support/needs.ts";
import { openJsonStore } from "../../src/index.ts";
import { name, tempDir } from "./forms.ts";

vi.setConfig({ testTimeout: 240_000 });

const json = new URL("../../dist/index.js", import.meta.url).href;
const old = '{"$version":1,"n":7}';
const migrated = '{"$version":3,"n":80}';

const migrating = `
  const { openJsonStore } = await import(${JSON.stringify(json)});
  const open = (more = {}) => openJsonStore({
    path: input.dir + "/${name}",
    version: 3,
    mode: 0o600,
    migrations: { 2: ({ n }) => ({ n: n + 1 }), 3: ({ n }) => ({ n: n * 10 }) },
    ...more,
  });
`;

const compact = (text: string): string => JSON.stringify(JSON.parse(text));

/** Runs a script to its end, and returns what it reported. */
async function run(script: string, dir: string): Promise<string> {
  const [command, ...args] = commandFor(script);
  const child = spawn(command!, args, {
    env: environmentFor({ script, input: { dir } }),
    stdio: ["ignore", "ignore", "pipe", "pipe"],
  });
  let said = "";
  let wrong = "";
  child.stdio[3]!.on("data", (text) => (said += String(text)));
  child.stderr!.on("data", (text) => (wrong += String(text)));
  const code = await new Promise((resolve) => child.once("close", resolve));
  if (code !== 0) throw new Error(wrong);
  return said.trim();
}

describe.runIf(needs("node", "posix"))("processes", () => {
  it("J4 killed at any call of a migration leave the old document or the new one", async () => {
    const kills = await killAtEveryCall({
      script: `${migrating} await open({ backups: 1, fileSystem }); report("opened");`,
      prepare: (dir) => writeFileSync(join(dir, name), old, { mode: 0o600 }),
      check: async (dir, ended) => {
        const text = readFileSync(join(dir, name), "utf8");
        const backup = join(dir, `${name}.backup-1`);
        expect([old, migrated]).toContain(compact(text));
        expect(text === old || readFileSync(backup, "utf8") === old).toBe(true);
        expect(ended.stopped || compact(text) === migrated).toBe(true);
        const kept = readdirSync(dir).filter((file) => !file.includes(".lock"));
        expect(kept.map((file) => statSync(join(dir, file)).mode & 0o077)).toEqual(
          kept.map(() => 0),
        );
        // Whoever comes next takes the lock of the dead one, and goes on.
        await using store = await openJsonStore<{ n: number }>({
          path: join(dir, name),
          version: 3,
          migrations: {
            2: (value) => ({ n: (value as { n: number }).n + 1 }),
            3: (value) => ({ n: (value as { n: number }).n * 10 }),
          },
        });
        expect(store.get()).toEqual({ n: 80 });
        expect(await store.update((draft) => void draft.n++)).toEqual({ n: 81 });
        expect(existsSync(join(dir, `${name}.lock`))).toBe(false);
      },
    });
    expect(kills).toBeGreaterThan(10);
  });

  it("that open at once migrate once", async () => {
    const dir = tempDir();
    writeFileSync(join(dir, name), old);
    const script = `${migrating}
      const store = await open();
      await store.update((draft) => { draft.n += 1; });
      report(store.migratedFrom ?? "none");`;
    const said = await Promise.all(Array.from({ length: 4 }, () => run(script, dir)));
    expect(said.toSorted()).toEqual(['"none"', '"none"', '"none"', "1"]);
    expect(compact(readFileSync(join(dir, name), "utf8"))).toBe('{"$version":3,"n":84}');
    expect(readdirSync(dir)).toEqual([name]);
  });

  it("J4 are seen by a process that watches, which ends although it does", async () => {
    const dir = tempDir();
    writeFileSync(join(dir, name), migrated);
    const watching = run(
      `${migrating}
       const { writeFileSync } = await import("node:fs");
       const seen = new Promise((resolve) => {
         open({ watch: 10, onChange: resolve }).then(() => writeFileSync(input.dir + "/ready", ""));
       });
       const awake = setInterval(() => {}, 1000);
       report(await seen);
       clearInterval(awake);`,
      dir,
    );
    await vi.waitFor(() => expect(existsSync(join(dir, "ready"))).toBe(true), { timeout: 60_000 });
    await run(`${migrating} await (await open()).update(() => ({ n: 99 })); report(1);`, dir);
    expect(await watching).toBe('{"n":99}');
  });
});
