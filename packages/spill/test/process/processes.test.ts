/** Two processes and one store, and one that is killed. */

import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { expect, it, onTestFinished, vi } from "vitest";
import {
  commandFor,
  environmentFor,
  packageRoot,
} from "../../../atomic/test/support/node-script.ts";
import { linesOf, openStore, outputsIn, spilled } from "../support/stores.ts";

vi.setConfig({ testTimeout: 60_000 });

const text = linesOf(2000);
const limits = { maxBytes: 100, durable: false };
const spillIndex = new URL("../../dist/index.js", import.meta.url).href;

/** Another process that has a session open; it says one line for each thing that it has done. */
function startOther(dir: string, session: string, script: string) {
  const head = `
    const { openSpillStore } = await import(${JSON.stringify(spillIndex)});
    const { dir, session, text } = input;
    const store = await openSpillStore({ root: dir, session, maxBytes: 100, durable: false });
    const say = (value) => console.log(JSON.stringify(value));
    setInterval(() => {}, 1000);
  `;
  const whole = head + script;
  const [command, ...args] = commandFor(whole);
  const child = spawn(command!, args, {
    cwd: packageRoot,
    env: environmentFor({ script: whole, input: { dir, session, text } }),
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await ended;
  });
  const lines: string[] = [];
  let wake = (): void => {};
  let rest = "";
  child.stdout.on("data", (data: Buffer) => {
    const parts = (rest + String(data)).split("\n");
    rest = parts.pop()!;
    lines.push(...parts);
    wake();
  });
  const next = async (): Promise<any> => {
    while (lines.length === 0) await new Promise<void>((resolve) => (wake = resolve));
    return JSON.parse(lines.shift()!);
  };
  const kill = async (): Promise<void> => {
    child.kill("SIGKILL");
    await ended;
  };
  return { next, kill };
}

it("S6 the session of another process is live until that is dead", async () => {
  const { store, dir } = await openStore(limits);
  const other = startOther(dir, "other", `say(await store.spill("x", text));`);
  const { path } = await other.next();
  utimesSync(path, 1, 1);
  expect(await store.sweep({ maxAgeMs: 1000 })).toEqual({
    removedFiles: 0,
    removedBytes: 0,
    liveSessions: ["other"],
  });
  expect(readFileSync(path, "utf8")).toBe(text);
  await other.kill();
  expect(await store.sweep({ maxAgeMs: 1000 })).toEqual({
    removedFiles: 1,
    removedBytes: text.length,
    liveSessions: [],
  });
  expect(existsSync(path)).toBe(false);
  expect(readdirSync(dir).toSorted()).toEqual(["s1", "s1.lock.shared"]);
});

it("two processes with one session: same id and content is one file, and the last one ends it", async () => {
  const { store, dir } = await openStore(limits);
  const other = startOther(
    dir,
    "s1",
    `say(await store.spill("x", text)); say(await store.spill("y", text)); say(await store.endSession());`,
  );
  const { ref, path } = await other.next();
  expect(spilled(await store.spill("x", text)).ref).toBe(ref);
  expect(await store.resolve(ref)).toMatchObject({ status: "ok", path });
  await other.next();
  expect(await other.next()).toMatchObject({ ended: false, removedFiles: 0 });
  expect(outputsIn(dir)).toHaveLength(2);
  expect(await store.endSession()).toMatchObject({ ended: true, removedFiles: 2 });
  expect(readdirSync(dir)).toEqual([]);
});

it("many of both processes at once, of the same ids: every ref holds", async () => {
  const { store, dir } = await openStore(limits);
  const other = startOther(
    dir,
    "s1",
    `const all = Array.from({ length: 30 }, (_, i) => store.spill("id " + (i % 5), text + (i % 3)));
     say((await Promise.all(all)).map(({ ref }) => ref));`,
  );
  const mine = await Promise.all(
    Array.from({ length: 30 }, (_, i) => store.spill(`id ${i % 5}`, text + (i % 3))),
  );
  const refs = [...mine.map((result) => spilled(result).ref), ...(await other.next())] as string[];
  for (const ref of refs) expect((await store.resolve(ref)).status).toBe("ok");
  expect(readdirSync(join(dir, "s1", ".spill"))).toEqual([]);
});

it("killed while it writes: what it wrote is swept by the next one who opens the session", async () => {
  const { store, dir } = await openStore(limits);
  await store.close();
  const other = startOther(
    dir,
    "s1",
    `async function* pieces() { yield text; yield "x".repeat(1e6); say("half"); await new Promise(() => {}); }
     await store.spill("x", pieces());`,
  );
  expect(await other.next()).toBe("half");
  expect(readdirSync(join(dir, "s1", ".spill"))).toHaveLength(1);
  await other.kill();
  const { store: next } = await openStore({ ...limits, root: dir });
  expect(readdirSync(join(dir, "s1", ".spill"))).toEqual([]);
  expect(outputsIn(dir)).toEqual([]);
  expect(next.usage().sessionBytes).toBe(0);
});
