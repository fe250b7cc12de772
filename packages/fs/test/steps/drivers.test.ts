import * as namespace from "node:fs";
import realFs from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { faultyFileSystem } from "../../../atomic/test/support/faulty-file-system.ts";
import { needs } from "../../../atomic/test/support/needs.ts";
import { tempDir } from "../../../atomic/test/support/temp-dir.ts";
import type { FileStats } from "../../src/file-stats.ts";
import * as calls from "../../src/steps/calls.ts";
import type { Steps } from "../../src/steps/step.ts";
import type { HoldfastError } from "../../src/errors/holdfast-error.ts";
import { drivers, inAsync, inSync, noting, operationOf } from "../support/run-steps.ts";
import type { OperationOptions } from "../../src/steps/operation.ts";
import { accessFlags, copyFlags, openFlags } from "../../src/node/node-fs.ts";

const facts = (stats: FileStats) => ({
  mode: stats.mode,
  nlink: stats.nlink,
  size: stats.size,
  mtimeNs: stats.mtimeNs,
  is: [stats.isFile(), stats.isDirectory(), stats.isSymbolicLink()],
});

/** Uses every call of the vocabulary and returns all that they answer, handles apart. */
function* everyCall(dir: string): Steps<unknown[]> {
  const at = (name: string): string => join(dir, name);
  const results: unknown[] = [];
  const { writeOnly, readOnly, create, exclusive, directory, noFollow } = openFlags;
  const handle = yield* calls.open(at("a"), writeOnly | create | exclusive, 0o600);
  yield* calls.writeAll(handle, Buffer.from("hello, world"));
  yield* calls.writeAll(handle, Buffer.from("H"), 0);
  yield* calls.ftruncate(handle, 5);
  yield* calls.fchmod(handle, 0o640);
  yield* calls.fchown(handle, process.getuid!(), process.getgid!());
  yield* calls.futimes(handle, 1, 2);
  yield* calls.fdatasync(handle);
  yield* calls.fsync(handle);
  results.push(facts(yield* calls.fstat(handle)));
  yield* calls.close(handle);
  const again = yield* calls.open(at("a"), readOnly | noFollow);
  const buffer = new Uint8Array(8);
  results.push(yield* calls.read(again, buffer, 1), [...buffer]);
  results.push(yield* calls.read(again, buffer.subarray(3, 5)), [...buffer]);
  yield* calls.closeFlushed(again);
  const whole = yield* calls.open(at("whole"), writeOnly | create | exclusive, 0o600);
  yield* calls.writeWhole(whole, Buffer.from("all of it"));
  yield* calls.close(whole);
  yield* calls.rename(at("whole"), at("b"));
  yield* calls.link(at("b"), at("c"));
  yield* calls.symlink("b", at("soft"));
  yield* calls.lutimes(at("soft"), 3, 4);
  results.push(yield* calls.readlink(at("soft")));
  results.push(facts(yield* calls.lstat(at("soft"))), facts(yield* calls.lstat(at("c"))));
  results.push((yield* calls.stat(at("soft"))).isFile());
  yield* calls.mkdir(at("sub"), 0o700);
  results.push((yield* calls.lstat(at("sub"))).mode);
  yield* calls.copyFile(at("a"), at("copied"), copyFlags.exclusive);
  yield* calls.access(at("a"), accessFlags.write);
  const opened = yield* calls.open(dir, readOnly | directory);
  yield* calls.fsync(opened);
  yield* calls.closeFlushed(opened);
  results.push([...(yield* calls.readdir(dir))].map(String).toSorted());
  yield* calls.unlink(at("c"));
  yield* calls.rmdir(at("sub"));
  try {
    yield* calls.unlink(at("none"));
  } catch (error) {
    results.push((error as NodeJS.ErrnoException).code);
  }
  return results;
}

// The times that nobody set are those of the moment, so they are left out of what is compared.
const comparable = (results: unknown[]): unknown[] =>
  results.map((result) =>
    typeof result === "object" &&
    result !== null &&
    "mtimeNs" in result &&
    result.mtimeNs !== 2_000_000_000n &&
    result.mtimeNs !== 4_000_000_000n
      ? { ...result, mtimeNs: "of now" }
      : result,
  );

const variants: [string, typeof inAsync, () => Partial<OperationOptions>][] = [
  ["asynchronous, node:fs", inAsync, () => ({})],
  ["asynchronous, node:fs, flushes offloaded", inAsync, () => ({ offload: "flushes" })],
  ["asynchronous, node:fs named", inAsync, () => ({ fileSystem: realFs })],
  ["asynchronous, injected", inAsync, () => ({ fileSystem: { ...realFs } })],
  ["synchronous, node:fs", inSync, () => ({})],
  ["synchronous, node:fs named", inSync, () => ({ fileSystem: realFs })],
  ["synchronous, injected", inSync, () => ({ fileSystem: { ...realFs } })],
];

describe.runIf(needs("posix"))("one protocol, every driver", () => {
  const run = async (runner: typeof inAsync, options: Partial<OperationOptions>) => {
    const dir = tempDir();
    const trace: string[] = [];
    const results = await runner(() => noting(trace, everyCall(dir)), options);
    return {
      results: comparable(results),
      trace: trace.map((call) => call.replaceAll(dir, "")),
      content: realFs.readFileSync(join(dir, "a"), "latin1"),
    };
  };

  it.each(variants)(
    "%s: the same calls in the same order, the same answers",
    async (...variant) => {
      const [, runner, options] = variant;
      const expected = await run(inSync, {});
      const seen = await run(runner, options());
      expect(seen).toEqual(expected);
      expect(seen.content).toBe("Hello");
      expect(new Set(seen.trace.map((call) => call.split(" ")[0])).size).toBe(26);
    },
  );

  it("makes those calls of the file system, and no others, in both halves", async () => {
    const traces = [];
    for (const runner of [inAsync, inSync]) {
      const dir = tempDir();
      const faulty = faultyFileSystem();
      await runner(() => everyCall(dir), { fileSystem: faulty.fileSystem });
      expect(faulty.openHandles()).toEqual([]);
      expect(faulty.callsOnClosed).toEqual([]);
      traces.push(faulty.calls.map((call) => call.replaceAll(dir, "")));
    }
    expect(traces[0]).toEqual(traces[1]);
    const noted: string[] = [];
    const dir = tempDir();
    await inSync(() => noting(noted, everyCall(dir)));
    const names = (list: readonly string[]) => list.map((call) => call.split(" ")[0]);
    // What Node does in several calls counts as these.
    const madeOf: Readonly<Record<string, readonly string[]>> = {
      closeFlushed: ["close"],
      writeFile: ["write"],
      copyFile: "open fstat open fstat ftruncate fchmod read write read close close".split(" "),
    };
    expect(names(traces[0]!)).toEqual(names(noted).flatMap((name) => madeOf[name!] ?? name));
  });

  it("fails alike at every call", async () => {
    const failingAt = async (index: number, runner: typeof inAsync) => {
      const dir = tempDir();
      const faulty = faultyFileSystem({
        plan: (call) => (call.index === index ? { fail: "EIO", when: "before" } : undefined),
      });
      const outcome = runner(() => everyCall(dir), { fileSystem: faulty.fileSystem });
      const [end] = await Promise.allSettled([outcome]);
      await faulty.release();
      return {
        injected: faulty.injections(),
        calls: faulty.calls.map((call) => call.replaceAll(dir, "")),
        error: end.status === "rejected" ? describeError(end.reason, dir) : undefined,
      };
    };
    let failures = 0;
    for (let index = 1; ; index++) {
      const expected = await failingAt(index, inSync);
      expect(await failingAt(index, inAsync)).toEqual(expected);
      if (expected.injected === 0) break;
      // Nothing follows but what copyFile closes and removes itself.
      expect(expected.calls.length).toBeGreaterThanOrEqual(index);
      for (const call of expected.calls.slice(index)) expect(call).toMatch(/^(close|unlink) /);
      if (expected.error !== undefined) failures++;
    }
    // All but the last, which the protocol expects to fail.
    expect(failures).toBe(46);
  });
});

const describeError = (error: HoldfastError, dir: string): unknown => {
  const { message, cause, ...fields } = error;
  const { message: inner } = cause as Error;
  return { ...fields, message, inner: inner.replaceAll(dir, "") };
};

describe("node:fs itself", () => {
  afterEach(() => void vi.restoreAllMocks());

  it.each([
    ["by default", undefined],
    ["as the default import", realFs],
    ["as the namespace", namespace],
  ])("takes the fast path %s: no FileHandle", async (_, fileSystem) => {
    const open = vi.spyOn(realFs.promises, "open");
    expect(operationOf({ fileSystem }).injected).toBe(false);
    const kind = await inAsync(
      function* () {
        const handle = yield* calls.open(".", openFlags.readOnly);
        yield* calls.closeFlushed(handle);
        return typeof handle;
      },
      { fileSystem },
    );
    expect(kind).toBe("number");
    expect(open).not.toHaveBeenCalled();
  });

  it("is called through its patches, whenever they were made", async () => {
    const dir = tempDir();
    const rename = vi.spyOn(realFs, "rename");
    const renameSync = vi.spyOn(realFs, "renameSync");
    realFs.writeFileSync(join(dir, "a"), "");
    await inAsync(() => calls.rename(join(dir, "a"), join(dir, "b")));
    expect(rename).toHaveBeenCalledTimes(1);
    expect(renameSync).not.toHaveBeenCalled();
    await inSync(() => calls.rename(join(dir, "b"), join(dir, "a")));
    expect(renameSync).toHaveBeenCalledTimes(1);
  });

  it("answers also if a patched callback says `undefined` for no error", async () => {
    const { readlink, readdir } = realFs;
    vi.spyOn(realFs, "readlink").mockImplementation(((
      path: string,
      options: object,
      done: (...args: unknown[]) => void,
    ) =>
      readlink(path, options, (error: unknown, name: unknown) =>
        done(error ?? undefined, name),
      )) as never);
    vi.spyOn(realFs, "readdir").mockImplementation(((
      path: string,
      options: object,
      done: (...args: unknown[]) => void,
    ) =>
      readdir(path, options, (error: unknown, names: unknown) =>
        done(error ?? undefined, names),
      )) as never);
    const dir = tempDir();
    realFs.symlinkSync("target", join(dir, "soft"));
    expect(await inAsync(() => calls.readlink(join(dir, "soft")))).toBe("target");
    expect(await inAsync(() => calls.readdir(dir))).toEqual(["soft"]);
  });

  it("flushes and large transfers go to the thread pool; the rest need not, if that is asked for", async () => {
    const dir = tempDir();
    const names = ["open", "write", "fsync", "close", "rename", "unlink", "mkdir"] as const;
    const spies = () => names.map((name) => [name, vi.spyOn(realFs, name)] as const);
    const used = async (offload: "calls" | "flushes", bytes: number): Promise<string[]> => {
      const watched = spies();
      await inAsync(
        function* () {
          const path = join(dir, "f");
          const handle = yield* calls.open(path, openFlags.writeOnly | openFlags.create);
          yield* calls.writeAll(handle, new Uint8Array(bytes));
          yield* calls.fsync(handle);
          yield* calls.close(handle);
          yield* calls.rename(path, `${path}2`);
          yield* calls.unlink(`${path}2`);
        },
        { offload },
      );
      const result = watched.filter(([, spy]) => spy.mock.calls.length > 0).map(([name]) => name);
      vi.restoreAllMocks();
      return result;
    };
    expect(await used("calls", 10)).toEqual([
      "open",
      "write",
      "fsync",
      "close",
      "rename",
      "unlink",
    ]);
    expect(await used("flushes", 10)).toEqual(["fsync", "close"]);
    expect(await used("flushes", 64 * 1024)).toEqual(["fsync", "close"]);
    expect(await used("flushes", 64 * 1024 + 1)).toEqual(["write", "fsync", "close"]);
  });
});

describe.each(drivers)("%s", (_, run) => {
  it("returns what the protocol returns, also without any step", async () => {
    // oxlint-disable-next-line require-yield -- that is the point
    function* noStep(): Steps<number> {
      return 42;
    }
    expect(await run(noStep)).toBe(42);
  });

  it("gives back names that are not UTF-8 as bytes, others as strings", async () => {
    const bytes = Buffer.from([0x66, 0xff]);
    const fileSystem = {
      readlinkSync: () => bytes,
      readdirSync: () => [bytes, Buffer.from("é"), "plain"],
      promises: {
        readlink: async () => bytes,
        readdir: async () => [bytes, Buffer.from("é"), "plain"],
      },
    };
    expect(await run(() => calls.readlink("x"), { fileSystem })).toEqual(bytes);
    expect(await run(() => calls.readdir("x"), { fileSystem })).toEqual([bytes, "é", "plain"]);
  });

  it.runIf(needs("linux"))("meets such names on the real disk", async () => {
    const dir = tempDir();
    const odd = Buffer.concat([Buffer.from(`${dir}/`), Buffer.from([0x66, 0xff])]);
    realFs.writeFileSync(odd, "");
    realFs.symlinkSync(Buffer.from([0xfe]), join(dir, "soft"));
    const names = await run(() => calls.readdir(dir));
    expect(names).toEqual(expect.arrayContaining([Buffer.from([0x66, 0xff]), "soft"]));
    expect(await run(() => calls.readlink(join(dir, "soft")))).toEqual(Buffer.from([0xfe]));
    await run(() => calls.unlink(odd));
    expect(realFs.readdirSync(dir)).toEqual(["soft"]);
  });
});
