/** A lock that somebody takes away from its holder (K6). */

// oxlint-disable vitest/expect-expect, vitest/no-conditional-expect -- `lockDir` expects that nothing is left; what is expected differs between platforms
import { linkSync, readFileSync, renameSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { faultyFileSystem } from "../../../atomic/test/support/faulty-file-system.ts";
import { runScript } from "../../../atomic/test/support/node-script.ts";
import {
  acquireLock,
  acquireLockSync,
  type HoldfastError,
  inspectLock,
  isHoldfastError,
  withLock,
  withLockSync,
} from "../../src/index.ts";
import { forms, lockDir, recordText, until } from "./lock-dir.ts";

const often = { heartbeatMs: 10, staleAfterMs: 1000 };

describe.each(forms)("$form", ({ acquire, release }) => {
  it("removed by hand: the holder learns it at the next heartbeat, once", async () => {
    const { target } = lockDir();
    const errors: HoldfastError[] = [];
    const lock = await acquire(target, { ...often, onCompromised: (error) => errors.push(error) });
    unlinkSync(`${target}.lock`);
    await until(() => lock.signal.aborted);
    expect(isHoldfastError(lock.signal.reason)).toBe(true);
    expect(lock.signal.reason).toMatchObject({ code: "ERR_LOCK_LOST", path: target });
    await until(() => errors.length > 0);
    expect(() => lock.assertHeld()).toThrow(expect.objectContaining({ code: "ERR_LOCK_LOST" }));
    await delay(30); // a few heartbeats
    await release(lock);
    expect(errors).toEqual([lock.signal.reason]);
  });

  it("removed by hand: the holder learns it when it asks", async () => {
    const { target } = lockDir();
    const errors: HoldfastError[] = [];
    const lock = await acquire(target, { onCompromised: (error) => errors.push(error) });
    unlinkSync(`${target}.lock`);
    expect(lock.signal.aborted).toBe(false);
    expect(() => lock.assertHeld()).toThrow(
      expect.objectContaining({ code: "ERR_LOCK_LOST", op: "lock.assertHeld", effect: "none" }),
    );
    expect(lock.signal.aborted).toBe(true);
    expect(errors).toEqual([]); // never from inside a call of ours
    await Promise.resolve();
    await until(() => errors.length === 1);
    await release(lock);
  });

  it("replaced: somebody else's entry is left alone, and the loss is told at the release", async () => {
    const { target } = lockDir();
    const errors: HoldfastError[] = [];
    const lock = await acquire(target, { onCompromised: (error) => errors.push(error) });
    unlinkSync(`${target}.lock`);
    const next = acquireLockSync(target); // is in no queue behind the first one
    const theirs = readFileSync(`${target}.lock`);
    await release(lock);
    expect(lock.signal.aborted).toBe(true);
    await until(() => errors.length === 1);
    expect(readFileSync(`${target}.lock`)).toEqual(theirs);
    next.assertHeld();
    next.releaseSync();
  });

  it("replaced by a copy of the same content: lost all the same", async () => {
    const { target } = lockDir();
    const lock = await acquire(target);
    const text = readFileSync(`${target}.lock`);
    writeFileSync(`${target}.copy`, text);
    renameSync(`${target}.copy`, `${target}.lock`);
    expect(() => lock.assertHeld()).toThrow(/ERR_LOCK_LOST/);
    await release(lock);
    expect(readFileSync(`${target}.lock`)).toEqual(text);
    unlinkSync(`${target}.lock`);
  });

  it("a share that was removed", async () => {
    const { target } = lockDir();
    const lock = await acquire(target, { shared: true });
    rmSync(`${target}.lock.shared`, { recursive: true });
    expect(() => lock.assertHeld()).toThrow(/ERR_LOCK_LOST/);
    await release(lock);
  });

  it("claimed by somebody who took it for dead: lost, and left to them", async () => {
    const { target } = lockDir();
    const lock = await acquire(target);
    const { nonce } = JSON.parse(readFileSync(`${target}.lock`, "utf8")) as { nonce: string };
    const claim = `${target}.lock.${nonce}.claim`;
    writeFileSync(claim, recordText({ host: "elsewhere" }));
    expect(() => lock.assertHeld()).toThrow(/ERR_LOCK_LOST/);
    await release(lock);
    unlinkSync(`${target}.lock`); // as they do
    unlinkSync(claim);
  });

  it("others in this process get it when it is lost, not when it is given back", async () => {
    const { target } = lockDir();
    const lock = await acquire(target, often);
    unlinkSync(`${target}.lock`);
    const next = await acquireLock(target);
    await until(() => lock.signal.aborted);
    next.assertHeld();
    await release(lock);
    await next.release();
  });
});

it("a heartbeat shows that the holder lives, and a full disk or a failing device is no loss", async () => {
  const { target } = lockDir();
  let failing: string | undefined = "ENOSPC";
  const faulty = faultyFileSystem({
    plan: ({ name }) =>
      failing !== undefined && (name === "write" || (name === "lstat" && failing === "EIO"))
        ? { fail: failing, when: "before" }
        : undefined,
  });
  failing = undefined;
  const lock = await acquireLock(target, { ...often, fileSystem: faulty.fileSystem });
  const beats = (): number => faulty.calls.filter((call) => call.startsWith("write")).length;
  for (const errno of ["ENOSPC", "EIO", undefined]) {
    failing = errno;
    const before = beats();
    await until(() => beats() > before + 3);
    expect(lock.signal.aborted).toBe(false);
  }
  failing = "EIO";
  expect(() => lock.assertHeld()).toThrow(expect.objectContaining({ code: "EIO" }));
  failing = undefined;
  lock.assertHeld();
  await lock.release();
  await until(() => faulty.openHandles().length === 0);
});

it("heartbeats do not change the content, and end with the lock", async () => {
  const { target } = lockDir();
  const { fileSystem, calls } = faultyFileSystem();
  const lock = await acquireLock(target, { ...often, fileSystem });
  const text = readFileSync(`${target}.lock`, "utf8");
  const { owners } = await inspectLock(target);
  await until(() => calls.filter((call) => call.startsWith("write")).length > 3);
  expect(readFileSync(`${target}.lock`, "utf8")).toBe(text);
  expect((await inspectLock(target)).owners[0]).toMatchObject({ since: owners[0]!.since });
  await lock.release();
  const made = calls.length;
  await delay(40);
  expect(calls.slice(made).filter((call) => call.startsWith("write"))).toEqual([]);
});

it("a holder that slept looks for a claim before it gives the lock back", () => {
  const { target } = lockDir();
  const { fileSystem, calls } = faultyFileSystem();
  const lock = acquireLockSync(target, { heartbeatMs: 1, fileSystem });
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
  calls.length = 0;
  lock.releaseSync();
  const names = calls.map((call) => call.replace(/ .*(lock|tmp|claim)$/, " $1"));
  expect(names).toEqual(["write tmp", "lstat lock", "lstat claim", "unlink lock", "close tmp"]);
});

it("what onCompromised throws is an uncaught exception", () => {
  const { target } = lockDir();
  const script = `
    import { acquireLock } from "@holdfast/lock";
    import { unlinkSync } from "node:fs";
    process.on("uncaughtException", (error) => report(error.message));
    const lock = await acquireLock(input, { onCompromised() { throw new Error("thrown"); } });
    unlinkSync(input + ".lock");
    let code;
    try { lock.assertHeld(); } catch (error) { code = error.code; }
    if (code !== "ERR_LOCK_LOST") throw new Error("not lost");
    await lock.release();
  `;
  expect(runLockScript({ script, input: target })).toBe("thrown");
});

it("withLock: lost while the function ran", async () => {
  const { target } = lockDir();
  const lose = (): string => {
    unlinkSync(`${target}.lock`);
    return "done";
  };
  const expected = { code: "ERR_LOCK_LOST", effect: "unknown", path: target };
  await expect(withLock(target, lose)).rejects.toMatchObject({ ...expected, op: "withLock" });
  expect(() => withLockSync(target, lose)).toThrow(
    expect.objectContaining({ ...expected, op: "withLockSync" }),
  );
  const failing = (): never => {
    lose();
    throw new Error("mine");
  };
  await expect(withLock(target, failing)).rejects.toThrow(/^mine$/);
});

it("a name more (a hard link) is no loss", async () => {
  const { target } = lockDir("second");
  const lock = await acquireLock(target);
  linkSync(`${target}.lock`, target.replace(/file$/, "second"));
  lock.assertHeld();
  await lock.release();
});

function runLockScript(script: { script: string; input: unknown }): unknown {
  const from = new URL("../../dist/index.js", import.meta.url).href;
  return runScript({ ...script, script: script.script.replace("@holdfast/lock", from) });
}
