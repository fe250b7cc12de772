import { createMemoryFileSystem, injectFaults } from "@holdfast/testing";
import { expect, test } from "vitest";
import { download, downloadOntoAFullDisk } from "./main.ts";

test("the disk is full at the third write: the old file stays, and nothing beside it", async () => {
  const { error, injected, leftOpen, tree } = await downloadOntoAFullDisk();
  expect(error).toMatchObject({ code: "ENOSPC", syscall: "write" });
  expect(injected).toEqual(['4 write /movie.mp4.part 5: fail("ENOSPC")']);
  expect(leftOpen).toEqual([]);
  expect(tree).toEqual(["movie.mp4 = the old one"]);
});

test("without the rule the new one is there", async () => {
  const memory = createMemoryFileSystem({ tree: ["movie.mp4 = the old one"] });
  const faulty = injectFaults(memory.fs, []);
  await download(faulty, "/movie.mp4", ["one ", "two ", "three"]);
  expect(memory.tree()).toEqual(["movie.mp4 = one two three"]);
  expect(faulty.faults.log).toEqual([]);
});
