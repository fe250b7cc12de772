import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { start } from "./main.ts";

let folder: string;
let data: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "example-15-"));
  data = join(folder, "data");
});
afterEach(() => rm(folder, { recursive: true }));

/** Another process that holds the lock until it is killed. */
async function startOther() {
  const script = `
    import { acquireLock } from "@holdfast/lock";
    await acquireLock(process.argv[1], { purpose: "the other" });
    console.log("has it");
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script, data], {
    cwd: import.meta.dirname,
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout, "data");
  return child;
}

test("the first one runs, and leaves nothing behind", async () => {
  const first = await start(data);
  expect(first.running).toBe(true);
  expect(await readdir(folder)).toEqual(["data.lock"]);
  if (first.running) await first.lock.release();
  expect(await readdir(folder)).toEqual([]);
});

test("the second one is told who is first, and runs when that one was killed", async () => {
  const other = await startOther();
  try {
    expect(await start(data)).toMatchObject({
      running: false,
      because: expect.stringContaining(`the other runs already: process ${other.pid}`) as string,
    });
  } finally {
    other.kill("SIGKILL");
    await once(other, "close");
  }
  const second = await start(data);
  expect(second.running).toBe(true);
  if (second.running) await second.lock.release();
});
