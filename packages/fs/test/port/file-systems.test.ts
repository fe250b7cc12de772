import * as namespace from "node:fs";
import realFs, { promises as realPromises } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { createFsFromVolume, Volume } from "memfs";
import { tempDir } from "../../../atomic/test/support/temp-dir.ts";
import { sameIdentity } from "../../src/file-stats.ts";
import type { FileSystem } from "../../src/index.ts";
import { accessFlags, copyFlags, openFlags } from "../../src/node/node-fs.ts";
import * as calls from "../../src/steps/calls.ts";
import type { Steps } from "../../src/steps/step.ts";
import { drivers, inAsync, inSync, operationOf, thrownBy } from "../support/run-steps.ts";

/** What a replacement does, and a little more: on any file system it must give the same. */
function* replacing(dir: string): Steps<unknown> {
  const staged = join(dir, "staged");
  const target = join(dir, "target");
  const { writeOnly, create, exclusive, readOnly } = openFlags;
  const handle = yield* calls.open(staged, writeOnly | create | exclusive, 0o600);
  yield* calls.writeWhole(handle, Buffer.from("content"));
  yield* calls.fchmod(handle, 0o640);
  yield* calls.fsync(handle);
  const before = yield* calls.fstat(handle);
  yield* calls.close(handle);
  yield* calls.rename(staged, target);
  const after = yield* calls.lstat(target);
  const opened = yield* calls.open(target, readOnly);
  const buffer = new Uint8Array(20);
  const bytes = yield* calls.read(opened, buffer);
  yield* calls.closeFlushed(opened);
  yield* calls.symlink("target", join(dir, "soft"));
  yield* calls.mkdir(join(dir, "sub"), 0o700);
  return {
    size: after.size,
    mode: after.mode & 0o777n,
    sameFile: before.ino === after.ino,
    isFile: after.isFile(),
    text: Buffer.from(buffer.subarray(0, bytes)).toString(),
    link: yield* calls.readlink(join(dir, "soft")),
    throughLink: (yield* calls.stat(join(dir, "soft"))).isFile(),
    names: [...(yield* calls.readdir(dir))].map(String).toSorted(),
  };
}

const expected = {
  size: 7n,
  mode: 0o640n,
  sameFile: true,
  isFile: true,
  text: "content",
  link: "target",
  throughLink: true,
  names: ["soft", "sub", "target"],
};

const rename = async (...args: Parameters<typeof realPromises.rename>): Promise<void> =>
  realPromises.rename(...args);

const inMemory = () => createFsFromVolume(Volume.fromJSON({ "/d": null }));

describe.each<[string, () => FileSystem | undefined, string | undefined]>([
  ["the default", () => undefined, undefined],
  ["node:fs, default import", () => realFs, undefined],
  ["node:fs, namespace", () => namespace, undefined],
  ["a spread of node:fs", () => ({ ...realFs }), undefined],
  [
    "a spread with replaced methods",
    () => ({
      ...realFs,
      renameSync: (a, b) => realFs.renameSync(a, b),
      promises: { ...realPromises, rename },
    }),
    undefined,
  ],
  ["memfs", inMemory, "/d"],
  ["a spread of memfs", () => ({ ...inMemory() }), "/d"],
])("over %s", (_, make, fixed) => {
  it.each(drivers)("%s", async (_name, run) => {
    const fileSystem = make();
    expect(await run(() => replacing(fixed ?? tempDir()), { fileSystem })).toEqual(expected);
  });
});

describe.each<[string, () => FileSystem, string | undefined]>([
  ["node:fs", () => ({ promises: realPromises }), undefined],
  ["node:fs, spread", () => ({ promises: { ...realPromises } }), undefined],
  ["memfs", () => ({ promises: inMemory().promises }), "/d"],
])("over { promises } of %s", (_, make, fixed) => {
  it("the asynchronous driver", async () => {
    const fileSystem = make();
    expect(await inAsync(() => replacing(fixed ?? tempDir()), { fileSystem })).toEqual(expected);
  });
});

it("the rest of the vocabulary is passed on with its arguments, in both halves", async () => {
  const seen: unknown[][] = [];
  const note =
    (name: string) =>
    (...args: unknown[]): never => {
      seen.push([name, ...args]);
      return undefined as never;
    };
  const promised =
    (name: string) =>
    async (...args: unknown[]): Promise<never> =>
      note(name)(...args);
  const names = ["link", "unlink", "rmdir", "access", "copyFile", "lutimes", "mkdir"];
  const fileSystem = {
    ...Object.fromEntries(names.map((name) => [`${name}Sync`, note(name)])),
    promises: Object.fromEntries(names.map((name) => [name, promised(name)])),
  } as FileSystem;
  function* protocol(): Steps<void> {
    yield* calls.link("a", "b");
    yield* calls.unlink("a");
    yield* calls.rmdir("d");
    yield* calls.access("a", accessFlags.write);
    yield* calls.copyFile("a", "b", copyFlags.exclusive);
    yield* calls.copyFile("a", "b");
    yield* calls.lutimes("a", 1, 2.5);
    yield* calls.mkdir("d", 0o750);
    yield* calls.mkdir("d");
  }
  await inAsync(protocol, { fileSystem });
  const asynchronous = seen.splice(0);
  await inSync(protocol, { fileSystem });
  expect(seen).toEqual(asynchronous);
  expect(seen).toEqual([
    ["link", "a", "b"],
    ["unlink", "a"],
    ["rmdir", "d"],
    ["access", "a", realFs.constants.W_OK],
    ["copyFile", "a", "b", realFs.constants.COPYFILE_EXCL],
    ["copyFile", "a", "b", 0],
    ["lutimes", "a", 1, 2.5],
    ["mkdir", "d", { mode: 0o750 }],
    ["mkdir", "d", { mode: 0o777 }],
  ]);
});

describe("a whole content", () => {
  const ops: string[] = [];
  beforeEach(() => void ops.splice(0));

  it("goes through `promises.writeFile` and `promises.rename` of an injected file system", async () => {
    const fileSystem: FileSystem = {
      promises: {
        ...realPromises,
        writeFile: async (...args) => {
          ops.push("write");
          return realPromises.writeFile(...args);
        },
        rename: async (...args) => {
          ops.push("rename");
          return realPromises.rename(...args);
        },
      },
    };
    await inAsync(() => replacing(tempDir()), { fileSystem });
    expect(ops).toEqual(["write", "rename"]);
  });

  it("and through `writeFileSync`", async () => {
    const fileSystem: FileSystem = {
      ...realFs,
      writeFileSync: (fd, data) => {
        ops.push("write");
        realFs.writeFileSync(fd, data);
      },
    };
    await inSync(() => replacing(tempDir()), { fileSystem });
    expect(ops).toEqual(["write"]);
  });
});

describe("stubs", () => {
  const numbers = {
    dev: 5,
    ino: 1234,
    mode: 0o100644,
    nlink: 1,
    uid: 10,
    gid: 20,
    size: 99,
    mtimeMs: 1.5,
    isFile: () => true,
    isDirectory: () => false,
    isSymbolicLink: () => false,
  };

  it.each(drivers)(
    "may answer with numbers where bigints were asked for, in %s",
    async (_, run) => {
      const asked: unknown[] = [];
      const handle = { stat: async (options: unknown) => (asked.push(options), numbers) };
      const answer = (_path: unknown, options: unknown) => (asked.push(options), numbers);
      const fileSystem = {
        openSync: () => 3,
        fstatSync: answer,
        lstatSync: answer,
        statSync: answer,
        promises: {
          open: async () => handle,
          lstat: async (path: unknown, options: unknown) => answer(path, options),
          stat: async (path: unknown, options: unknown) => answer(path, options),
        },
      } as unknown as FileSystem;
      const all = await run(
        function* () {
          const opened = yield* calls.open("x", openFlags.readOnly);
          return [yield* calls.fstat(opened), yield* calls.lstat("x"), yield* calls.stat("x")];
        },
        { fileSystem },
      );
      for (const stats of all) {
        expect(stats).toMatchObject({
          dev: 5n,
          ino: 1234n,
          size: 99n,
          uid: 10n,
          mtimeNs: 1_500_000n,
        });
        expect(stats.isFile()).toBe(true);
        expect(sameIdentity(stats, all[0]!)).toBe(true);
      }
      expect(asked).toEqual([{ bigint: true }, { bigint: true }, { bigint: true }]);
    },
  );

  it("may answer at once where a promise is expected, as a bare mock function does", async () => {
    const unlink = vi.fn<() => undefined>();
    const fileSystem = { promises: { unlink } } as unknown as FileSystem;
    expect(await inAsync(() => calls.unlink("x"), { fileSystem })).toBeUndefined();
    expect(unlink).toHaveBeenCalledTimes(1);
  });

  it.each(drivers)(
    "that lack a method fail like any call, if nobody asked before, in %s",
    async (_, run) => {
      const error = await thrownBy(
        run(() => calls.rename("a", "b"), { fileSystem: { promises: {} } }),
      );
      expect(error).toMatchObject({ code: "UNKNOWN" });
      expect(error.cause).toBeInstanceOf(TypeError);
    },
  );

  it("bring the rules of the platform that they name", () => {
    expect(operationOf({ fileSystem: { platform: "win32" } }).platform.name).toBe("win32");
    expect(operationOf({ fileSystem: {} }).platform.name).toBe(operationOf().platform.name);
  });
});
