import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { deploy, rollBack } from "./main.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "example-03-"));
});
afterEach(() => rm(folder, { recursive: true }));

async function build(name: string, content: string): Promise<string> {
  const path = join(folder, name);
  await mkdir(join(path, "assets"), { recursive: true });
  await writeFile(join(path, "index.html"), content);
  await writeFile(join(path, "assets", `${name}.js`), content);
  return path;
}

test("deploys, deploys again, and goes back", async () => {
  const live = join(folder, "live");
  expect(await deploy(await build("v1", "one"), live)).toBeUndefined();
  const backup = await deploy(await build("v2", "two"), live);
  expect(await readFile(join(live, "index.html"), "utf8")).toBe("two");
  expect(await readdir(join(live, "assets"))).toEqual(["v2.js"]);
  await rollBack(backup!, live);
  expect(await readFile(join(live, "index.html"), "utf8")).toBe("one");
  expect((await readdir(folder)).toSorted()).toEqual(["live", "v1", "v2"]);
});
