/** Times of change that the clock cannot explain: it was set back, or somebody set them. */

// oxlint-disable vitest/expect-expect, vitest/no-conditional-expect -- `lockDir` expects that nothing is left; what is expected differs between platforms
import { mkdirSync, readFileSync, unlinkSync, utimesSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { faultyFileSystem } from "../../../atomic/test/support/faulty-file-system.ts";
import { tryAcquireLock } from "../../src/index.ts";
import { forms, lockDir, recordText } from "./lock-dir.ts";

const nonce = "0123456789abcdef".repeat(2);
const elsewhere = recordText({ nonce, host: "somewhere", hostName: "somewhere" });
const soon = { heartbeatMs: 50, staleAfterMs: 200, timeoutMs: 50_000 };

let turns = 0;
function setAhead(path: string, times = 0): void {
  const ahead = Date.now() / 1000 + 1e6 + times;
  utimesSync(path, ahead, ahead);
}

describe.each(forms)("$form", ({ acquire, release }) => {
  it.each([
    ["a holder elsewhere", elsewhere],
    ["a record that says nothing", ""],
  ])("%s that changes nothing while it is waited for shows no life", async (_name, text) => {
    const { target } = lockDir();
    writeFileSync(`${target}.lock`, text);
    setAhead(`${target}.lock`);
    expect(await tryAcquireLock(target, { heartbeatMs: 50, staleAfterMs: 200 })).toBeUndefined();
    const began = performance.now();
    const lock = await acquire(target, soon);
    expect(performance.now() - began).toBeGreaterThanOrEqual(199);
    lock.assertHeld();
    await release(lock);
  });

  it("a share", async () => {
    const { target } = lockDir();
    mkdirSync(`${target}.lock.shared`);
    writeFileSync(`${target}.lock.shared/${nonce}`, elsewhere);
    setAhead(`${target}.lock.shared/${nonce}`);
    await release(await acquire(target, soon));
  });

  it("a claim on a dead holder", async () => {
    const { target } = lockDir();
    const gone = 4_194_305;
    writeFileSync(`${target}.lock`, recordText({ nonce, pid: gone, threadId: gone }));
    const claim = `${target}.lock.${nonce}.claim`;
    writeFileSync(claim, recordText({ nonce: "f".repeat(32), host: "somewhere" }));
    setAhead(claim);
    await release(await acquire(target, soon));
  });

  it("one that changes is alive, whatever the times are", async () => {
    const { target } = lockDir("file.lock");
    const entry = `${target}.lock`;
    writeFileSync(entry, elsewhere);
    setAhead(entry);
    // Beats before each look of who waits.
    const { fileSystem, calls } = faultyFileSystem({
      plan: ({ name, path }) =>
        name === "open" && path === entry ? { act: () => setAhead(entry, ++turns) } : undefined,
    });
    const asked = acquire(target, { ...soon, timeoutMs: 1000, fileSystem });
    await expect(asked).rejects.toMatchObject({ code: "ERR_LOCK_TIMEOUT" });
    // Not even claimed: nobody was in doubt.
    expect(calls.filter((call) => call.includes(".claim"))).toEqual([]);
  });

  it("one that wakes up when it has been claimed keeps it", async () => {
    const { target } = lockDir("file.lock");
    const entry = `${target}.lock`;
    writeFileSync(entry, elsewhere);
    setAhead(entry);
    let claims = 0;
    const { fileSystem } = faultyFileSystem({
      plan: ({ name, paths }) =>
        name === "link" && paths[1]!.endsWith(".claim")
          ? { act: () => setAhead(entry, ++claims), when: "after" }
          : undefined,
    });
    const asked = acquire(target, { ...soon, timeoutMs: 1000, fileSystem });
    await expect(asked).rejects.toMatchObject({ code: "ERR_LOCK_TIMEOUT" });
    expect(claims).toBeGreaterThan(0);
    expect(readFileSync(entry, "utf8")).toBe(elsewhere);
  });
});

it("the memory of one call is not that of another", async () => {
  const { target } = lockDir();
  writeFileSync(`${target}.lock`, elsewhere);
  setAhead(`${target}.lock`);
  for (let i = 0; i < 5; i++) {
    expect(await tryAcquireLock(target, { heartbeatMs: 20, staleAfterMs: 40 })).toBeUndefined();
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
  unlinkSync(`${target}.lock`);
});
