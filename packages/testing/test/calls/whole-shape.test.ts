import * as nodeFs from "node:fs";
import { expect, expectTypeOf, it } from "vitest";
import { createMemoryFileSystem, injectFaults, traceFileSystem } from "../../src/index.ts";

const { fs } = createMemoryFileSystem({ tree: ["a = hello"] });

it("can be passed wherever node:fs can", () => {
  expectTypeOf(fs).toExtend<typeof nodeFs>();
  expectTypeOf(fs.promises).toExtend<typeof nodeFs.promises>();
  const missing = (mine: object, nodes: object): string[] =>
    Object.keys(nodes).filter((name) => name !== "default" && !(name in mine));
  expect(missing(fs, nodeFs)).toEqual([]);
  expect(missing(fs.promises, nodeFs.promises)).toEqual([]);
  expect(fs.Stats).toBe(nodeFs.Stats);
  expect(fs).toMatchObject({ F_OK: 0, R_OK: 4 });
});

it("refuses in memory what is not made of calls", async () => {
  const code = "ERR_METHOD_NOT_IMPLEMENTED";
  expect(() => fs.watch("/a")).toThrow(expect.objectContaining({ code }));
  await expect(async () => fs.openAsBlob("/a")).rejects.toMatchObject({ code });
  await expect(fs.promises.lchmod("/a", 0)).rejects.toMatchObject({ code });
});

it("leaves to what is wrapped what is not made of calls", () => {
  const watch = (): string => "theirs";
  const wrapped = injectFaults({ ...nodeFs, watch }, []);
  expect((wrapped.watch as unknown as () => string)()).toBe("theirs");
  expect(traceFileSystem(nodeFs).fs.watchFile).toBe(nodeFs.watchFile);
});

it("refuses node:fs/promises itself, with what to do", () => {
  expect(() => injectFaults(nodeFs.promises, [])).toThrow("{ promises }");
});

it("can have its promises replaced, and be spread", async () => {
  const mine = { ...fs, promises: { ...fs.promises, readFile: async () => "mine" } };
  expect(await mine.promises.readFile()).toBe("mine");
  expect(mine.readFileSync("/a", "utf8")).toBe("hello");
});

it("asks realpath.native of what is wrapped", () => {
  const { fs: wrapped } = traceFileSystem(nodeFs);
  const path = `${import.meta.filename}/`;
  expect(() => nodeFs.realpathSync.native(path)).toThrow("ENOTDIR");
  expect(() => wrapped.realpathSync.native(path)).toThrow("ENOTDIR");
});
