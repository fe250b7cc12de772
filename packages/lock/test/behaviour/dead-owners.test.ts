/** Locks whose owners are dead, may be dead, or cannot be judged from here. */

// oxlint-disable vitest/expect-expect, vitest/no-conditional-expect -- `lockDir` expects that nothing is left; what is expected differs between platforms
import { spawn } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { Worker } from "node:worker_threads";
import { processIdentity } from "@holdfast/fs/steps";
import { describe, expect, it } from "vitest";
import { faultyFileSystem } from "../../../atomic/test/support/faulty-file-system.ts";
import { needs } from "../../../atomic/test/support/needs.ts";
import { acquireLock, inspectLock, tryAcquireLockSync } from "../../src/index.ts";
import { type Form, forms, lockDir, namesIn, recordText, until } from "./lock-dir.ts";

const linux = needs("linux");
const noncesOf = (count: number): string[] =>
  Array.from({ length: count }, (_, i) => String(i).repeat(32).slice(0, 32));
/** Above the largest pid that Linux gives out (PID_MAX_LIMIT). */
const nobody = 4_194_305;
const dead = (nonce: string, other: object = {}): string =>
  recordText({ nonce, pid: nobody, threadId: nobody, ...other });
const stale = { heartbeatMs: 100, staleAfterMs: 1000 };
const age = (path: string, ms: number): void => {
  const time = (Date.now() - ms) / 1000;
  utimesSync(path, time, time);
};

async function expectFree({ acquire, release }: Form, target: string): Promise<void> {
  const lock = await acquire(target, { timeoutMs: 0, ...stale });
  lock.assertHeld();
  await release(lock);
}

describe.each(forms)("$form", (form) => {
  const { acquire, tryAcquire, inspect, release } = form;

  it("a pid that is gone: at once, however young the lock is", async () => {
    const { target } = lockDir();
    writeFileSync(`${target}.lock`, dead(noncesOf(1)[0]!));
    expect(await inspect(target)).toMatchObject({ held: false, owners: [{ state: "dead" }] });
    await expectFree(form, target);
  });

  it.runIf(linux)("a pid of somebody else by now (K3)", async () => {
    const { target } = lockDir();
    const child = spawn("sleep", ["60"]);
    try {
      writeFileSync(
        `${target}.lock`,
        recordText({ pid: child.pid, threadId: child.pid, startTicks: "1" }),
      );
      expect((await inspect(target)).owners).toMatchObject([{ state: "dead", pid: child.pid }]);
      await expectFree(form, target);
    } finally {
      child.kill();
    }
  });

  it.runIf(linux)("a zombie", async () => {
    const { target } = lockDir();
    // A shell that becomes another program does not wait for its children.
    const parent = spawn("sh", ["-c", "sleep 60 & echo $!; exec sleep 60"]);
    try {
      const pid = await new Promise<number>((resolve) => {
        parent.stdout.once("data", (text) => resolve(Number(text)));
      });
      const stat = (of = pid): string => readFileSync(`/proc/${of}/stat`, "utf8");
      await until(() => stat(parent.pid).includes("(sleep)"));
      process.kill(pid, "SIGKILL");
      await until(() => stat().includes(") Z "));
      const startTicks = stat().split(") ")[1]!.split(" ")[19];
      writeFileSync(`${target}.lock`, recordText({ pid, threadId: pid, startTicks }));
      await expectFree(form, target);
    } finally {
      parent.kill();
    }
  });

  it("alive, by what this kernel says: never, however old", async () => {
    const { target } = lockDir("file.lock");
    // Without start time (not Linux) the kernel does not say that much.
    writeFileSync(`${target}.lock`, recordText());
    age(`${target}.lock`, linux ? 1e9 : 0);
    expect(await tryAcquire(target, stale)).toBeUndefined();
    expect(await inspect(target, { staleAfterMs: 1 })).toMatchObject({
      held: true,
      owners: [{ state: linux ? "alive" : expect.any(String), pid: process.pid }],
    });
  });

  const elsewhere = {
    "another boot": { host: `00000000-0000-0000-0000-000000000000 pid:[4026531836]` },
    "another pid namespace": { host: `${processIdentity().host?.split(" ")[0]} pid:[1]` },
    "another host": { host: "somewhere", hostName: "somewhere" },
    "a platform that does not tell": { host: null, startTicks: null, threadId: null },
  };
  describe.each(Object.entries(elsewhere))("%s", (_name, other) => {
    it("only when it has shown no life for staleAfterMs", async () => {
      const { target } = lockDir();
      const entry = `${target}.lock`;
      // The pid is gone here, or means another: that must not count.
      writeFileSync(entry, dead(noncesOf(1)[0]!, other));
      expect(await tryAcquire(target)).toBeUndefined();
      expect(await inspect(target)).toMatchObject({ held: true, owners: [{ state: "unknown" }] });
      age(entry, 20_000);
      expect(await tryAcquire(target)).toBeUndefined();
      age(entry, 40_000);
      expect(await inspect(target)).toMatchObject({ held: false, owners: [{ state: "stale" }] });
      await expectFree(form, target);
    });
  });

  it("a record that says nothing: by its age alone", async () => {
    const { target } = lockDir();
    const entry = `${target}.lock`;
    const good = recordText();
    const texts = [
      "",
      "x",
      "null\n",
      "{}\n",
      good.slice(0, -1),
      good.slice(0, 40),
      `${good}${good}`,
      `${good.slice(0, -2)}${" ".repeat(5000)}}\n`,
      recordText({ version: 2 }),
      recordText({ nonce: "../../etc/passwd" }),
      recordText({ pid: -1 }),
      recordText({ pid: 0 }),
      recordText({ since: "yesterday" }),
      "\0".repeat(good.length),
    ];
    for (const text of texts) {
      writeFileSync(entry, text);
      expect(await tryAcquire(target, stale)).toBeUndefined();
      expect(await inspect(target)).toEqual({ lockPath: entry, held: true, owners: [] });
      age(entry, 2000);
      expect((await inspect(target, { staleAfterMs: 1000 })).held).toBe(false);
      await expectFree(form, target);
    }
  });

  it("one that could be read, but that we may not read, is nobody's to take", async () => {
    const { target } = lockDir("file.lock");
    writeFileSync(`${target}.lock`, dead(noncesOf(1)[0]!));
    age(`${target}.lock`, 1e9);
    const { fileSystem } = faultyFileSystem({
      plan: ({ name, path }) =>
        name === "open" && path.endsWith(".lock") ? { fail: "EACCES", when: "before" } : undefined,
    });
    expect(await tryAcquire(target, { fileSystem })).toBeUndefined();
    expect((await inspect(target, { fileSystem })).held).toBe(true);
  });

  it("shares of the dead do not count, those of the living do", async () => {
    const { target } = lockDir();
    const [a, b] = noncesOf(2);
    const shares = `${target}.lock.shared`;
    mkdirSync(shares);
    writeFileSync(`${shares}/${a}`, dead(a!, { shared: true }));
    writeFileSync(`${shares}/${b}`, "");
    age(`${shares}/${b}`, 2000);
    const reader = await acquire(target, { shared: true });
    expect(await tryAcquire(target, stale)).toBeUndefined();
    // A synchronous one has seen enough when it finds that it would wait for its own thread.
    if (form.form === "async") expect(namesIn(shares)).toHaveLength(1);
    await release(reader);
    await expectFree(form, target);
  });

  it("claims of the dead on locks of the dead, one upon the other", async () => {
    const { target } = lockDir();
    const entry = `${target}.lock`;
    const nonces = noncesOf(5);
    writeFileSync(entry, dead(nonces[0]!));
    for (let i = 1; i < nonces.length; i++) {
      writeFileSync(`${entry}.${nonces[i - 1]}.claim`, dead(nonces[i]!));
    }
    await expectFree(form, target);
  });

  it("a claim of somebody who lives is waited for", async () => {
    const { target } = lockDir();
    const entry = `${target}.lock`;
    const [a] = noncesOf(1);
    writeFileSync(entry, dead(a!));
    const claim = `${entry}.${a}.claim`;
    writeFileSync(claim, recordText());
    expect(await tryAcquire(target)).toBeUndefined();
    writeFileSync(claim, dead(noncesOf(2)[1]!));
    await expectFree(form, target);
  });

  it("who was killed while it waited or took over: its files go with the next takeover", async () => {
    const { dir, target } = lockDir(
      "file.lock.txt",
      `file.lock.${"b".repeat(32)}.tmp`,
      `other.lock.${"a".repeat(32)}.tmp`,
    );
    const entry = `${target}.lock`;
    const [a, b, c, d] = noncesOf(4);
    writeFileSync(entry, dead(a!));
    writeFileSync(`${entry}.${b}.tmp`, dead(b!));
    writeFileSync(`${entry}.${c}.tmp`, "");
    age(`${entry}.${c}.tmp`, 2000);
    writeFileSync(`${entry}.${c}.claim`, dead(d!));
    writeFileSync(`${entry}.${d}.claim`, dead(b!));
    // Not ours, not of this lock, of somebody who lives.
    writeFileSync(`${entry}.txt`, "");
    writeFileSync(`${dir}/other.lock.${"a".repeat(32)}.tmp`, dead("a".repeat(32)));
    writeFileSync(`${entry}.${"b".repeat(32)}.tmp`, recordText({ nonce: "b".repeat(32) }));
    await expectFree(form, target);
  });

  it("what woke up between two looks is left alone", async () => {
    const { target } = lockDir("file.lock");
    const entry = `${target}.lock`;
    writeFileSync(entry, dead(noncesOf(1)[0]!, elsewhere["another host"]));
    age(entry, 40_000);
    const { fileSystem } = faultyFileSystem({
      plan: ({ name, paths }) =>
        name === "link" && paths[1]!.endsWith(".claim")
          ? { act: () => age(entry, 10), when: "after" }
          : undefined,
    });
    expect(await tryAcquire(target, { fileSystem })).toBeUndefined();
  });

  it("what is another's between two looks is left alone", async () => {
    const { target } = lockDir("file.lock");
    const entry = `${target}.lock`;
    writeFileSync(entry, dead(noncesOf(1)[0]!));
    const { fileSystem } = faultyFileSystem({
      plan: ({ name, paths }) =>
        name === "link" && paths[1]!.endsWith(".claim")
          ? { act: () => writeFileSync(entry, recordText()), when: "after" }
          : undefined,
    });
    expect(await tryAcquire(target, { fileSystem })).toBeUndefined();
    expect(readFileSync(entry, "utf8")).toBe(recordText());
  });
});

it("the clock is that of the file system, not ours", () => {
  const { target } = lockDir("file.lock");
  writeFileSync(`${target}.lock`, dead(noncesOf(1)[0]!, { host: "somewhere" }));
  const now = Date.now;
  Date.now = () => now() + 1e9;
  try {
    expect(tryAcquireLockSync(target)).toBeUndefined();
  } finally {
    Date.now = now;
  }
});

it("a thread that was ended from outside, in a process that lives", async () => {
  const { target } = lockDir();
  const from = new URL("../../dist/index.js", import.meta.url).href;
  const worker = new Worker(
    `const { parentPort, workerData } = require("node:worker_threads");
     import(workerData.from).then(async ({ acquireLock }) => {
       const lock = await acquireLock(workerData.target);
       parentPort.postMessage("held");
       setInterval(() => lock, 1000);
     });`,
    { eval: true, workerData: { from, target } },
  );
  await new Promise((resolve) => worker.once("message", resolve));
  if (linux) expect((await inspectLock(target)).owners).toMatchObject([{ state: "alive" }]);
  await worker.terminate();
  if (linux) await (await acquireLock(target)).release();
});

it("a record is readable for others, as far as the umask allows", async () => {
  const { target } = lockDir();
  const lock = await acquireLock(target);
  if (process.platform !== "win32") {
    expect(statSync(`${target}.lock`).mode & 0o777).toBe(0o644 & ~process.umask());
  }
  chmodSync(`${target}.lock`, 0o600);
  await lock.release();
});

it.each(forms)(
  "$form: inspect, of a free and of a held lock",
  async ({ acquire, inspect, release }) => {
    const { target } = lockDir();
    const lockPath = `${target}.lock`;
    expect(await inspect(target)).toEqual({ lockPath, held: false, owners: [] });
    const lock = await acquire(target, { purpose: "work" });
    const { threadId } = processIdentity();
    expect(await inspect(target)).toEqual({
      lockPath,
      held: true,
      owners: [
        {
          pid: process.pid,
          threadId,
          hostName: hostname(),
          purpose: "work",
          since: expect.any(Date),
          shared: false,
          state: "alive",
          heartbeatAgeMs: expect.any(Number),
        },
      ],
    });
    await release(lock);
    expect(await inspect(target)).toEqual({ lockPath, held: false, owners: [] });
  },
);

it.each(forms)("$form: inspect writes nothing", async ({ acquire, inspect, release }) => {
  const { target } = lockDir();
  const lock = await acquire(target);
  const { fileSystem, calls } = faultyFileSystem();
  await inspect(target, { fileSystem });
  const made = new Set(calls.map((call) => call.split(" ")[0]));
  expect([...made].sort((x, y) => (x! < y! ? -1 : 1))).toEqual([
    "close",
    "fstat",
    "lstat",
    "open",
    "read",
    "readdir",
  ]);
  await release(lock);
});
