import * as nodeFs from "node:fs";
import {
  constants,
  existsSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { fs as memfs, vol } from "memfs";
import { codeInNode, faultyFileSystem, nodeError, type FaultPlan } from "./faulty-file-system.ts";
import { callNames, errnosOf, errnoNumber, type CallName } from "./errnos.ts";
import { needs } from "./needs.ts";
import { tempDir } from "./temp-dir.ts";

const { O_RDONLY, O_WRONLY, O_CREAT, O_EXCL } = constants;
const bigint = { bigint: true } as const;

/** Makes every call of the port once, in one half, in a directory with `a`, `link` and `sub/`. */
type Everything = (fs: Full, dir: string) => Promise<void>;
type Full = typeof nodeFs;

const inPromises: Everything = async ({ promises: fs }, dir) => {
  const at = (name: string): string => join(dir, name);
  const handle = await fs.open(at("new"), O_WRONLY | O_CREAT | O_EXCL, 0o600);
  await handle.write(Buffer.from("abc"), 0, 3, null);
  await fs.writeFile(handle, "defg");
  await handle.truncate(5);
  await handle.chmod(0o640);
  await handle.chown(process.getuid!(), process.getgid!());
  await handle.utimes(1, 2);
  await handle.datasync();
  await handle.sync();
  await handle.stat(bigint);
  await handle.close();
  const reading = await fs.open(at("a"), O_RDONLY);
  await reading.read(Buffer.alloc(2), 0, 2, 0);
  await reading.close();
  await fs.rename(at("new"), at("renamed"));
  await fs.link(at("renamed"), at("second"));
  await fs.unlink(at("second"));
  await fs.symlink("a", at("soft"));
  await fs.readlink(at("soft"));
  await fs.mkdir(at("made"));
  await fs.rmdir(at("made"));
  await fs.readdir(dir);
  await fs.lstat(at("soft"), bigint);
  await fs.stat(at("soft"), bigint);
  await fs.access(at("a"), constants.W_OK);
  await fs.copyFile(at("a"), at("copy"), 0);
  await fs.lutimes(at("soft"), 1, 2);
};

const inSync: Everything = async (fs, dir) => {
  const at = (name: string): string => join(dir, name);
  const fd = fs.openSync(at("new"), O_WRONLY | O_CREAT | O_EXCL, 0o600);
  fs.writeSync(fd, Buffer.from("abc"), 0, 3, null);
  fs.writeFileSync(fd, "defg");
  fs.ftruncateSync(fd, 5);
  fs.fchmodSync(fd, 0o640);
  fs.fchownSync(fd, process.getuid!(), process.getgid!());
  fs.futimesSync(fd, 1, 2);
  fs.fdatasyncSync(fd);
  fs.fsyncSync(fd);
  fs.fstatSync(fd, bigint);
  fs.closeSync(fd);
  const reading = fs.openSync(at("a"), O_RDONLY);
  fs.readSync(reading, Buffer.alloc(2), 0, 2, 0);
  fs.closeSync(reading);
  fs.renameSync(at("new"), at("renamed"));
  fs.linkSync(at("renamed"), at("second"));
  fs.unlinkSync(at("second"));
  fs.symlinkSync("a", at("soft"));
  fs.readlinkSync(at("soft"));
  fs.mkdirSync(at("made"));
  fs.rmdirSync(at("made"));
  fs.readdirSync(dir);
  fs.lstatSync(at("soft"), bigint);
  fs.statSync(at("soft"), bigint);
  fs.accessSync(at("a"), constants.W_OK);
  fs.copyFileSync(at("a"), at("copy"), 0);
  fs.lutimesSync(at("soft"), 1, 2);
};

function prepared(): string {
  const dir = tempDir();
  writeFileSync(join(dir, "a"), "content");
  return dir;
}

async function traced(everything: Everything, plan?: FaultPlan) {
  const dir = prepared();
  const faulty = faultyFileSystem(plan === undefined ? {} : { plan });
  let error: unknown;
  try {
    await everything(faulty.fileSystem as unknown as Full, dir);
  } catch (thrown) {
    error = thrown;
  }
  // Before it is released: what the run left.
  const left = { left: faulty.openHandles(), reallyOpen: reallyOpen(dir) };
  await faulty.release();
  return {
    ...faulty,
    ...left,
    dir,
    error,
    relative: faulty.calls.map((c) => c.replaceAll(dir, "")),
  };
}

/** The files in a directory that this process really has open. */
function reallyOpen(dir: string): string[] {
  if (process.platform !== "linux") return [];
  return readdirSync("/proc/self/fd").flatMap((fd) => {
    try {
      const path = readlinkSync(`/proc/self/fd/${fd}`);
      return path.startsWith(dir) ? [path] : [];
    } catch {
      return []; // the one that read this listing
    }
  });
}

describe.each([
  ["promises", inPromises],
  ["…Sync", inSync],
])("over %s", (_, everything) => {
  it("passes every call of the port through, and counts it", async () => {
    const run = await traced(everything);
    expect(run.error).toBeUndefined();
    expect(new Set(run.calls.map((call) => call.split(" ")[0]))).toEqual(new Set(callNames));
    expect(run.relative).toContain("write /new");
    expect(run.relative).toContain("rename /new -> /renamed");
    expect(run.relative).toContain("symlink a -> /soft");
    expect(run.left).toEqual([]);
    expect(run.injections()).toBe(0);
    expect(readFileSync(join(run.dir, "renamed"), "latin1")).toBe("abcde");
  });

  it("gives the other half's list of calls", async () => {
    const here = await traced(everything);
    const there = await traced(everything === inSync ? inPromises : inSync);
    expect(here.relative).toEqual(there.relative);
  });

  it.each(callNames.flatMap((name) => [[name, "before"] as const, [name, "after"] as const]))(
    "fails %s, %s it happens",
    async (name, when) => {
      const run = await traced(everything, (call) =>
        call.name === name ? { fail: "EIO", when } : undefined,
      );
      expect(run.error).toMatchObject({ code: "EIO", errno: -5 });
      expect(run.injections()).toBe(1);
      expect(run.calls.at(-1)!.split(" ")[0]).toBe(name);
    },
  );

  it.each([
    ["open", "new"],
    ["rename", "renamed"],
    ["link", "second"],
    ["mkdir", "made"],
    ["copyFile", "copy"],
  ] as const)("%s that fails has taken effect, or not", async (name, path) => {
    for (const when of ["before", "after"] as const) {
      const run = await traced(everything, (call) =>
        call.name === name ? { fail: "EIO", when } : undefined,
      );
      expect(existsSync(join(run.dir, path))).toBe(when === "after");
    }
  });

  it.runIf(needs("linux")).each(["open", "close"] as const)(
    "leaks no descriptor when %s fails",
    async (name) => {
      for (const when of ["before", "after"] as const) {
        const run = await traced(everything, (call) =>
          call.name === name ? { fail: "EIO", when } : undefined,
        );
        expect(run.reallyOpen).toEqual([]);
        expect(run.left).toEqual([]);
      }
      const dir = prepared();
      const fd = faultyFileSystem().fileSystem.openSync!(join(dir, "a"), O_RDONLY);
      expect(reallyOpen(dir)).toEqual([join(dir, "a")]);
      nodeFs.closeSync(fd);
    },
  );

  it("tells its calls by number, name and paths", async () => {
    const seen: string[] = [];
    const run = await traced(everything, ({ index, name, path, paths }) => {
      seen.push(`${index} ${name} ${paths.join(" -> ")}`);
      expect(path).toBe(paths[0]);
      return undefined;
    });
    expect(seen).toEqual(run.calls.map((call, at) => `${at + 1} ${call}`));
  });

  it("lets somebody act before or after a call", async () => {
    for (const when of ["before", "after"] as const) {
      let existed: boolean | undefined;
      const run = await traced(everything, ({ name, paths }) =>
        name === "rename" ? { act: () => void (existed = existsSync(paths[1]!)), when } : undefined,
      );
      expect(run.error).toBeUndefined();
      expect(existed).toBe(when === "after");
      expect(run.injections()).toBe(1);
    }
  });

  it("makes reads and writes short, and refuses to limit what moves no bytes", async () => {
    const run = await traced(everything, ({ name }) =>
      name === "write" ? { atMostBytes: 1 } : undefined,
    );
    expect(readFileSync(join(run.dir, "renamed"), "latin1")).toBe("adefg");
    const none = await traced(everything, ({ name }) =>
      name === "write" ? { atMostBytes: 0 } : undefined,
    );
    expect(readFileSync(join(none.dir, "renamed"), "latin1")).toBe("defg\0");
    const wrong = await traced(everything, ({ name }) =>
      name === "rename" ? { atMostBytes: 1 } : undefined,
    );
    expect(String(wrong.error)).toContain("moves none");
  });
});

describe("handles", () => {
  it("names those that were not closed", async () => {
    const dir = prepared();
    const faulty = faultyFileSystem();
    const { fileSystem } = faulty;
    const fd = fileSystem.openSync!(join(dir, "a"), O_RDONLY);
    const handle = await fileSystem.promises.open!(join(dir, "a"), O_RDONLY);
    expect(faulty.openHandles()).toEqual([join(dir, "a"), join(dir, "a")]);
    fileSystem.closeSync!(fd);
    expect(faulty.openHandles()).toHaveLength(1);
    await handle.close();
    expect(faulty.openHandles()).toEqual([]);
  });

  it("releases what was left open, both kinds, and counts no call", async () => {
    const dir = prepared();
    const faulty = faultyFileSystem();
    faulty.fileSystem.openSync!(join(dir, "a"), O_RDONLY);
    await faulty.fileSystem.promises.open!(join(dir, "a"), O_RDONLY);
    const made = faulty.calls.length;
    await faulty.release();
    expect(reallyOpen(dir)).toEqual([]);
    expect(faulty.openHandles()).toEqual([]);
    expect(faulty.calls).toHaveLength(made);
  });

  it("knows a FileHandle by its number in the synchronous half", async () => {
    const dir = prepared();
    const { fileSystem, calls } = faultyFileSystem();
    const handle = (await fileSystem.promises.open!(join(dir, "a"), O_RDONLY)) as unknown as {
      fd: number;
      close: () => Promise<void>;
    };
    expect(fileSystem.fstatSync!(handle.fd, bigint).isFile()).toBe(true);
    await handle.close();
    expect(() => fileSystem.fstatSync!(handle.fd, bigint)).toThrow("EBADF");
    expect(calls.slice(0, 2)).toEqual([`open ${dir}/a`, `fstat ${dir}/a`]);
  });

  it("catches a second close, and never passes it on", async () => {
    const dir = prepared();
    const { fileSystem, callsOnClosed } = faultyFileSystem();
    const fd = fileSystem.openSync!(join(dir, "a"), O_RDONLY);
    fileSystem.closeSync!(fd);
    const somebodyElses = nodeFs.openSync(join(dir, "a"), O_RDONLY);
    expect(somebodyElses).toBe(fd);
    expect(() => fileSystem.closeSync!(fd)).toThrow("EBADF");
    expect(nodeFs.fstatSync(somebodyElses).isFile()).toBe(true);
    nodeFs.closeSync(somebodyElses);
    const handle = await fileSystem.promises.open!(join(dir, "a"), O_RDONLY);
    await handle.close();
    await expect(handle.close()).rejects.toMatchObject({ code: "EBADF" });
    await expect(handle.sync!()).rejects.toMatchObject({ code: "EBADF" });
    expect(callsOnClosed).toHaveLength(3);
  });
});

it("puts another file system underneath", async () => {
  vol.fromJSON({ "/x/a": "in memory" });
  const { fileSystem, calls } = faultyFileSystem({ real: memfs });
  await fileSystem.promises.rename!("/x/a", "/x/b");
  const handle = await fileSystem.promises.open!("/x/b", O_WRONLY | constants.O_TRUNC);
  await fileSystem.promises.writeFile!(handle, Buffer.from("new"));
  await handle.close();
  expect(vol.readFileSync("/x/b", "utf8")).toBe("new");
  expect(calls).toEqual(["rename /x/a -> /x/b", "open /x/b", "writeFile /x/b", "close /x/b"]);
});

describe("errors look like Node's", () => {
  const from = (act: () => unknown): unknown => {
    try {
      act();
    } catch (error) {
      return error;
    }
    throw new Error("it did not fail");
  };
  const missing = "/no/such";
  const cases: [CallName, string[], () => unknown][] = [
    ["open", [missing], () => nodeFs.openSync(missing, O_RDONLY)],
    ["rename", [missing, "/x"], () => nodeFs.renameSync(missing, "/x")],
    ["link", [missing, "/x"], () => nodeFs.linkSync(missing, "/x")],
    ["symlink", ["a", `${missing}/x`], () => nodeFs.symlinkSync("a", `${missing}/x`)],
    ["copyFile", [missing, "/x"], () => nodeFs.copyFileSync(missing, "/x")],
    ["readdir", [missing], () => nodeFs.readdirSync(missing)],
    ["unlink", [missing], () => nodeFs.unlinkSync(missing)],
    ["rmdir", [missing], () => nodeFs.rmdirSync(missing)],
    ["mkdir", [`${missing}/x`], () => nodeFs.mkdirSync(`${missing}/x`)],
    ["readlink", [missing], () => nodeFs.readlinkSync(missing)],
    ["lstat", [missing], () => nodeFs.lstatSync(missing)],
    ["stat", [missing], () => nodeFs.statSync(missing)],
    ["access", [missing], () => nodeFs.accessSync(missing)],
    ["lutimes", [missing], () => nodeFs.lutimesSync(missing, 1, 1)],
  ];
  it.each(cases)("%s", (name, paths, act) => {
    const real = from(act) as Error;
    const made = nodeError("ENOENT", name, paths);
    expect({ ...made, message: made.message }).toEqual({ ...real, message: real.message });
  });

  const closed = 1_000_000;
  const onDescriptor: [CallName, () => unknown][] = [
    ["close", () => nodeFs.closeSync(closed)],
    ["read", () => nodeFs.readSync(closed, Buffer.alloc(1), 0, 1, null)],
    ["write", () => nodeFs.writeSync(closed, Buffer.alloc(1), 0, 1, null)],
    ["writeFile", () => nodeFs.writeFileSync(closed, "x")],
    ["fstat", () => nodeFs.fstatSync(closed)],
    ["fchmod", () => nodeFs.fchmodSync(closed, 0o600)],
    ["fchown", () => nodeFs.fchownSync(closed, 0, 0)],
    ["futimes", () => nodeFs.futimesSync(closed, 1, 1)],
    ["ftruncate", () => nodeFs.ftruncateSync(closed, 1)],
    ["fsync", () => nodeFs.fsyncSync(closed)],
    ["fdatasync", () => nodeFs.fdatasyncSync(closed)],
  ];
  it.each(onDescriptor)("%s of a descriptor", (name, act) => {
    const real = from(act) as Error;
    const made = nodeError("EBADF", name, []);
    expect({ ...made, message: made.message }).toEqual({ ...real, message: real.message });
  });

  it("also where libuv has no name: seen with strace's fault injection on Node 20 to 26", () => {
    expect(codeInNode("EDQUOT")).toBe("Unknown system error -122");
    expect(nodeError("EDQUOT", "rename", ["/a", "/b"]).message).toBe(
      "Unknown system error -122: Unknown system error -122, rename '/a' -> '/b'",
    );
    expect(codeInNode("ENOSPC")).toBe("ENOSPC");
  });
});

it("the table of errnos names errnos, each once, for every call", () => {
  for (const name of callNames) {
    const errnos = errnosOf[name];
    expect(errnos.length).toBeGreaterThan(0);
    expect(new Set(errnos).size).toBe(errnos.length);
    for (const errno of errnos) expect(errnoNumber(errno)).toBeLessThan(0);
  }
  expect(() => errnoNumber("ENOTANERRNO")).toThrow("no errno");
});
