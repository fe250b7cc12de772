import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { needs } from "../../../atomic/test/support/needs.ts";
import { onTmpfs } from "../../../atomic/test/support/temp-dir.ts";
import { startProcess } from "./start-process.ts";

vi.setConfig({ testTimeout: 240_000 });

const processes = 100;
const rounds = 3;

/** Reads and writes without any care: two at once would lose an update. */
const counting = `
  import { readFileSync, writeFileSync } from "node:fs";
  import { readFile, writeFile } from "node:fs/promises";
  const path = input.dir + "/file";
  const counter = input.dir + "/counter";
  await tell("ready");
  await told();
  for (let round = 0; round < ${rounds}; round++) {
    const options = { timeoutMs: 200_000 };
    if (input.sync) {
      lock.withLockSync(path, () => {
        writeFileSync(counter, String(Number(readFileSync(counter, "utf8")) + 1));
      }, options);
    } else {
      await lock.withLock(path, async () => {
        await writeFile(counter, String(Number(await readFile(counter, "utf8")) + 1));
      }, options);
    }
  }
  await tell("done");
  process.exit();`;

describe.runIf(needs("tmpfs", "node"))("many processes", () => {
  it(`K1 ${processes} of them and one counter: no update is lost`, async () => {
    const dir = onTmpfs();
    writeFileSync(join(dir, "counter"), "0");
    const all = Array.from({ length: processes }, (_, n) =>
      startProcess({ script: counting, input: { dir, sync: n % 2 === 0 } }),
    );
    await Promise.all(all.map((one) => one.next()));
    for (const one of all) one.say("go");
    await Promise.all(all.map((one) => one.next()));
    await Promise.all(all.map((one) => one.ended));
    expect(readFileSync(join(dir, "counter"), "utf8")).toBe(String(processes * rounds));
    expect(readdirSync(dir)).toEqual(["counter"]);
  });
});
