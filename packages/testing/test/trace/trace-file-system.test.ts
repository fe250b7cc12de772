import nodeFs from "node:fs";
import { describe, expect, it } from "vitest";
import { tempDir } from "../../../atomic/test/support/temp-dir.ts";
import type { NodeFileSystem } from "../../src/calls/node-file-system.ts";
import { createMemoryFileSystem } from "../../src/memory/create-memory-file-system.ts";
import { traceFileSystem } from "../../src/trace/trace-file-system.ts";
import type { Trace } from "../../src/trace/trace.ts";

const memory = (...tree: string[]): Trace => traceFileSystem(createMemoryFileSystem({ tree }).fs);

const random = (): string => Math.random().toString(36).slice(2, 10);

const recipe = [
  "open staged wx",
  "write staged 3",
  "fsync staged",
  "rename staged -> state.json",
  "fsync .",
];

function replaceAtOnce(fs: NodeFileSystem, dir: string): void {
  const staged = `${dir}/.state.json.${process.pid}.${random()}.tmp`;
  const fd = fs.openSync(staged, "wx");
  fs.writeSync(fd, "new");
  fs.fsyncSync(fd);
  fs.closeSync(fd);
  fs.renameSync(staged, `${dir}/state.json`);
  const parent = fs.openSync(dir, "r");
  fs.fsyncSync(parent);
  fs.closeSync(parent);
}

async function replaceWithPromises({ promises }: NodeFileSystem, dir: string): Promise<void> {
  const staged = `${dir}/.state.json.${process.pid}.${random()}.tmp`;
  const handle = await promises.open(staged, "wx");
  await handle.writeFile("new");
  await handle.sync();
  await handle.close();
  await promises.rename(staged, `${dir}/state.json`);
  const parent = await promises.open(dir, "r");
  await parent.sync();
  await parent.close();
}

async function replaceWithStream(fs: NodeFileSystem, dir: string): Promise<void> {
  const staged = `${dir}/.state.json.${process.pid}.${random()}.tmp`;
  await new Promise<void>((resolve, reject) => {
    const stream = fs.createWriteStream(staged, { flags: "wx", flush: true } as never);
    stream.on("error", reject).on("close", resolve).end("new");
  });
  await new Promise<void>((resolve, reject) => {
    fs.rename(staged, `${dir}/state.json`, (error) => (error === null ? resolve() : reject(error)));
  });
  const parent = fs.openSync(dir, "r");
  await new Promise<unknown>((resolve) => fs.fsync(parent, resolve));
  fs.closeSync(parent);
}

const faces = { replaceAtOnce, replaceWithPromises, replaceWithStream };

describe("the recipe, in every face", () => {
  it.each(Object.entries(faces))("%s", async (_, replace) => {
    const trace = memory("home/");
    await replace(trace.fs, "/home");
    expect(trace.lines()).toEqual(recipe);
  });

  it.each(Object.entries(faces))("%s on a real disk, twice the same", async (_, replace) => {
    const lines = [];
    for (const dir of [tempDir(), tempDir()]) {
      const trace = traceFileSystem(nodeFs);
      await replace(trace.fs, dir);
      lines.push(trace.lines({ show: "all" }));
      expect(nodeFs.readFileSync(`${dir}/state.json`, "utf8")).toBe("new");
    }
    expect(lines[0]).toEqual(lines[1]);
    expect(lines[0]).toEqual(expect.arrayContaining([...recipe, "open . r", "close ."]));
  });
});

describe("lines", () => {
  it("say what failed", () => {
    const { fs, lines } = bound(memory("a = ", "dir/x = "));
    expect(() => fs.readFileSync("/nothing")).toThrow("ENOENT");
    expect(() => fs.renameSync("/a", "/nothing/b")).toThrow("ENOENT");
    expect(() => fs.rmdirSync("/dir")).toThrow("ENOTEMPTY");
    expect(lines({ show: "all" })).toEqual([
      "open nothing r -> ENOENT",
      "rename a -> nothing/b -> ENOENT",
      "rmdir dir -> ENOTEMPTY",
    ]);
  });

  it("say the name of an error without a code", () => {
    const broken = {
      renameSync: () => {
        throw new RangeError("x");
      },
    };
    const { fs, lines } = bound(traceFileSystem(broken));
    expect(() => fs.renameSync("/a/b", "/a/c")).toThrow("x");
    expect(lines()).toEqual(["rename b -> c -> RangeError"]);
  });

  it("say all that each kind of call changes", () => {
    const { fs, lines } = bound(memory("a = 12345"));
    fs.chmodSync("/a", 0o640);
    fs.chownSync("/a", 1, 2);
    fs.truncateSync("/a", 3);
    fs.mkdirSync("/d");
    fs.symlinkSync("../x", "/l");
    fs.linkSync("/a", "/b");
    fs.appendFileSync("/a", "67");
    fs.readFileSync("/a");
    fs.rmSync("/d", { recursive: true });
    fs.unlinkSync("/b");
    expect(lines()).toEqual([
      "chmod a 0640",
      "chown a 1:2",
      "truncate a 3",
      "mkdir d",
      "symlink ../x -> l",
      "link a -> b",
      "open a a",
      "write a 2",
      "rmdir d",
      "unlink b",
    ]);
    expect(lines({ show: "all" })).toContain("read a 5");
  });

  it("say how much of a write was done", () => {
    const short = { openSync: () => 3, writeSync: () => 2, closeSync: () => undefined };
    const { fs, lines } = bound(traceFileSystem(short));
    fs.writeSync(fs.openSync("/a/b", "r+"), "text");
    expect(lines()).toEqual(["write b 2 of 4"]);
  });

  it("say where the program made the call", () => {
    const trace = memory();
    trace.fs.mkdirSync("/d");
    trace.ack("made");
    expect(trace.lines({ callers: true })).toEqual([
      expect.stringMatching(
        /^mkdir d {2}\(packages\/testing\/test\/trace\/trace-file-system\.test\.ts:\d+:\d+\)$/,
      ),
      expect.stringMatching(
        /^ack made {2}\(packages\/testing\/test\/trace\/trace-file-system\.test\.ts:\d+:\d+\)$/,
      ),
    ]);
  });

  it("have calls that are still under way", async () => {
    const trace = memory();
    const made = trace.fs.promises.mkdir("/d");
    expect(trace.lines()).toEqual(["mkdir d"]);
    await made;
  });
});

describe("paths", () => {
  it("start at the directory that all have in common", () => {
    const { fs, lines } = bound(memory("a/b/one = ", "a/b/c/two = "));
    fs.unlinkSync("/a/b/one");
    fs.unlinkSync("/a/b/c/two");
    expect(lines()).toEqual(["unlink one", "unlink c/two"]);
    fs.mkdirSync("/z");
    expect(lines()).toEqual(["unlink a/b/one", "unlink a/b/c/two", "mkdir z"]);
  });

  it("start at root; what is outside is whole", () => {
    const { fs } = createMemoryFileSystem({ tree: ["a/one = ", "two = "] });
    const trace = traceFileSystem(fs, { root: "/a" });
    trace.fs.unlinkSync("/a/one");
    trace.fs.unlinkSync("/two");
    expect(trace.lines()).toEqual(["unlink one", "unlink /two"]);
  });

  it("have the same names for random ones, one for each", () => {
    const { fs, lines } = bound(memory());
    const directory = fs.mkdtempSync("/backup-");
    fs.writeFileSync(`${directory}/inner`, "x");
    fs.writeFileSync(`/f.${process.pid}.tmp`, "", { flag: "wx" });
    fs.renameSync(directory, "/backup");
    expect(lines()).toEqual([
      "mkdtemp staged",
      "open staged/inner w",
      "write staged/inner 1",
      "open staged 2 wx",
      "rename staged -> backup",
    ]);
  });
});

it("forgets", () => {
  const trace = memory();
  trace.fs.mkdirSync("/a");
  trace.clear();
  expect(trace.lines()).toEqual([]);
  trace.fs.mkdirSync("/b");
  expect(trace.lines()).toEqual(["mkdir b"]);
});

it("adds nothing to what the program sees: results, errors, tree", async () => {
  const memoryFs = createMemoryFileSystem({ tree: ["a = x"] });
  const trace = traceFileSystem(memoryFs.fs);
  expect(trace.fs.readFileSync("/a", "utf8")).toBe("x");
  await trace.fs.promises.writeFile("/b", "y");
  expect(memoryFs.tree()).toEqual(["a = x", "b = y"]);
});

it("refuses what it cannot trace", () => {
  const invalid = expect.objectContaining({ name: "TypeError", code: "ERR_INVALID_ARG" }) as Error;
  expect(() => traceFileSystem(undefined as never)).toThrow(invalid);
  expect(() => traceFileSystem({}, { root: 7 as never })).toThrow(invalid);
  expect(() => traceFileSystem({}).ack(7 as never)).toThrow(invalid);
});

function bound(trace: Trace): Pick<Trace, "fs" | "lines"> {
  return { fs: trace.fs, lines: (options) => trace.lines(options) };
}

it("what belongs to a trace can be taken from it", () => {
  const { fs, lines, ack, clear } = memory();
  fs.mkdirSync("/a");
  ack("made");
  expect(lines()).toEqual(["mkdir a", "ack made"]);
  clear();
  expect(lines()).toEqual([]);
});

it("options of lines that there are not are refused", () => {
  expect(() => memory().lines({ caller: true } as never)).toThrow('did you mean "callers"?');
});
