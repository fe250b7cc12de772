import * as fs from "node:fs";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createMemoryFileSystem } from "@holdfast/testing";
import { describe, expect, test } from "vitest";
import { inMountNamespace, type Mount } from "../../../atomic/test/support/in-mount-namespace.ts";
import { needs } from "../../../atomic/test/support/needs.ts";
import { tempDir } from "../../../atomic/test/support/temp-dir.ts";
import type { FileSystem } from "@holdfast/fs";
import { openRoot } from "../../src/index.ts";

/** What a process sees that opens a root where /proc is what the mounts make of it. */
interface Opened {
  readonly containment: string;
  readonly content: string;
  readonly required: string;
}

const script = `
  const { openRoot } = await import(input.built);
  const root = await openRoot(input.dir);
  const { containment } = root;
  const content = await root.readFile("a/f", "utf8");
  await root.close();
  const required = await openRoot(input.dir, { require: "descriptor" }).then(
    async (other) => (await other.close(), "ok"),
    (error) => error.code + " " + error.effect,
  );
  report({ containment, content, required });
`;

function openedWhere(mounts: readonly Mount[], setup: (dir: string) => string): Opened {
  const dir = tempDir();
  mkdirSync(join(dir, "a"));
  writeFileSync(join(dir, "a/f"), "content");
  const built = new URL("../../dist/index.js", import.meta.url).href;
  return inMountNamespace<Opened>({ mounts, setup: setup(dir), script, input: { dir, built } });
}

const byPath: Opened = {
  containment: "identity",
  content: "content",
  required: "ERR_UNSUPPORTED none",
};
const emptyProc: Mount = { type: "tmpfs", target: "/proc" };
const manyNumbers = "$(seq 0 99)";

describe.runIf(needs("mount-namespace"))("on a machine", () => {
  test("with its own /proc: by descriptors", () => {
    expect(openedWhere([], () => "true")).toEqual({
      containment: "descriptor",
      content: "content",
      required: "ok",
    });
  });

  test("with nothing at /proc: by paths", () => {
    expect(openedWhere([emptyProc], () => "true")).toEqual(byPath);
  });

  test("with links to where things are now in place of descriptors: by paths", () => {
    const setup = (dir: string): string =>
      `mkdir -p /proc/self/fd; for n in ${manyNumbers}; do ln -s '${dir}' /proc/self/fd/$n; done`;
    expect(openedWhere([emptyProc], setup)).toEqual(byPath);
  });

  test("with the directory itself in place of descriptors: by paths", () => {
    const setup = (dir: string): string =>
      `mkdir -p /proc/self/fd; for n in ${manyNumbers}; do mkdir /proc/self/fd/$n; ` +
      `mount --bind '${dir}' /proc/self/fd/$n; done`;
    expect(openedWhere([emptyProc], setup)).toEqual(byPath);
  });

  test("with the descriptors of other processes: by paths", () => {
    const setup = (): string => "unshare --pid --fork mount -t proc proc /proc";
    expect(openedWhere([], setup)).toEqual(byPath);
  });
});

type Call = (...args: unknown[]) => Promise<unknown>;
type Promises = Record<string, Call>;

/** Node's own file system with some answers changed. */
function changed(change: (promises: Promises) => Partial<Promises>): FileSystem {
  const promises = fs.promises as unknown as Promises;
  return { ...fs, promises: { ...promises, ...change(promises) } } as unknown as FileSystem;
}

const isDescriptor = (path: unknown): boolean => /^\/proc\/self\/fd\/\d+$/.test(String(path));

/** Of the links in /proc, `lstat` says something else about one thing. */
const linksThat = (says: (stats: fs.BigIntStats) => void): FileSystem =>
  changed(({ lstat }) => ({
    async lstat(path, options) {
      const stats = (await lstat!(path, options)) as fs.BigIntStats;
      if (isDescriptor(path)) says(stats);
      return stats;
    },
  }));

/** From the nth descriptor on that is asked for, it stands for something else. */
const followedTo = (elsewhere: string, from: number): FileSystem => {
  let asked = 0;
  return changed(({ stat }) => ({
    stat: (path, options) =>
      stat!(isDescriptor(path) && ++asked >= from ? elsewhere : path, options),
  }));
};

/** A /proc that only knows one directory. */
const allStandFor = (dir: string): FileSystem =>
  changed(({ stat }) => ({
    stat: (path, options) => stat!(String(path).replace(/^\/proc\/self\/fd\/\d+/, dir), options),
  }));

describe.runIf(needs("linux"))("the probe", () => {
  test.each<[string, (dir: string) => FileSystem]>([
    ["nothing is there", () => followedTo("/nowhere", 1)],
    ["the first stands for something else", () => followedTo("/", 1)],
    ["only the first stands for what it has open", () => followedTo("/", 2)],
    ["all stand for the root", allStandFor],
    ["they are no links", () => linksThat((stats) => (stats.isSymbolicLink = () => false))],
    ["they are ordinary links", () => linksThat((stats) => (stats.mode |= 0o777n))],
  ])("notices that %s", async (_what, misled) => {
    const dir = tempDir();
    const root = await openRoot(dir, { fileSystem: misled(dir) });
    expect(root.containment).toBe("identity");
    await root.close();
    await expect(
      openRoot(dir, { fileSystem: misled(dir), require: "descriptor" }),
    ).rejects.toMatchObject({ code: "ERR_UNSUPPORTED", effect: "none" });
  });

  test("notices handles without numbers", async () => {
    const dir = tempDir();
    const fileSystem = changed(({ open }) => ({
      async open(path, ...rest) {
        const handle = (await open!(path, ...rest)) as fs.promises.FileHandle;
        return { stat: handle.stat.bind(handle), close: handle.close.bind(handle) };
      },
    }));
    const root = await openRoot(dir, { fileSystem });
    expect(root.containment).toBe("identity");
    await root.close();
  });

  test("leaves nothing open and changes nothing, whatever it finds", async () => {
    const dir = tempDir();
    const open = (): number => readdirSync("/proc/self/fd").length;
    const before = open();
    const stats = fs.statSync(dir, { bigint: true });
    for (const fileSystem of [fs as FileSystem, followedTo("/", 1), followedTo("/", 2)]) {
      const root = await openRoot(dir, { fileSystem });
      await root.close();
    }
    expect(open()).toBe(before);
    expect(fs.statSync(dir, { bigint: true }).ctimeNs).toBe(stats.ctimeNs);
    expect(readdirSync(dir)).toEqual([]);
  });
});

describe("in memory", () => {
  test.each([
    ["linux", "descriptor"],
    ["darwin", "identity"], // there is no /.vol
    ["other", "identity"],
    ["win32", "identity"],
  ] as const)("%s: %s", async (platform, containment) => {
    const memory = createMemoryFileSystem({ platform, tree: ["srv/a/f = content"] });
    const fileSystem = memory.fs as unknown as FileSystem;
    const root = await openRoot("/srv", { fileSystem });
    expect(root.containment).toBe(containment);
    expect(await root.readFile("a/f", "utf8")).toBe("content");
    await root.close();
  });

  test("what is no directory is no root", async () => {
    const { fs: memory } = createMemoryFileSystem({ platform: "other", tree: ["srv/f = content"] });
    const fileSystem = memory as unknown as FileSystem;
    for (const [path, code] of [
      ["/srv/f", "ENOTDIR"],
      ["/srv/f/.", "ENOTDIR"],
      ["/srv/none", "ENOENT"],
    ] as const) {
      await expect(openRoot(path, { fileSystem })).rejects.toMatchObject({ code, effect: "none" });
    }
  });
});
