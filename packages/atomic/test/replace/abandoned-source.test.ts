import { createReadStream, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { replaceFileAtomic } from "../../src/index.ts";
import { tempDir } from "../support/temp-dir.ts";

// A stream that nobody reads and nobody destroys keeps its descriptor for ever.
it("A19 a stream is destroyed when the call fails before it is read", async () => {
  const dir = tempDir();
  writeFileSync(join(dir, "source"), "content");
  mkdirSync(join(dir, "target"));
  const content = createReadStream(join(dir, "source"));
  const filePath = join(dir, "target");
  await expect(replaceFileAtomic({ filePath, content })).rejects.toMatchObject({ code: "EISDIR" });
  expect(content.destroyed).toBe(true);
});

it("A19 a generator that was not begun is ended, and one that fails at that changes nothing", async () => {
  const filePath = `${tempDir()}/`;
  async function* pieces(): AsyncGenerator<string> {
    yield "piece";
  }
  const content = pieces();
  await expect(replaceFileAtomic({ filePath, content })).rejects.toMatchObject({ code: "EISDIR" });
  expect(await content.next()).toEqual({ done: true, value: undefined });
  const failing = {
    [Symbol.asyncIterator](): never {
      throw new Error("cannot be opened");
    },
  };
  await expect(replaceFileAtomic({ filePath, content: failing })).rejects.toMatchObject({
    code: "EISDIR",
  });
});

it("A19 a stream is destroyed where only the target itself could be written", async () => {
  const dir = tempDir();
  const filePath = join(dir, "file");
  writeFileSync(filePath, "old");
  const content = createReadStream(filePath);
  const refuse = async (): Promise<never> => {
    throw Object.assign(new Error("EACCES"), { code: "EACCES" });
  };
  const { promises } = await import("node:fs");
  const open: typeof promises.open = (path, flags, mode) =>
    String(path).endsWith(".tmp") ? refuse() : promises.open(path, flags, mode);
  const call = replaceFileAtomic({
    filePath,
    content,
    fileSystem: { promises: { ...promises, open } },
  });
  await expect(call).rejects.toMatchObject({ code: "EACCES", effect: "none" });
  expect(content.destroyed).toBe(true);
});
