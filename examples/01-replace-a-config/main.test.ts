import { mkdtemp, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { changeSetting } from "./main.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "example-01-"));
});
afterEach(() => rm(folder, { recursive: true }));

test("creates the file for its owner alone, and keeps the mode of one that exists", async () => {
  const path = join(folder, "settings.json");
  await changeSetting(path, "theme", "dark");
  expect(JSON.parse(await readFile(path, "utf8"))).toEqual({ theme: "dark" });
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect(await readdir(folder)).toEqual(["settings.json"]);
});

test("twenty changes at once are all there", async () => {
  const path = join(folder, "settings.json");
  await writeFile(path, '{ "kept": true }');
  await Promise.all(Array.from({ length: 20 }, (_, i) => changeSetting(path, `key${i}`, i)));
  const settings = JSON.parse(await readFile(path, "utf8")) as Record<string, unknown>;
  expect(Object.keys(settings)).toHaveLength(21);
  expect(settings["kept"]).toBe(true);
});
