/** A log that is created anew is as open as the one before, at no moment more. */

import * as nodeFs from "node:fs";
import { chmodSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { openRoot, type Root } from "@holdfast/root";
import { createMemoryFileSystem } from "@holdfast/testing";
import { faultyFileSystem } from "../../../atomic/test/support/faulty-file-system.ts";
import { needs } from "../../../atomic/test/support/needs.ts";
import { onTmpfs, tempDir } from "../../../atomic/test/support/temp-dir.ts";
import { openJsonLog } from "../../src/log/open-json-log.ts";
import type { JsonLog, JsonLogOptions } from "../../src/log/options.ts";
import { contentOf } from "./log-lines.ts";

const parent = (): string => (needs("tmpfs") ? onTmpfs() : tempDir());
const modeOf = (path: string): number => statSync(path).mode & 0o7777;

/** Where a log is, how it is opened there, and how a record is appended. */
interface Form {
  readonly form: string;
  readonly open: (dir: string, options?: JsonLogOptions) => Promise<JsonLog>;
  readonly append: (log: JsonLog, value: unknown) => Promise<unknown>;
}

const roots: Root[] = [];
const open: Form["open"] = (dir, options) => openJsonLog(join(dir, "a/log"), options);
const forms: readonly Form[] = [
  { form: "append", open, append: (log, value) => log.append(value) },
  { form: "appendSync", open, append: async (log, value) => log.appendSync(value) },
  {
    form: "append in a root",
    open: async (dir, options) => {
      const root = await openRoot(dir);
      roots.push(root);
      return await openJsonLog({ root, path: "a/log" }, options);
    },
    append: (log, value) => log.append(value),
  },
];

const before = process.umask();
afterEach(async () => {
  process.umask(before);
  for (const root of roots.splice(0)) await root.close();
});

describe.runIf(needs("posix")).each(forms)("a log created anew, $form", (form) => {
  const begin = async (mode: number, options?: JsonLogOptions): Promise<[JsonLog, string]> => {
    const dir = parent();
    const path = join(dir, "a/log");
    nodeFs.mkdirSync(join(dir, "a"));
    writeFileSync(path, "");
    chmodSync(path, mode);
    return [await form.open(dir, options), path];
  };

  it.each([0o600, 0o640, 0o666, 0o622])("after a rotation: %o stays", async (mode) => {
    process.umask(0o027);
    const [log, path] = await begin(mode);
    for (const n of [1, 2]) {
      renameSync(path, `${path}.${n}`);
      await form.append(log, n);
      expect(modeOf(path)).toBe(mode);
    }
    await log.close();
    expect(contentOf(path)).toBe("2\n");
  });

  it("after its directory was removed", async () => {
    const [log, path] = await begin(0o600);
    rmSync(join(path, ".."), { recursive: true });
    await form.append(log, 1);
    await log.close();
    expect(modeOf(path)).toBe(0o600);
  });

  it("has the bits that the old one had at last", async () => {
    const [log, path] = await begin(0o644);
    chmodSync(path, 0o600);
    rmSync(path);
    await form.append(log, 1);
    await log.close();
    expect(modeOf(path)).toBe(0o600);
  });

  it("has those of `mode`, where that is given", async () => {
    const [log, path] = await begin(0o644, { mode: 0o600 });
    rmSync(path);
    await form.append(log, 1);
    await log.close();
    expect(modeOf(path)).toBe(0o600);
  });
});

describe.runIf(needs("posix"))("a log created anew", () => {
  it.each(["append", "appendSync"] as const)("is at no moment more open: %s", async (call) => {
    process.umask(0);
    const path = join(parent(), "log");
    writeFileSync(path, "", { mode: 0o600 });
    const seen = new Set<number>();
    const look = (): void => {
      if (nodeFs.existsSync(path)) seen.add(modeOf(path));
    };
    const faulty = faultyFileSystem({ plan: () => ({ act: look, when: "after" }) });
    const log = await openJsonLog(path, { fileSystem: faulty.fileSystem });
    rmSync(path);
    await log[call](1);
    await log.close();
    await faulty.release();
    expect([...seen]).toEqual([0o600]);
    expect(readFileSync(path, "utf8")).toBe("1\n");
  });

  it("in memory, under another umask", async () => {
    const { fs } = createMemoryFileSystem({ umask: 0o077 });
    fs.writeFileSync("/log", "");
    fs.chmodSync("/log", 0o664);
    const log = await openJsonLog("/log", { fileSystem: fs });
    fs.unlinkSync("/log");
    await log.append(1);
    await log.close();
    expect(Number(fs.statSync("/log").mode) & 0o7777).toBe(0o664);
  });
});
