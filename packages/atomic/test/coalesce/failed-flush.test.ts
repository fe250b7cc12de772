import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { createCoalescingWriter, type CoalescingWriter } from "../../src/index.ts";
import { faultyFileSystem } from "../support/faulty-file-system.ts";
import { tempDir } from "../support/temp-dir.ts";

it("C3 a flushSync that got its content there, but not flushed, is not overwritten by an older one", async () => {
  const dir = tempDir();
  const filePath = join(dir, "state");
  let writer: CoalescingWriter | undefined;
  let newer: Promise<unknown> | undefined;
  let failing = false;
  const seen: string[] = [];
  const { fileSystem } = faultyFileSystem({
    plan: ({ name, path }) => {
      if (newer !== undefined && !failing) seen.push(readFileSync(filePath, "utf8"));
      if (failing) {
        return name === "fsync" && path === dir ? { fail: "EIO", when: "before" } : undefined;
      }
      // The older content is complete; its rename comes next.
      if (name !== "fsync" || newer !== undefined) return undefined;
      return {
        act: () => {
          newer = writer!.write("newer");
          failing = true;
          expect(() => writer!.flushSync()).toThrow(/EIO/);
          failing = false;
        },
      };
    },
  });
  writer = createCoalescingWriter({ filePath, fileSystem });
  await writer.write("older");
  await newer;
  expect(seen.length).toBeGreaterThan(3);
  expect(new Set(seen)).toEqual(new Set(["newer"]));
  await writer.close();
});
