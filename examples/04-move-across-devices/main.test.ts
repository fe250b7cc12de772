import { existsSync, statSync } from "node:fs";
import { mkdir, mkdtemp, readFile, readlink, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { archive } from "./main.ts";

const memory = "/dev/shm";
const twoDevices = existsSync(memory) && statSync(memory).dev !== statSync(tmpdir()).dev;
if (!twoDevices) console.log("skipped: the copy across devices: there is no second device here");

let from: string;
let to: string;
beforeEach(async () => {
  from = await mkdtemp(join(tmpdir(), "example-04-"));
  to = await mkdtemp(join(twoDevices ? memory : tmpdir(), "example-04-"));
});
afterEach(async () => {
  await rm(from, { recursive: true });
  await rm(to, { recursive: true });
});

test("moves a tree, and says how", async () => {
  await mkdir(join(from, "logs", "old"), { recursive: true });
  await writeFile(join(from, "logs", "a.log"), "a".repeat(100_000));
  await symlink("a.log", join(from, "logs", "latest"));
  const lines: string[] = [];
  expect(await archive(join(from, "logs"), join(to, "logs"), (line) => lines.push(line))).toBe(
    true,
  );
  expect(existsSync(join(from, "logs"))).toBe(false);
  expect(await readFile(join(to, "logs", "latest"), "utf8")).toHaveLength(100_000);
  expect(await readlink(join(to, "logs", "latest"))).toBe("a.log");
  expect(lines.at(-1)).toContain(twoDevices ? "moved by copy" : "moved by rename");
});

test("does not replace what is there", async () => {
  await writeFile(join(from, "f"), "new");
  await writeFile(join(to, "f"), "old");
  const lines: string[] = [];
  expect(await archive(join(from, "f"), join(to, "f"), (line) => lines.push(line))).toBe(false);
  expect(lines.at(-1)).toContain("EEXIST");
  expect(await readFile(join(to, "f"), "utf8")).toBe("old");
  expect(await readFile(join(from, "f"), "utf8")).toBe("new");
});
