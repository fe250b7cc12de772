import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { save, saveDurably, traced } from "./main.ts";

test("the lint finds what was not flushed, with the line of the program", async () => {
  const { lines, findings } = await traced(save);
  expect(lines).toEqual([
    "open staged wx",
    "write staged 19",
    "rename staged -> state.json",
    "ack saved",
  ]);
  const all = findings.join("\n");
  expect(all).toContain("staged gets its new name before its data is on disk");
  expect(all).toContain("state.json is acknowledged, and its directory has not been flushed since");
  const rename = findings.find((finding) => finding.includes("gets its new name"));
  const source = readFileSync(join(import.meta.dirname, "main.ts"), "utf8").split("\n");
  const line = 1 + source.findIndex((text) => text.includes("fs.rename(")); // that of save, the first
  expect(rename).toContain(`07-trace-in-a-snapshot/main.ts:${line}:`);
});

test("the whole protocol, in a snapshot, and nothing to find", async () => {
  const { lines, findings } = await traced(saveDurably);
  expect(lines).toMatchInlineSnapshot(`
    [
      "open staged wx",
      "write staged 19",
      "fsync staged",
      "rename staged -> state.json",
      "fsync .",
      "ack saved",
    ]
  `);
  expect(findings).toEqual([]);
});
