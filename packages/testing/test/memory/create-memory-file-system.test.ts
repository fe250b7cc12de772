import { describe, expect, it } from "vitest";
import {
  backendOfMemory,
  createMemoryFileSystem,
} from "../../src/memory/create-memory-file-system.ts";
import type { MemoryFileSystemOptions } from "../../src/memory/options.ts";

describe("createMemoryFileSystem", () => {
  it("has every face of node:fs, on one tree", async () => {
    const memory = createMemoryFileSystem({ tree: ["config.json = {}"] });
    const { fs, volume } = memory;
    await fs.promises.rename("/config.json", "/old.json");
    fs.mkdirSync("/a/b", { recursive: true });
    volume.writeFileSync("/a/v", "volume");
    expect(fs.readFileSync("/a/v", "utf8")).toBe("volume");
    expect(volume.readFileSync("/old.json", "utf8")).toBe("{}");
    volume.renameSync("/a/v", "/a/b/w");
    volume.unlinkSync("/old.json");
    // memfs knows of no umask.
    expect(memory.tree()).toEqual(["a/", "a/b/", "a/b/w 0666 = volume"]);
    expect(memory.tree("/a")).toEqual(["b/", "b/w 0666 = volume"]);
    expect(() => memory.tree("/x")).toThrow("ENOENT");
    expect(fs.statSync("/a").nlink).toBe(3);
    volume.reset();
    expect(memory.tree()).toEqual([]);
    fs.writeFileSync("/again", "");
    expect(fs.statSync("/").nlink).toBe(2);
  });

  it("starts with a tree that belongs to the program", () => {
    const memory = createMemoryFileSystem({
      uid: 7,
      tree: ["d/e/f = x", "d/ 0700", "l => d"],
    });
    const { fs } = memory;
    expect(memory.tree()).toEqual(["d/ 0700", "d/e/", "d/e/f = x", "l => d"]);
    expect(fs.lstatSync("/d/e/f")).toMatchObject({ uid: 7, gid: 7, nlink: 1 });
    fs.writeFileSync("/l/e/f", "y");
    expect(fs.readFileSync("/d/e/f", "utf8")).toBe("y");
  });

  it("is apart from every other", () => {
    const [one, other] = [createMemoryFileSystem(), createMemoryFileSystem()];
    one.fs.writeFileSync("/f", "");
    expect(other.tree()).toEqual([]);
  });

  it("lets those who explore it find what is behind it", () => {
    const memory = createMemoryFileSystem();
    const backend = backendOfMemory(memory);
    expect(backend).toBeDefined();
    expect(backendOfMemory(memory.fs)).toBe(backend);
    expect(backendOfMemory({ ...memory.fs })).toBeUndefined();
  });

  it.each([
    [null],
    [{ platform: "beos" }],
    [{ umask: -1 }],
    [{ umask: 0o1000 }],
    [{ umask: "022" }],
    [{ uid: -1 }],
    [{ uid: 2 ** 32 - 1 }],
    [{ gid: 0.5 }],
    [{ capacityBytes: -1 }],
    [{ capacityBytes: Number.NaN }],
    [{ devices: "/mnt" }],
    [{ devices: ["mnt"] }],
    [{ devices: ["/"] }],
    [{ devices: ["/a", "/a"] }],
    [{ devices: ["/f"], tree: ["f ="] }],
    [{ tree: "f =" }],
    [{ tree: ["f"] }],
    [{ tree: ["p (other)"] }],
  ])("refuses %j", (options) => {
    const create = (): unknown =>
      createMemoryFileSystem(options as unknown as MemoryFileSystemOptions);
    expect(create).toThrow(/^createMemoryFileSystem: .*\(ERR_INVALID_ARG\)$/s);
  });
});
