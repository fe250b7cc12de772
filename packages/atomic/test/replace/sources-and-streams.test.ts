import { createReadStream, promises, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { renameSync } from "node:fs";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { expect, it } from "vitest";
import { createCoalescingWriter, replaceFileAtomic, stageFileAtomic } from "../../src/index.ts";
import { runScript } from "../support/node-script.ts";
import { needs } from "../support/needs.ts";
import { tempDir } from "../support/temp-dir.ts";

it("commit() waits for what an ended stream still holds", async () => {
  const filePath = join(tempDir(), "file");
  const staged = await stageFileAtomic({ filePath });
  staged.writable.write("a");
  staged.writable.write("b");
  staged.writable.end("c");
  expect(await staged.commit()).toMatchObject({ bytes: 3 });
  expect(readFileSync(filePath, "utf8")).toBe("abc");
});

it("commit() refuses while a stream may bring more, and nothing is lost by that", async () => {
  const filePath = join(tempDir(), "file");
  const staged = await stageFileAtomic({ filePath });
  const source = Readable.from(["a", "b"]);
  source.pipe(staged.writable);
  await expect(staged.commit()).rejects.toMatchObject({
    code: "ERR_CONTENT_SOURCE",
    effect: "none",
  });
  await new Promise((resolve) => staged.writable.on("finish", resolve));
  await staged.commit();
  expect(readFileSync(filePath, "utf8")).toBe("ab");
});

it("commit() fails if its stream was destroyed", async () => {
  const dir = tempDir();
  const staged = await stageFileAtomic({ filePath: join(dir, "file") });
  await staged.write("head");
  staged.writable.on("error", () => {});
  staged.writable.destroy(new Error("source died"));
  await expect(staged.commit()).rejects.toMatchObject({
    code: "ERR_CONTENT_SOURCE",
    effect: "none",
  });
  expect(readdirSync(dir).toSorted()).toEqual([]);
});

it.runIf(needs("node"))(
  "a pipe that goes on after discard() does not end the program",
  async () => {
    const dir = tempDir();
    const left = await runScript({
      input: { dir },
      script: `
      import { readdirSync } from "node:fs";
      import { Readable } from "node:stream";
      import { setTimeout as pause } from "node:timers/promises";
      import { stageFileAtomic } from "@holdfast/atomic";
      const staged = await stageFileAtomic({ filePath: input.dir + "/file" });
      async function* endless() {
        for (;;) {
          await pause(1);
          yield Buffer.alloc(1000);
        }
      }
      const source = Readable.from(endless());
      source.pipe(staged.writable);
      await pause(20);
      await staged.discard();
      await pause(20);
      source.destroy();
      report(readdirSync(input.dir));
    `,
    });
    expect(left).toEqual([]);
  },
);

it("commit() fails if another file was put in the place of the staged one", async () => {
  const dir = tempDir();
  const staged = await stageFileAtomic({ filePath: join(dir, "file") });
  writeFileSync(join(dir, "other"), "not ours");
  renameSync(join(dir, "other"), staged.path);
  await expect(staged.commit()).rejects.toMatchObject({ code: "ERR_CHANGED", effect: "none" });
  expect(readdirSync(dir)).not.toContain("file");
});

it("what another program wrote into the staged file counts", async () => {
  const filePath = join(tempDir(), "file");
  const staged = await stageFileAtomic({ filePath });
  writeFileSync(staged.path, "from elsewhere");
  expect(await staged.commit()).toMatchObject({ bytes: 14 });
});

it("a hook that changes the staged file in place is right, one that replaces it is refused", async () => {
  const filePath = join(tempDir(), "file");
  const write = (
    beforeRename: (paths: { tempPath: string }) => void,
  ): ReturnType<typeof replaceFileAtomic> =>
    replaceFileAtomic({ filePath, content: "secret", mode: 0o600, beforeRename });
  const receipt = await write(({ tempPath }) => writeFileSync(tempPath, "changed in place"));
  expect(receipt.bytes).toBe(16);
  await replaceFileAtomic({ filePath, content: "x", ifMatch: receipt.version });
  const replaced = write(({ tempPath }) => {
    writeFileSync(`${tempPath}2`, "for everybody to read");
    renameSync(`${tempPath}2`, tempPath);
  });
  await expect(replaced).rejects.toMatchObject({ code: "ERR_CHANGED", effect: "none" });
  expect(readFileSync(filePath, "utf8")).toBe("x");
});

it("A19 a source may use one buffer again and again", async () => {
  const dir = tempDir();
  const filePath = join(dir, "file");
  for (const size of [10, 4096, 64 * 1024, 100_000]) {
    async function* blocks(): AsyncGenerator<Uint8Array> {
      const buffer = Buffer.alloc(size);
      for (const value of [1, 2, 3, 4]) yield buffer.fill(value);
    }
    await replaceFileAtomic({ filePath, content: blocks() });
    const expected = Buffer.concat([1, 2, 3, 4].map((value) => Buffer.alloc(size, value)));
    expect(readFileSync(filePath).equals(expected)).toBe(true);
  }
});

it.runIf(needs("node"))(
  "A19 a stream that fails before it is read fails the call, not the program",
  async () => {
    const dir = tempDir();
    const codes = await runScript({
      input: { dir },
      script: `
      import { createReadStream, mkdirSync, symlinkSync } from "node:fs";
      import { replaceFileAtomic } from "@holdfast/atomic";
      const { dir } = input;
      symlinkSync("target", dir + "/link");
      mkdirSync(dir + "/folder");
      const codes = [];
      for (const name of ["new/dir/f", "link", "folder", "plain"])
        await replaceFileAtomic({ filePath: dir + "/" + name, content: createReadStream(dir + "/none") })
          .catch(({ code }) => codes.push(code));
      setTimeout(() => report(codes), 50);
    `,
    });
    expect(codes).toEqual([
      "ERR_CONTENT_SOURCE",
      "ERR_CONTENT_SOURCE",
      "EISDIR",
      "ERR_CONTENT_SOURCE",
    ]);
  },
);

it("A19 a stream that has stalled is destroyed when the call is aborted", async () => {
  const filePath = join(tempDir(), "file");
  const stalled = new PassThrough();
  let cancelled = false;
  const web = new ReadableStream({
    cancel: () => {
      cancelled = true;
    },
  });
  for (const content of [stalled, web]) {
    const controller = new AbortController();
    const call = replaceFileAtomic({ filePath, content, signal: controller.signal });
    setTimeout(() => controller.abort(), 20);
    await expect(call).rejects.toMatchObject({ code: "ABORT_ERR", effect: "none" });
  }
  expect(stalled.destroyed).toBe(true);
  expect(cancelled).toBe(true);
});

it("A19 streams of Node and of the web are written whole", async () => {
  const dir = tempDir();
  writeFileSync(join(dir, "source"), "x".repeat(300_000));
  for (const content of [
    createReadStream(join(dir, "source")),
    Readable.toWeb(createReadStream(join(dir, "source"))) as AsyncIterable<Uint8Array>,
    (await promises.open(join(dir, "source"))).createReadStream(),
  ]) {
    expect(await replaceFileAtomic({ filePath: join(dir, "file"), content })).toMatchObject({
      bytes: 300_000,
    });
  }
});

it.runIf(needs("node"))(
  "C4 a write that nobody waits for does not end the program when it fails",
  async () => {
    const ended = await runScript({
      input: { dir: tempDir() },
      script: `
      import { createCoalescingWriter } from "@holdfast/atomic";
      const writer = createCoalescingWriter({ filePath: "/proc/none/x" });
      writer.write("a");
      setTimeout(async () => report(await writer.close().catch(({ code }) => code)), 100);
    `,
    });
    expect(ended).toBe("ENOENT");
    const writer = createCoalescingWriter({ filePath: "/proc/none/x" });
    await expect(writer.write("b")).rejects.toMatchObject({ code: "ENOENT" });
  },
);
