import { expect, test } from "vitest";
import { facesOf } from "../../src/calls/faces.ts";
import type { NodeFileSystem } from "../../src/calls/node-file-system.ts";
import {
  addHardlink,
  grow,
  moveAway,
  replaceFile,
  swapForDirectory,
  swapForSymlink,
} from "../../src/interference/adversaries.ts";
import type { Adversary } from "../../src/interference/adversary.ts";
import { MemoryBackend } from "../../src/memory/memory-backend.ts";
import { readTreeSync } from "../../src/tree/read-tree.ts";

const moment = { call: undefined, when: "before" } as const;

function act(fs: NodeFileSystem, adversary: Adversary, kind: "act" | "undo" = "act"): void {
  void adversary[kind]!(fs, moment);
}

function world(): NodeFileSystem {
  const fs = facesOf(new MemoryBackend());
  fs.mkdirSync("/d");
  fs.writeFileSync("/d/f", "old");
  fs.writeFileSync("/other", "kept");
  return fs;
}

const makers: [adversary: Adversary, after: string[]][] = [
  [swapForSymlink("/d", "/other"), ["d => /other", "d.aside/", "d.aside/f = old", "other = kept"]],
  [swapForDirectory("/d"), ["d/", "d.aside/", "d.aside/f = old", "other = kept"]],
  [moveAway("/d"), ["d.aside/", "d.aside/f = old", "other = kept"]],
  [moveAway("/d", "/elsewhere"), ["elsewhere/", "elsewhere/f = old", "other = kept"]],
  [replaceFile("/d/f", "new"), ["d/", "d/f = new", "d/f.aside = old", "other = kept"]],
  [grow("/d/f", 2), ["d/", "d/f = old++", "other = kept"]],
];

test.each(makers)("$name does what it says, and takes it back", (adversary, after) => {
  const fs = world();
  const untouched = readTreeSync(fs, "/");
  act(fs, adversary);
  expect(readTreeSync(fs, "/")).toEqual(after);
  act(fs, adversary, "undo");
  // The false directory is kept: what the program has put into it is evidence.
  const kept = adversary.name.startsWith("swapForDirectory") ? ["d.swapped/"] : [];
  expect(readTreeSync(fs, "/").toSorted()).toEqual([...untouched, ...kept].toSorted());
});

test("a hard link is a second name of the same file", () => {
  const fs = world();
  act(fs, addHardlink("/d/f", "/spy"));
  expect(fs.statSync("/spy").ino).toBe(fs.statSync("/d/f").ino);
  act(fs, addHardlink("/d/f", "/spy"), "undo");
  expect(fs.existsSync("/spy")).toBe(false);
  expect(fs.readFileSync("/d/f", "utf8")).toBe("old");
});

test("swapForSymlink plants its link where nothing is yet, and takes it away again", () => {
  const fs = world();
  const untouched = readTreeSync(fs, "/");
  const adversary = swapForSymlink("/none", "/other");
  act(fs, adversary);
  expect(fs.readlinkSync("/none")).toBe("/other");
  expect(() => act(fs, adversary, "undo")).not.toThrow();
  expect(readTreeSync(fs, "/")).toEqual(untouched);
});

test.each([
  swapForDirectory("/none"),
  moveAway("/none"),
  replaceFile("/none", ""),
  addHardlink("/none", "/spy"),
  grow("/none", 1),
])("$name changes nothing where nothing is", (adversary) => {
  const fs = world();
  const untouched = readTreeSync(fs, "/");
  for (const kind of ["act", "undo"] as const) {
    expect(() => act(fs, adversary, kind)).toThrow("ENOENT");
    expect(readTreeSync(fs, "/")).toEqual(untouched);
  }
});

test("the old file is not put over what the program has put in the place of the link", () => {
  const fs = world();
  const adversary = swapForSymlink("/other", "/d/f");
  act(fs, adversary);
  fs.writeFileSync("/staged", "the program's");
  fs.renameSync("/staged", "/other");
  expect(() => act(fs, adversary, "undo")).toThrow("EINVAL");
  expect(fs.readFileSync("/other", "utf8")).toBe("the program's");
});

test("what the program put into the false directory is kept for the check", () => {
  const fs = world();
  const adversary = swapForDirectory("/d");
  act(fs, adversary);
  fs.writeFileSync("/d/mine", "x");
  act(fs, adversary, "undo");
  expect(fs.readdirSync("/d.swapped")).toEqual(["mine"]);
  expect(fs.readFileSync("/d/f", "utf8")).toBe("old");
});

test("arguments of the wrong type are refused", () => {
  const calls: (() => Adversary)[] = [
    () => swapForSymlink(1 as never, "/x"),
    () => swapForSymlink("/x", undefined as never),
    () => swapForDirectory("" as never),
    () => moveAway("/x", 1 as never),
    () => replaceFile("/x", 1 as never),
    () => addHardlink("/x", null as never),
    () => grow("/x", 0),
    () => grow("/x", 1.5),
    () => grow(1 as never, 1),
  ];
  for (const call of calls) expect(call).toThrow("ERR_INVALID_ARG");
});
