import fs, { existsSync, readFileSync, readdirSync, rmdirSync } from "node:fs";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Operation, runAsync, runSync } from "@holdfast/fs/steps";
import {
  readContentOption,
  readOptions,
  replaceFileUnchecked,
  versionOf,
} from "../../src/steps.ts";
import { tempDir } from "../support/temp-dir.ts";

/** As a package does it that has found the place by itself. */
const replace = {
  async: (target: string, parents: boolean) => {
    const { operation, request, content } = prepared(target, "async", parents);
    return runAsync(replaceFileUnchecked(operation, request, content), operation);
  },
  sync: async (target: string, parents: boolean) => {
    const { operation, request, content } = prepared(target, "sync", parents);
    return runSync(replaceFileUnchecked(operation, request, content), operation);
  },
};

function prepared(target: string, half: "async" | "sync", parents: boolean) {
  const operation = new Operation({ op: "op", path: "as given" });
  const request = { ...readOptions("op", { filePath: "-" }, half, false), target, parents };
  return { operation, request, content: readContentOption("op", "new", half) };
}

describe.each(["async", "sync"] as const)("%s", (half) => {
  it("writes to the target, whatever path is to be told of", async () => {
    const target = join(tempDir(), "file");
    const receipt = await replace[half](target, false);
    expect(readFileSync(target, "utf8")).toBe("new");
    expect(receipt.version).toBe(versionOf(fs.lstatSync(target, { bigint: true })));
  });

  it("makes parent directories only if it may", async () => {
    const target = join(tempDir(), "missing", "file");
    await expect(replace[half](target, false)).rejects.toMatchObject({
      code: "ENOENT",
      effect: "none",
      path: "as given",
    });
    expect(existsSync(join(target, ".."))).toBe(false);
    await replace[half](target, true);
    expect(readFileSync(target, "utf8")).toBe("new");
  });

  it("follows a link also in an operation that has left something behind on purpose", async () => {
    const dir = tempDir();
    writeFileSync(join(dir, "real"), "old");
    symlinkSync("real", join(dir, "link"));
    const { operation, request, content } = prepared(join(dir, "link"), half, false);
    operation.leftovers.push("kept on purpose");
    const steps = replaceFileUnchecked(operation, request, content);
    await (half === "async" ? runAsync(steps, operation) : runSync(steps, operation));
    expect(readFileSync(join(dir, "real"), "utf8")).toBe("new");
    expect(readdirSync(dir)).toEqual(["link", "real"]);
  });

  it("leaves nothing in a directory that was held and is removed", async () => {
    const dir = tempDir();
    mkdirSync(join(dir, "gone"));
    const fd = fs.openSync(join(dir, "gone"), "r");
    rmdirSync(join(dir, "gone"));
    try {
      const held = `/proc/self/fd/${fd}/file`;
      await expect(replace[half](held, false)).rejects.toMatchObject({ code: "ENOENT" });
    } finally {
      fs.closeSync(fd);
    }
    expect(readdirSync(dir)).toEqual([]);
  });
});
