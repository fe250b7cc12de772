import realFs, { mkdirSync, symlinkSync, writeFileSync, type Dir, type Stats } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { tempDir } from "../../../atomic/test/support/temp-dir.ts";
import { requireCalls } from "../../src/errors/misuse.ts";
import { descriptorOf } from "../../src/node/faces.ts";
import { openFlags } from "../../src/node/node-fs.ts";
import type { FileSystem } from "../../src/port.ts";
import * as calls from "../../src/steps/calls.ts";
import type { CallName, Steps } from "../../src/steps/step.ts";
import { drivers, inAsync, inSync, thrownBy } from "../support/run-steps.ts";

/** What these calls say of a file, whichever way they are answered. */
function* looking(dir: string): Steps<unknown> {
  const file = join(dir, "file");
  const handle = yield* calls.open(file, openFlags.readOnly);
  const held = `/proc/self/fd/${descriptorOf(handle)}`;
  yield* calls.chmod(file, 0o640);
  yield* calls.utimes(file, 12, 34);
  const again = yield* calls.openHeld(held, openFlags.readOnly);
  const stats = (yield* calls.nodeLstat(file, false)) as Stats;
  const big = (yield* calls.nodeFstat(handle, true)) as { size: bigint; mtimeMs: bigint };
  const types = (yield* calls.nodeReaddir(dir, { withFileTypes: true })) as realFs.Dirent[];
  const answer = {
    link: yield* calls.readlinkHeld(held),
    parent: (yield* calls.lstatHeld(join(dir, "sub", ".."))).isDirectory(),
    same: (yield* calls.fstat(again)).ino === (yield* calls.fstat(handle)).ino,
    mode: stats.mode & 0o777,
    mtimeMs: stats.mtimeMs,
    bigint: [big.size, big.mtimeMs],
    names: types.map((entry) => `${entry.name} ${entry.isDirectory()}`).toSorted(),
    type: typeof (yield* calls.fileSystemType(dir)),
  };
  yield* calls.closeFlushed(again);
  yield* calls.closeFlushed(handle);
  return answer;
}

function prepared(): string {
  const dir = tempDir();
  writeFileSync(join(dir, "file"), "four");
  mkdirSync(join(dir, "sub"));
  symlinkSync("file", join(dir, "link"));
  return dir;
}

const expected = (dir: string): unknown => ({
  link: join(dir, "file"),
  parent: true,
  same: true,
  mode: 0o640,
  mtimeMs: 34_000,
  bigint: [4n, 34_000n],
  names: ["file false", "link false", "sub true"],
  type: "bigint",
});

describe.each<[string, FileSystem | undefined]>([
  ["the default", undefined],
  ["an injected file system", { ...realFs }],
])("over %s", (_, fileSystem) => {
  it.each(drivers)("%s", async (_name, run) => {
    const dir = prepared();
    expect(await run(() => looking(dir), { fileSystem })).toEqual(expected(dir));
  });

  it("with offload: flushes", async () => {
    const dir = prepared();
    expect(await inAsync(() => looking(dir), { fileSystem, offload: "flushes" })).toEqual(
      expected(dir),
    );
  });

  it.each(["calls", "flushes"] as const)(
    "gives Node's own objects to an asynchronous caller (offload: %s)",
    async (offload) => {
      const dir = prepared();
      const handle = (await inAsync(() => calls.nodeOpen(join(dir, "file"), 0, 0), {
        fileSystem,
        offload,
      })) as FileHandle;
      expect(await handle.readFile("utf8")).toBe("four");
      await handle.close();
      const open = (await inAsync(() => calls.nodeOpendir(dir, {}), {
        fileSystem,
        offload,
      })) as Dir;
      expect((await open.read())?.name).toBeTypeOf("string");
      await open.close();
    },
  );

  it("gives a descriptor to a synchronous one", async () => {
    const dir = prepared();
    const fd = await inSync(() => calls.nodeOpen(join(dir, "file"), 0, 0), { fileSystem });
    expect(realFs.readFileSync(fd as number, "utf8")).toBe("four");
    realFs.closeSync(fd as number);
  });

  it.each(drivers)("fails as Node does: %s", async (_name, run) => {
    const dir = prepared();
    const missing = join(dir, "missing");
    const failing: [CallName, () => Steps<unknown>][] = [
      ["chmod", () => calls.chmod(missing, 0o600)],
      ["utimes", () => calls.utimes(missing, 1, 1)],
      ["lstatHeld", () => calls.lstatHeld(missing)],
      ["openHeld", () => calls.openHeld(missing, 0)],
      ["readlinkHeld", () => calls.readlinkHeld(missing)],
      ["fileSystemType", () => calls.fileSystemType(missing)],
      ["nodeLstat", () => calls.nodeLstat(missing, false)],
      ["nodeReaddir", () => calls.nodeReaddir(missing, {})],
      ["nodeOpendir", () => calls.nodeOpendir(missing, {})],
      ["nodeOpen", () => calls.nodeOpen(missing, 0, 0)],
    ];
    for (const [name, steps] of failing) {
      expect([name, (await thrownBy(run(steps, { fileSystem }))).code]).toEqual([name, "ENOENT"]);
    }
  });
});

it("names the method of node:fs that a call needs", () => {
  const without = (method: string): FileSystem => ({
    ...realFs,
    [`${method}Sync`]: undefined,
    promises: { ...realFs.promises, [method]: undefined },
  });
  const needs: [CallName, string][] = [
    ["nodeLstat", "lstat"],
    ["nodeReaddir", "readdir"],
    ["nodeOpendir", "opendir"],
    ["nodeOpen", "open"],
    ["openHeld", "open"],
    ["readlinkHeld", "readlink"],
    ["fileSystemType", "statfs"],
    ["chmod", "chmod"],
  ];
  for (const [call, method] of needs) {
    expect(() => requireCalls("op", without(method), "async", [call])).toThrow(
      `"fileSystem.promises.${method}" is needed`,
    );
    expect(() => requireCalls("op", without(method), "sync", [call])).toThrow(
      `"fileSystem.${method}Sync" is needed`,
    );
  }
});
