import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, it } from "vitest";
import { tempDir } from "../../../atomic/test/support/temp-dir.ts";
import { needs } from "../../../atomic/test/support/needs.ts";
import { openObjects, type ObjectStore } from "../../src/objects/object-store.ts";
import { run, sha256Of, someBytes, sourceOf } from "./run.ts";

function storeIn(folder: string): { objects: ObjectStore; place: (sha256: string) => string } {
  return {
    objects: openObjects(folder),
    place: (sha256) => join(folder, sha256.slice(0, 2), sha256.slice(2)),
  };
}

/** All files of a store. */
const filesIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));

const piece = 256 * 1024;
const lengths = [0, 1, 4095, 4096, 4097, piece - 1, piece, piece + 1, 2 * piece, 3 * piece + 7];

it.each(lengths)("keeps %i bytes under their hash, and nothing else", async (length) => {
  const folder = join(tempDir(), "objects");
  const { objects, place } = storeIn(folder);
  const bytes = someBytes(length);
  const stored = await run((operation) => objects.put(operation, sourceOf(bytes), length));
  expect(stored).toEqual({ sha256: sha256Of(bytes), size: length, added: true });
  expect(filesIn(folder)).toEqual([place(stored.sha256)]);
  expect(readFileSync(place(stored.sha256)).equals(bytes)).toBe(true);
  const again = await run((operation) => objects.put(operation, sourceOf(bytes), length));
  expect(again).toEqual({ ...stored, added: false });
  expect(filesIn(folder)).toEqual([place(stored.sha256)]);
  const hashed = await run(() => objects.hash(sourceOf(bytes), length));
  expect(hashed).toEqual({ ...stored, added: false });
});

it("takes whatever a source gives at a time", async () => {
  const folder = join(tempDir(), "objects");
  const { objects } = storeIn(folder);
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 3 * piece }),
      fc.integer({ min: 1, max: 2 * piece }),
      fc.option(fc.integer({ min: 0, max: 3 * piece }), { nil: undefined }),
      async (length, atOnce, size) => {
        const bytes = someBytes(length, length + 1);
        const source = { ...sourceOf(bytes, Math.max(atOnce, length / 50)), size };
        const stored = await run((operation) => objects.put(operation, source, length));
        expect(stored).toMatchObject({ sha256: sha256Of(bytes), size: length });
        expect(await run((operation) => objects.verify(operation, stored.sha256, length))).toBe(
          "ok",
        );
      },
    ),
    { numRuns: 40 },
  );
});

it.each([1, piece, 2 * piece])("refuses more than %i bytes, and keeps nothing", async (limit) => {
  const folder = tempDir();
  const { objects } = storeIn(folder);
  const bytes = someBytes(limit + 1);
  await expect(
    run((operation) => objects.put(operation, sourceOf(bytes), limit)),
  ).rejects.toMatchObject({ code: "ERR_TOO_LARGE", effect: "none", leftovers: [] });
  await expect(run(() => objects.hash(sourceOf(bytes), limit))).rejects.toMatchObject({
    code: "ERR_TOO_LARGE",
  });
  expect(filesIn(folder)).toEqual([]);
});

it("keeps nothing of a source that fails", async () => {
  const folder = join(tempDir(), "objects");
  const { objects } = storeIn(folder);
  const source = sourceOf(someBytes(piece * 2));
  let reads = 0;
  const failing = {
    *read(buffer: Uint8Array) {
      if (++reads === 2) throw Object.assign(new Error("broken"), { code: "EIO" });
      return yield* source.read(buffer);
    },
  };
  await expect(run((operation) => objects.put(operation, failing, Infinity))).rejects.toMatchObject(
    { code: "EIO" },
  );
  expect(filesIn(folder)).toEqual([]);
});

it.runIf(needs("posix"))("is for its owner alone, whatever the umask", async () => {
  for (const umask of [0o000, 0o022, 0o777]) {
    const folder = join(tempDir(), "objects");
    const { objects, place } = storeIn(folder);
    const before = process.umask(umask);
    try {
      const { sha256 } = await run((operation) => objects.putBytes(operation, someBytes(10)));
      const modes = [folder, join(place(sha256), ".."), place(sha256)].map(
        (path) => statSync(path).mode & 0o7777,
      );
      expect(modes).toEqual([0o700, 0o700, 0o600]);
    } finally {
      process.umask(before);
    }
  }
});

it("does not make what is above it", async () => {
  const folder = join(tempDir(), "gone", "objects");
  const { objects } = storeIn(folder);
  await expect(run((operation) => objects.putBytes(operation, someBytes(1)))).rejects.toMatchObject(
    {
      code: "ENOENT",
    },
  );
});

it.each([10, 2 * piece])(
  "makes its directories again that somebody has removed (%i)",
  async (length) => {
    const folder = join(tempDir(), "objects");
    const { objects, place } = storeIn(folder);
    const bytes = someBytes(length);
    for (const removed of [folder, join(place(sha256Of(bytes)), "..")]) {
      await run((operation) => objects.put(operation, sourceOf(bytes), length));
      rmSync(removed, { recursive: true });
      const again = await run((operation) => objects.put(operation, sourceOf(bytes), length));
      expect(again.added).toBe(true);
      expect(filesIn(folder)).toEqual([place(again.sha256)]);
    }
  },
);

it.each([
  {
    what: "other bytes of the same length",
    damage: (path: string) => writeFileSync(path, someBytes(100, 9)),
  },
  { what: "fewer bytes", damage: (path: string) => writeFileSync(path, "x") },
  {
    what: "a link to the right bytes",
    damage(path: string) {
      writeFileSync(`${path}.elsewhere`, someBytes(100));
      rmSync(path);
      symlinkSync(`${path}.elsewhere`, path);
    },
  },
])("what is damaged is healed: $what", async ({ damage }) => {
  const folder = join(tempDir(), "objects");
  const { objects, place } = storeIn(folder);
  const bytes = someBytes(100);
  const { sha256 } = await run((operation) => objects.putBytes(operation, bytes));
  damage(place(sha256));
  expect(await run((operation) => objects.verify(operation, sha256, 100))).toBe("corrupt");
  expect(await run((operation) => objects.readWhole(operation, sha256, 100))).toBeUndefined();
  const again = await run((operation) => objects.putBytes(operation, bytes));
  expect(again.added).toBe(true);
  expect(await run((operation) => objects.verify(operation, sha256, 100))).toBe("ok");
  expect(statSync(place(sha256)).isFile()).toBe(true);
});

it("what is there already is young afterwards", async () => {
  const folder = join(tempDir(), "objects");
  const { objects, place } = storeIn(folder);
  const bytes = someBytes(100);
  const { sha256 } = await run((operation) => objects.putBytes(operation, bytes));
  utimesSync(place(sha256), 1000, 1000);
  const began = Date.now() - 5;
  const again = await run((operation) => objects.putBytes(operation, bytes));
  expect(again.added).toBe(false);
  expect(statSync(place(sha256)).mtimeMs).toBeGreaterThanOrEqual(began);
});

it("the same content is put by many at once", async () => {
  const folder = join(tempDir(), "objects");
  const { objects, place } = storeIn(folder);
  for (const length of [1000, 2 * piece]) {
    const bytes = someBytes(length);
    const puts = Array.from({ length: 20 }, () =>
      run((operation) => objects.put(operation, sourceOf(bytes), length)),
    );
    const sha256 = sha256Of(bytes);
    for (const stored of await Promise.all(puts))
      expect(stored).toMatchObject({ sha256, size: length });
    expect(filesIn(join(place(sha256), ".."))).toEqual([place(sha256)]);
  }
  expect(filesIn(folder)).toHaveLength(2);
});

it.runIf(needs("posix"))(
  "a directory in place of an object is an error, and nothing is lost",
  async () => {
    const folder = join(tempDir(), "objects");
    const { objects, place } = storeIn(folder);
    const bytes = someBytes(100);
    mkdirSync(place(sha256Of(bytes)), { recursive: true });
    chmodSync(folder, 0o700);
    await expect(run((operation) => objects.putBytes(operation, bytes))).rejects.toMatchObject({
      code: expect.stringMatching(/^E(?:ISDIR|EXIST|NOTEMPTY)$/),
    });
    expect(filesIn(folder)).toEqual([]);
  },
);
