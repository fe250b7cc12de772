import fs from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { traceFileSystem } from "@holdfast/testing";
import { openRoot, openRootSync, type FileSystem } from "../../src/index.ts";
import { tempDir } from "../../../atomic/test/support/temp-dir.ts";

const hopeless = ["", "..", "../x", "./../x", "/etc/passwd", "//etc/passwd", "/", "a\0b", "\ud800"];

it("a path that cannot be meant to be inside is refused without a call", async () => {
  const dir = tempDir();
  const trace = traceFileSystem(fs);
  const fileSystem: FileSystem = trace.fs;
  const root = await openRoot(dir, { fileSystem });
  const sync = openRootSync(dir, { fileSystem });
  const begun = trace.entries.length;
  expect(begun).toBeGreaterThan(0); // it does see calls
  for (const path of hopeless) {
    const wants = { code: expect.stringMatching(/^ERR_PATH_(ESCAPES|INVALID)$/), effect: "none" };
    for (const call of [
      () => root.readFile(path),
      () => root.writeFile(path, "x", { create: true }),
      () => root.mkdir(path, { recursive: true }),
      () => root.rm(path, { recursive: true, force: true }),
      () => root.rename("x", path),
      () => root.rename(path, "x"),
      () => root.readdir(path),
      () => root.open(path, "w"),
      () => root.copyIn(join(dir, "x"), path),
      () => root.openRoot(path),
      async () => sync.readFileSync(path),
      async () => sync.writeFileSync(path, "x"),
    ]) {
      await expect(call()).rejects.toMatchObject(wants);
    }
  }
  expect(trace.entries.length).toBe(begun);
  await root.close();
  sync.close();
});
