import { mkdirSync, readdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { exploreInterference, assertPassed, type Scenario } from "@holdfast/testing";
import { tempDir } from "../../../atomic/test/support/temp-dir.ts";
import {
  openObjects,
  type ListedObject,
  type ObjectStore,
} from "../../src/objects/object-store.ts";
import { run, sha256Of, someBytes } from "./run.ts";
import type { FileSystem } from "@holdfast/fs/steps";

async function listAll(objects: ObjectStore, fileSystem?: FileSystem): Promise<ListedObject[]> {
  return await run(function* (operation) {
    const listed: ListedObject[] = [];
    const lister = objects.list(operation);
    for (;;) {
      const some = yield* lister.next();
      if (some === undefined) return listed;
      listed.push(...some);
    }
  }, fileSystem);
}

it("nothing where nothing was kept yet", async () => {
  expect(await listAll(openObjects(join(tempDir(), "objects")))).toEqual([]);
});

it("lists objects and staged files, and nothing else", async () => {
  const folder = join(tempDir(), "objects");
  const objects = openObjects(folder);
  const kept = new Map<string, number>();
  for (let length = 0; length < 60; length++) {
    const bytes = someBytes(length);
    kept.set((await run((operation) => objects.putBytes(operation, bytes))).sha256, length);
  }
  const staged = join(folder, "staged-00000000-0000-4000-8000-000000000000");
  writeFileSync(staged, "123");
  utimesSync(staged, 1000, 1000);
  writeFileSync(join(folder, "README"), "not ours");
  writeFileSync(join(folder, [...kept.keys()][0]!.slice(0, 2), "not ours"), "");
  mkdirSync(join(folder, "ab", "0".repeat(62)), { recursive: true });
  const listed = await listAll(objects);
  const found = listed.filter(({ sha256 }) => sha256 !== undefined);
  expect(new Map(found.map(({ sha256, size }) => [sha256, size]))).toEqual(kept);
  expect(found).toHaveLength(kept.size);
  expect(listed.filter(({ sha256 }) => sha256 === undefined)).toEqual([
    { path: staged, sha256: undefined, size: 3, mtimeMs: 1_000_000 },
  ]);
});

it("removes what was listed, and not what was put again since", async () => {
  const folder = join(tempDir(), "objects");
  const objects = openObjects(folder);
  const put = (): Promise<unknown> => run((operation) => objects.putBytes(operation, someBytes(9)));
  await put();
  const [object] = await listAll(objects);
  utimesSync(object!.path, 1000, 1000);
  const [old] = await listAll(objects);
  await put();
  expect(await run((operation) => objects.remove(operation, old!))).toBe(false);
  const [young] = await listAll(objects);
  expect(young!.path).toBe(old!.path);
  expect(await run((operation) => objects.remove(operation, young!))).toBe(true);
  expect(await run((operation) => objects.remove(operation, young!))).toBe(false);
  const staged = join(folder, "staged-00000000-0000-4000-8000-000000000000");
  writeFileSync(staged, "");
  const [left] = await listAll(objects);
  expect(await run((operation) => objects.remove(operation, left!))).toBe(true);
  expect(await listAll(objects)).toEqual([]);
  expect(
    readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()),
  ).toEqual([]);
});

it("what is made young between any two calls of a removal stays", async () => {
  const folder = "/store/objects";
  const sha256 = sha256Of("old");
  const path = `${folder}/${sha256.slice(0, 2)}/${sha256.slice(2)}`;
  const scenario: Scenario<boolean> = {
    setup(fs) {
      fs.mkdirSync(`${folder}/${sha256.slice(0, 2)}`, { recursive: true });
      fs.writeFileSync(path, "old");
      fs.utimesSync(path, 1000, 1000);
    },
    async run(fs, ack) {
      const objects = openObjects(folder);
      const object = { path, sha256, size: 3, mtimeMs: 1_000_000 };
      ack(await run((operation) => objects.remove(operation, object), fs));
    },
    check(fs, { acks }) {
      // Who made it young relies on it: it is there, and the removal says that it left it.
      const isYoung = fs.existsSync("/made-young");
      expect(fs.existsSync(path)).toBe(isYoung);
      expect(fs.readdirSync(folder)).toEqual([sha256.slice(0, 2)]);
      if (isYoung && !fs.existsSync("/afterwards")) expect(acks).toEqual([false]);
    },
  };
  const young = {
    name: "makes it young",
    act(fs: Parameters<NonNullable<typeof scenario.setup>>[0]) {
      fs.utimesSync(path, 5000, 5000);
      fs.writeFileSync("/made-young", "");
    },
  };
  const report = await exploreInterference(scenario, { adversaries: [young] });
  assertPassed(report);
  expect(report.landed["makes it young"]).toBeGreaterThan(1);
});
