import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createMemoryFileSystem } from "@holdfast/testing";
import { expect, onTestFinished, test } from "vitest";
import { tempDir } from "../../../atomic/test/support/temp-dir.ts";
import { openByPath } from "./support/identity-root.ts";

/** Replaces a file again and again, as an atomic writer does, until the test is over. */
function keepReplacing(path: string, everyMs: number): void {
  let over = false;
  const ended = (async () => {
    for (let nth = 0; !over; nth++) {
      writeFileSync(`${path}.new`, `version ${nth}, all of it`);
      renameSync(`${path}.new`, path);
      await sleep(everyMs);
    }
  })();
  onTestFinished(async () => {
    over = true;
    await ended;
  });
}

function plant(): string {
  // Not the temporary directory itself: everybody makes directories beside it all the time.
  const dir = join(tempDir(), "ws");
  mkdirSync(join(dir, "a/b"), { recursive: true });
  writeFileSync(join(dir, "a/b/f"), "content");
  return dir;
}

test("siblings replaced in a directory and the one above are no alarm", async () => {
  const dir = plant();
  keepReplacing(join(dir, "a/b/sibling"), 3);
  keepReplacing(join(dir, "a/sibling"), 60);
  const root = await openByPath(dir);
  for (let nth = 0; nth < 60; nth++) {
    expect(await root.readFile("a/b/f", "utf8")).toBe("content");
    expect((await root.stat("a/b")).isDirectory()).toBe(true);
    expect(await root.readdir("a/b")).toContain("f");
  }
  for (let nth = 0; nth < 20; nth++) {
    await root.writeFile("a/b/g", `written ${nth}`, { durable: false });
    expect(readFileSync(join(dir, "a/b/g"), "utf8")).toBe(`written ${nth}`);
  }
  await root.close();
});

test("a file that is replaced all the time is read, whole, every time (R8)", async () => {
  const dir = plant();
  keepReplacing(join(dir, "a/b/f"), 0);
  const root = await openByPath(dir);
  for (let nth = 0; nth < 300; nth++) {
    expect(await root.readFile("a/b/f", "utf8")).toMatch(/^version \d+, all of it$|^content$/);
  }
  await root.close();
});

test("many calls of one root at once are no alarm to each other", async () => {
  const dir = plant();
  const root = await openByPath(dir);
  const paths = Array.from({ length: 40 }, (_, nth) =>
    nth % 2 === 0 ? `a/b/n${nth}` : `a/n${nth}`,
  );
  await Promise.all(paths.map((path) => root.writeFile(path, path, { durable: false })));
  const read = await Promise.all(paths.map((path) => root.readFile(path, "utf8")));
  expect(read).toEqual(paths);
  await root.close();
});

test("parents that were made by the call itself are no alarm", async () => {
  const dir = plant();
  const root = await openByPath(dir);
  await root.writeFile("x/y/z/f", "deep", { create: true });
  expect(readFileSync(join(dir, "x/y/z/f"), "utf8")).toBe("deep");
  await root.writeFile("x/y/f", "less deep");
  expect(readdirSync(join(dir, "x/y")).toSorted()).toEqual(["f", "z"]);
  await root.close();
});

test("what was made in this very moment is waited for, also in memory", async () => {
  const { fs } = createMemoryFileSystem({ platform: "other", tree: ["srv/a/b/f = content"] });
  const root = await openByPath("/srv", fs);
  expect(await root.readFile("a/b/f", "utf8")).toBe("content");
  await root.writeFile("a/b/f", "written");
  expect(await root.readFile("a/b/f", "utf8")).toBe("written");
  await root.close();
  expect(fs.readFileSync("/srv/a/b/f", "utf8")).toBe("written");
});

test("a root that is renamed, removed or replaced is not found any more (R10)", async () => {
  const dir = plant();
  const top = join(dir, "a");
  const root = await openByPath(top);
  renameSync(top, join(dir, "elsewhere"));
  const refused = { code: "ERR_CHANGED", effect: "none" };
  await expect(root.readFile("b/f")).rejects.toMatchObject(refused);
  await expect(root.readFile("b/f")).rejects.toThrow(/the root directory itself was renamed/);
  mkdirSync(join(top, "b"), { recursive: true });
  writeFileSync(join(top, "b/f"), "another root");
  await expect(root.readFile("b/f")).rejects.toMatchObject(refused);
  await expect(root.readdir(".")).rejects.toMatchObject(refused);
  await expect(root.writeFile("b/g", "x")).rejects.toMatchObject(refused);
  expect(existsSync(join(top, "b/g"))).toBe(false);
  await root.close();
});
