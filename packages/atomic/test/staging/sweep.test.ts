import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { spawnSync } from "node:child_process";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it, vi } from "vitest";
import { findStagedFiles, isHoldfastError, sweepStagedFiles } from "../../src/index.ts";
import { defaultPrefix, newStagedName } from "../../src/staging/staged-name.ts";
import { faultyFileSystem } from "../support/faulty-file-system.ts";
import { needs } from "../support/needs.ts";
import { asUser, nobody } from "../support/as-user.ts";
import { tempDir } from "../support/temp-dir.ts";
import { makeFifo } from "../system/both-forms.ts";
import { expectAt } from "../system/expect-at.ts";

// Processes and disks are slow on a busy machine, and nothing here is about time.
vi.setConfig({ testTimeout: 30_000 });

const pattern = /^(\.[a-z]+-)(\d+)-(\d+)-(\d+)-([0-9a-f]{8})-(.*)$/;

/** A name as another process would have given it: of this host unless \`host\` says otherwise. */
function nameOf(
  owner: { pid?: number; thread?: number; start?: string; host?: string },
  under = defaultPrefix,
): string {
  const [, prefix, pid, thread, start, host, rest] = pattern.exec(newStagedName(under))!;
  const parts = [
    owner.pid ?? pid,
    owner.thread ?? thread,
    owner.start ?? start,
    owner.host ?? host,
  ];
  return `${prefix}${parts.join("-")}-${rest}`;
}

/** The id of a process that has ended, and has been waited for. */
function deadPid(): number {
  return spawnSync(process.execPath, ["-e", ""]).pid;
}

const day = 24 * 60 * 60 * 1000;

/** A file of a name, not written to for some time. */
function put(dir: string, name: string, ageMs = 0): string {
  const path = join(dir, name);
  writeFileSync(path, "12345");
  const then = (Date.now() - ageMs) / 1000;
  utimesSync(path, then, then);
  return path;
}

const paths = (files: readonly { readonly path: string }[]): string[] =>
  files.map(({ path }) => path).toSorted();

describe.runIf(needs("linux"))("A12 who owns a staged file", () => {
  it("A12 is known: this thread, the dead, those whose number was given again, others unknown", async () => {
    const dir = tempDir();
    const cases: [string, boolean | "unknown"][] = [
      [nameOf({}), true],
      [nameOf({ pid: deadPid(), thread: deadPid() }), false],
      // The number of this process, in a process that began at another time.
      [nameOf({ start: "1" }), false],
      // A thread of this process that is there no more.
      [nameOf({ thread: deadPid() }), false],
      [nameOf({ pid: 1, thread: 1, start: "1" }), false],
      [nameOf({ host: "deadbeef" }), "unknown"],
      [nameOf({ host: "deadbeef", pid: deadPid() }), "unknown"],
      // A platform that does not tell when a process began.
      [nameOf({ start: "0" }), "unknown"],
    ];
    for (const [name] of cases) put(dir, name, 5000);
    const found = await findStagedFiles(dir);
    expect(found).toHaveLength(cases.length);
    for (const [name, ownerAlive] of cases) {
      const file = found.find(({ path }) => path === join(dir, name));
      expectAt(name, file).toMatchObject({ ownerAlive, bytes: 5 });
      expectAt(name, file!.ageMs).toBeGreaterThanOrEqual(5000);
      expectAt(name, file!.ageMs).toBeLessThan(day);
    }
    expect(readdirSync(dir)).toHaveLength(cases.length);
  });

  it("A12 the dead's are removed at once, a live owner's never, the unknown's when old", async () => {
    const dir = tempDir();
    const dead = put(dir, nameOf({ pid: deadPid() }));
    const deadOld = put(dir, nameOf({ pid: deadPid() }), 2 * day);
    const alive = put(dir, nameOf({}));
    const aliveOld = put(dir, nameOf({}), 1000 * day);
    const unknown = put(dir, nameOf({ host: "deadbeef" }), day / 2);
    const unknownOld = put(dir, nameOf({ host: "deadbeef" }), 2 * day);
    const other = put(dir, "not ours", 1000 * day);
    const { removed, kept } = await sweepStagedFiles(dir);
    expect(paths(removed)).toEqual([dead, deadOld, unknownOld].toSorted());
    expect(paths(kept)).toEqual([alive, aliveOld, unknown].toSorted());
    const there = [alive, aliveOld, unknown, other].map((path) => basename(path));
    expect(readdirSync(dir).toSorted()).toEqual(there.toSorted());
    const again = await sweepStagedFiles(dir, { olderThanMs: day / 4 });
    expect(paths(again.removed)).toEqual([unknown]);
    expect(paths(again.kept)).toEqual([alive, aliveOld].toSorted());
    const zero = await sweepStagedFiles(dir, { olderThanMs: 0 });
    expect(zero.removed).toEqual([]);
  });

  it("A12 one from the future is not old", async () => {
    const dir = tempDir();
    put(dir, nameOf({ host: "deadbeef" }), -10 * day);
    const { removed, kept } = await sweepStagedFiles(dir, { olderThanMs: 1 });
    expect(removed).toEqual([]);
    expect(kept).toMatchObject([{ ageMs: 0 }]);
  });

  it("A12 dryRun says what would go, and removes nothing", async () => {
    const dir = tempDir();
    const dead = put(dir, nameOf({ pid: deadPid() }));
    const alive = put(dir, nameOf({}));
    const { removed, kept } = await sweepStagedFiles(dir, { dryRun: true });
    expect(paths(removed)).toEqual([dead]);
    expect(paths(kept)).toEqual([alive]);
    expect(readdirSync(dir)).toHaveLength(2);
  });

  it("A12 a planted link, FIFO or directory of our form is neither listed nor touched", async () => {
    const dir = tempDir();
    const pid = deadPid();
    const victim = put(dir, "victim", 1000 * day);
    symlinkSync(victim, join(dir, nameOf({ pid })));
    symlinkSync("nowhere", join(dir, nameOf({ pid })));
    makeFifo(join(dir, nameOf({ pid })));
    const planted = join(dir, nameOf({ pid }));
    mkdirSync(planted);
    writeFileSync(join(planted, "inside"), "");
    const before = readdirSync(dir).toSorted();
    expect(await findStagedFiles(dir)).toEqual([]);
    const report = await sweepStagedFiles(dir, { olderThanMs: 0 });
    expect(report).toEqual({ removed: [], kept: [] });
    expect(readdirSync(dir).toSorted()).toEqual(before);
    expect(lstatSync(victim).size).toBe(5);
    expect(readdirSync(planted).toSorted()).toEqual(["inside"]);
  });

  it("A12 only names of the prefix, in that directory only; odd names do no harm", async () => {
    const dir = tempDir();
    const name = nameOf({ pid: deadPid() });
    mkdirSync(join(dir, "sub"));
    put(join(dir, "sub"), name);
    put(dir, nameOf({ pid: deadPid() }, ".other-"));
    put(dir, name.replace(".tmp", ""));
    const raw = Buffer.concat([Buffer.from(`${dir}/`), Buffer.from([0xff, 0xfe, 0x2e])]);
    writeFileSync(raw, "");
    expect(await findStagedFiles(dir)).toEqual([]);
    const found = await findStagedFiles(pathToFileURL(dir), { tempPrefix: ".other-" });
    expect(found).toMatchObject([{ ownerAlive: false }]);
    const { removed } = await sweepStagedFiles(dir, { tempPrefix: ".other-" });
    expect(removed).toHaveLength(1);
    expect(readdirSync(join(dir, "sub")).toSorted()).toEqual([name]);
  });
});

describe.runIf(needs("linux"))("A12 sweeping while others work", () => {
  it("one that is put into place while the directory is listed is not mentioned", async () => {
    const dir = tempDir();
    const [first, second] = [put(dir, nameOf({})), put(dir, nameOf({}))];
    const { fileSystem } = faultyFileSystem({
      plan: ({ name, path }) =>
        name === "lstat" && path === first ? { fail: "ENOENT", when: "before" } : undefined,
    });
    expect(paths(await findStagedFiles(dir, { fileSystem }))).toEqual([second]);
  });

  it("one that somebody else sweeps first counts as removed", async () => {
    const dir = tempDir();
    put(dir, nameOf({ pid: deadPid() }));
    const { fileSystem } = faultyFileSystem({
      plan: ({ name }) => (name === "unlink" ? { fail: "ENOENT", when: "after" } : undefined),
    });
    const { removed } = await sweepStagedFiles(dir, { fileSystem });
    expect(removed).toHaveLength(1);
  });

  it("one that cannot be removed is named, and the others are removed all the same", async () => {
    const dir = tempDir();
    const dead = [1, 2, 3].map(() => put(dir, nameOf({ pid: deadPid() })));
    let stuck = "";
    const { fileSystem } = faultyFileSystem({
      plan: ({ name, path }) => {
        if (name !== "unlink") return undefined;
        stuck ||= path;
        return path === stuck ? { fail: "EPERM", when: "before" } : undefined;
      },
    });
    const error: unknown = await sweepStagedFiles(dir, { fileSystem }).catch(
      (thrown: unknown) => thrown,
    );
    if (!isHoldfastError(error)) throw error;
    expect(error).toMatchObject({ code: "EPERM", effect: "partial", path: dir });
    expect(error).toMatchObject({ op: "sweepStagedFiles", leftovers: [stuck] });
    expect(readdirSync(dir).toSorted()).toEqual([basename(stuck)]);
    expect(dead).toContain(stuck);
  });

  it("a directory that cannot be read: its errno, effect none", async () => {
    const missing = join(tempDir(), "missing");
    for (const call of [findStagedFiles, sweepStagedFiles]) {
      await expect(call(missing)).rejects.toMatchObject({
        code: "ENOENT",
        effect: "none",
        path: missing,
      });
    }
  });

  it.runIf(needs("root", "other-user"))("another user sees who is alive, and may not sweep", () => {
    const dir = tempDir();
    chmodSync(dir, 0o755);
    put(dir, nameOf({ pid: deadPid() }));
    put(dir, nameOf({}));
    const script = `
      import { findStagedFiles, sweepStagedFiles } from "@holdfast/atomic";
      const found = await findStagedFiles(input);
      const { code, effect } = await sweepStagedFiles(input).catch((error) => error);
      report({ alive: found.map(({ ownerAlive }) => ownerAlive).sort(), code, effect });`;
    expect(asUser(nobody, { script, input: dir })).toEqual({
      alive: [false, true],
      code: "EACCES",
      effect: "none",
    });
    expect(readdirSync(dir)).toHaveLength(2);
  });

  it.each([{ olderThanMs: -1 }, { olderThanMs: 0.5 }, { olderThanMs: "1" }, { dryRun: 1 }, null])(
    "refuses %j",
    async (options) => {
      const dir = tempDir();
      put(dir, nameOf({ pid: deadPid() }));
      const call = sweepStagedFiles(dir, options as never);
      await expect(call).rejects.toMatchObject({ code: "ERR_INVALID_ARG" });
      expect(readdirSync(dir)).toHaveLength(1);
    },
  );
});
