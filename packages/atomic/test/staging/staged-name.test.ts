import { readPrefix } from "@holdfast/fs/steps";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { Worker } from "node:worker_threads";
import { once } from "node:events";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findStagedFiles, stageFileAtomic, sweepStagedFiles } from "../../src/index.ts";
import { defaultPrefix, newStagedName, parseStagedName } from "../../src/staging/staged-name.ts";
import { needs } from "../support/needs.ts";
import { packageRoot } from "../support/node-script.ts";
import { tempDir } from "../support/temp-dir.ts";
import { failure, replaceForms } from "../system/both-forms.ts";
import { expectAt } from "../system/expect-at.ts";

/** Any prefix that the option accepts, the odd ones included. */
const prefixes = fc
  .oneof(fc.string({ unit: "binary", maxLength: 128 }), fc.string({ maxLength: 128 }))
  .filter((prefix) => {
    try {
      return readPrefix("test", "tempPrefix", prefix, "-") === prefix;
    } catch {
      return false;
    }
  });

const maxName = 255; // NAME_MAX of Linux

describe("names of staged files", () => {
  it("are never the same twice, and say whose they are", () => {
    const names = Array.from({ length: 1000 }, () => newStagedName(defaultPrefix));
    expect(new Set(names).size).toBe(1000);
    for (const name of names) {
      expect(parseStagedName(name, defaultPrefix)?.pid).toBe(process.pid);
      expect(Buffer.byteLength(name)).toBeLessThanOrEqual(maxName);
    }
  });

  it("can be read back under any prefix, and fit into a directory", () => {
    const own = parseStagedName(newStagedName("x"), "x");
    fc.assert(
      fc.property(prefixes, (prefix) => {
        const name = newStagedName(prefix);
        expect(parseStagedName(name, prefix)).toEqual(own);
        expect(Buffer.byteLength(name)).toBeLessThanOrEqual(maxName);
        expect(name.includes("/")).toBe(false);
      }),
    );
  });

  it("under another prefix never name a process of this host, which could be dead", () => {
    const { host } = parseStagedName(newStagedName("x"), "x")!;
    const mistaken = (a: string, b: string): boolean =>
      parseStagedName(newStagedName(a), b)?.host === host;
    const related = fc
      .tuple(prefixes, fc.stringMatching(/^[0-9a-f-]{1,20}$/))
      .map(([prefix, more]) => [prefix, prefix + more] as const);
    fc.assert(
      fc.property(fc.oneof(related, fc.tuple(prefixes, prefixes)), ([a, b]) => {
        fc.pre(a !== b);
        expect(mistaken(a, b)).toBe(false);
        expect(mistaken(b, a)).toBe(false);
      }),
    );
    // Also where one looks like the part that follows.
    const part = /^x(.*)-[0-9a-f-]{36}\.tmp$/.exec(newStagedName("x"))![1]!;
    for (const prefix of ["xy", "x1", "x1-", `x${part}-`, "x12-34-"]) {
      expectAt(prefix, mistaken(prefix, "x")).toBe(false);
      expectAt(prefix, mistaken("x", prefix)).toBe(false);
    }
  });

  it("under a prefix that goes on with a digit are not swept as somebody else's", async () => {
    const dir = tempDir();
    const staged = await stageFileAtomic({ filePath: join(dir, "file"), tempPrefix: "tmp2" });
    const { removed } = await sweepStagedFiles(dir, { tempPrefix: "tmp" });
    expect(removed).toEqual([]);
    await staged.commit();
    expect(readdirSync(dir).toSorted()).toEqual(["file"]);
  });

  it("are not seen in anything else", () => {
    const name = newStagedName(defaultPrefix);
    const others = [
      "",
      defaultPrefix,
      `${name}x`,
      `x${name}`,
      name.slice(0, -1),
      name.replace(".tmp", ".TMP"),
      name.replace(/-\d+-/, "-x-"),
      name.replace(defaultPrefix, `${defaultPrefix}-1`),
      `${defaultPrefix}12345678901-1-1-00000000-${"a".repeat(36)}.tmp`,
      `${name}\n`,
      "settings.json",
    ];
    for (const other of others)
      expectAt(other, parseStagedName(other, defaultPrefix)).toBeUndefined();
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(parseStagedName(text, defaultPrefix)).toBeUndefined();
      }),
    );
  });

  it("are read without trust: any numbers of our form", () => {
    const digits = (max: number): fc.Arbitrary<string> =>
      fc.stringMatching(new RegExp(`^[0-9]{1,${max}}$`));
    const tag = fc.stringMatching(/^[0-9a-f]{8}$/);
    fc.assert(
      fc.property(digits(10), digits(10), digits(20), tag, (pid, thread, start, host) => {
        const name = `${defaultPrefix}${pid}-${thread}-${start}-${host}-${"a".repeat(36)}.tmp`;
        const owner = parseStagedName(name, defaultPrefix);
        expect(owner?.pid).toBe(Number(pid));
        expect(owner?.host).toBe(host); // another host's: not this one
      }),
    );
  });

  it.runIf(needs("linux", "node"))("of two threads differ before the random part", async () => {
    const code = `
      const { basename, join } = require("node:path");
      const { parentPort, workerData } = require("node:worker_threads");
      import("${packageRoot}/dist/index.js").then(({ replaceFileAtomicSync }) => {
        const names = [];
        const beforeRename = ({ tempPath }) => names.push(basename(tempPath));
        const filePath = join(workerData, "file");
        for (const content of ["a", "b"])
          replaceFileAtomicSync({ filePath, content, tempPrefix: "x", beforeRename });
        parentPort.postMessage(names);
      });`;
    const worker = new Worker(code, { eval: true, execArgv: [], workerData: tempDir() });
    const [names] = (await once(worker, "message")) as [string[]];
    await worker.terminate();
    const owners = [...names, newStagedName("x")].map((name) => parseStagedName(name, "x")!);
    expect(owners.map(({ pid }) => pid)).toEqual([process.pid, process.pid, process.pid]);
    expect(owners[0]).toEqual(owners[1]);
    expect(owners[0]!.threadId).not.toBe(owners[2]!.threadId);
  });
});

describe("the tempPrefix option", () => {
  it.each(["a/b", "/", "a\\b", "a\0b", "", "x".repeat(129), "é".repeat(65), "\ud800"])(
    "refuses %j",
    async (tempPrefix) => {
      const dir = tempDir();
      const filePath = join(dir, "file");
      const expected = { code: "ERR_INVALID_ARG" };
      await expect(stageFileAtomic({ filePath, tempPrefix })).rejects.toMatchObject(expected);
      await expect(findStagedFiles(dir, { tempPrefix })).rejects.toMatchObject(expected);
      expect(readdirSync(dir).toSorted()).toEqual([]);
    },
  );

  it.each([".", "..", "-", "a b", "\n", "🙂", "x".repeat(128), "é".repeat(64), "*?<>|"])(
    "takes %j, on a real disk",
    async (tempPrefix) => {
      const dir = tempDir();
      const staged = await stageFileAtomic({ filePath: join(dir, "file"), tempPrefix });
      expect(basename(staged.path).startsWith(tempPrefix)).toBe(true);
      const found = await findStagedFiles(dir, { tempPrefix });
      expect(found).toMatchObject([{ path: staged.path, pid: process.pid }]);
      expect(await findStagedFiles(dir)).toEqual([]);
      await staged.commit();
      expect(readdirSync(dir).toSorted()).toEqual(["file"]);
    },
  );
});

describe.runIf(needs("posix")).each(replaceForms)("A18 $form and long names", ({ replace }) => {
  it.each([
    ["255 bytes", "n".repeat(maxName)],
    ["255 bytes in characters of two", `${"é".repeat(127)}x`],
    ["a newline", "a\nb"],
    ["a name that looks staged", newStagedName(defaultPrefix)],
  ])("A18 %s", async (_, name) => {
    const dir = tempDir();
    const filePath = join(dir, name);
    for (const content of ["first", "second"]) {
      await replace({ filePath, content, tempPrefix: "p".repeat(128) });
      expect(readFileSync(filePath, "utf8")).toBe(content);
    }
    expect(readdirSync(dir).toSorted()).toEqual([name]);
  });

  it("A18 256 bytes: ENAMETOOLONG, and nothing under another name", async () => {
    const dir = tempDir();
    writeFileSync(join(dir, "other"), "");
    const filePath = join(dir, "n".repeat(maxName + 1));
    const error = await failure(replace({ filePath, content: "new" }));
    expect(error).toMatchObject({ code: "ENAMETOOLONG", effect: "none", path: filePath });
    expect(readdirSync(dir).toSorted()).toEqual(["other"]);
  });
});
