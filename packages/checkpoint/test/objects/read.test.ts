import { mkdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, it } from "vitest";
import {
  createMemoryFileSystem,
  fail,
  failUnchecked,
  injectFaults,
  op,
  rule,
} from "@holdfast/testing";
import { replaceFileAtomic } from "@holdfast/atomic";
import { openRoot } from "@holdfast/root";
import { tempDir } from "../../../atomic/test/support/temp-dir.ts";
import { needs } from "../../../atomic/test/support/needs.ts";
import { openObjects } from "../../src/objects/object-store.ts";
import { run, sha256Of, someBytes } from "./run.ts";

const length = 600_000;
const bytes = someBytes(length);
const sha256 = sha256Of(bytes);

async function stored(): Promise<{
  objects: ReturnType<typeof openObjects>;
  path: string;
  at: string;
}> {
  const at = tempDir();
  const folder = join(at, "objects");
  const objects = openObjects(folder);
  await run((operation) => objects.putBytes(operation, bytes));
  return { objects, path: join(folder, sha256.slice(0, 2), sha256.slice(2)), at };
}

async function collect(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Buffer[] = [];
  for await (const piece of pieces) all.push(Buffer.from(piece));
  return Buffer.concat(all);
}

it("gives back what was put", async () => {
  const { objects, at } = await stored();
  expect((await collect(objects.read(sha256))).equals(bytes)).toBe(true);
  const whole = await run((operation) => objects.readWhole(operation, sha256, length));
  expect(whole !== undefined && bytes.equals(whole)).toBe(true);
  expect(
    await run((operation) => objects.readWhole(operation, sha256, length - 1)),
  ).toBeUndefined();
  await using root = await openRoot(at);
  await root.writeFile("back", objects.read(sha256));
  expect((await root.readFile("back")).equals(bytes)).toBe(true);
});

it.each([
  {
    what: "changed",
    damage: (path: string) => writeFileSync(path, someBytes(length, 2)),
    verdict: "corrupt",
  },
  { what: "cut short", damage: (path: string) => truncateSync(path, 10), verdict: "corrupt" },
  { what: "longer", damage: (path: string) => truncateSync(path, length + 1), verdict: "corrupt" },
  { what: "missing", damage: (path: string) => rmSync(path), verdict: "missing" },
  {
    what: "missing with its directory",
    damage: (path: string) => rmSync(join(path, ".."), { recursive: true }),
    verdict: "missing",
  },
  {
    what: "a directory",
    damage: (path: string) => (rmSync(path), mkdirSync(path)),
    verdict: "corrupt",
  },
  {
    what: "a link",
    damage: (path: string) => (
      writeFileSync(`${path}2`, bytes),
      rmSync(path),
      symlinkSync(`${path}2`, path)
    ),
    verdict: "corrupt",
  },
  ...(needs("posix")
    ? [
        {
          what: "a FIFO",
          damage: (path: string) => (rmSync(path), execFileSync("mkfifo", [path])),
          verdict: "corrupt",
        },
      ]
    : []),
])("what is $what is never taken for whole, and replaces nothing", async ({ damage, verdict }) => {
  const { objects, path, at } = await stored();
  damage(path);
  expect(await run((operation) => objects.verify(operation, sha256, length))).toBe(verdict);
  expect(
    await run((operation) => objects.readWhole(operation, sha256, 2 * length)),
  ).toBeUndefined();
  await expect(collect(objects.read(sha256))).rejects.toMatchObject({
    code: "ERR_CHECKPOINT_DAMAGED",
    effect: "none",
    path,
  });
  const target = join(at, "target");
  writeFileSync(target, "as it was");
  await expect(
    replaceFileAtomic({ filePath: target, content: objects.read(sha256) }),
  ).rejects.toMatchObject({
    code: "ERR_CONTENT_SOURCE",
    cause: { code: "ERR_CHECKPOINT_DAMAGED" },
    effect: "none",
  });
  await using root = await openRoot(at);
  expect(await root.readFile("target", "utf8")).toBe("as it was");
});

it("a size that is not that of the record is damage", async () => {
  const { objects } = await stored();
  expect(await run((operation) => objects.verify(operation, sha256, length - 1))).toBe("corrupt");
});

it.each(["", "..", "../../etc/passwd", "AB".repeat(32), "0".repeat(63), `${"0".repeat(64)}\n`])(
  "a hash that is none is no path: %j",
  async (name) => {
    const { objects } = await stored();
    expect(await run((operation) => objects.verify(operation, name, length))).toBe("missing");
    expect(await run((operation) => objects.readWhole(operation, name, length))).toBeUndefined();
    await expect(collect(objects.read(name))).rejects.toMatchObject({
      code: "ERR_CHECKPOINT_DAMAGED",
    });
  },
);

it.each([
  { code: "EIO", verdict: "corrupt" },
  { code: "EBADMSG", verdict: "corrupt" },
])("bytes that the device has lost are damage ($code)", async ({ code, verdict }) => {
  const memory = createMemoryFileSystem({ tree: ["store/"] });
  const objects = openObjects("/store/objects", { fileSystem: memory.fs });
  await run((operation) => objects.putBytes(operation, bytes), memory.fs);
  const faulty = injectFaults(memory.fs, [rule(op("read"), failUnchecked(code))]);
  const broken = openObjects("/store/objects", { fileSystem: faulty });
  expect(await run((operation) => broken.verify(operation, sha256, length), faulty)).toBe(verdict);
  await expect(collect(broken.read(sha256))).rejects.toMatchObject({
    code: "ERR_CHECKPOINT_DAMAGED",
  });
});

it("what may pass is no damage", async () => {
  const memory = createMemoryFileSystem({ tree: ["store/"] });
  const objects = openObjects("/store/objects", { fileSystem: memory.fs });
  await run((operation) => objects.putBytes(operation, bytes), memory.fs);
  const faulty = injectFaults(memory.fs, [rule(op("open"), fail("EMFILE"))]);
  await expect(
    run((operation) => objects.verify(operation, sha256, length), faulty),
  ).rejects.toMatchObject({ code: "EMFILE" });
});

it("reads from the file system that it was opened with", async () => {
  const memory = createMemoryFileSystem({ tree: ["store/"] });
  const objects = openObjects("/store/objects", { fileSystem: memory.fs });
  await run((operation) => objects.putBytes(operation, bytes), memory.fs);
  expect((await collect(objects.read(sha256))).equals(bytes)).toBe(true);
});
