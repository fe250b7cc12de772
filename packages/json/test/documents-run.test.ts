import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { commandFor, environmentFor } from "../../atomic/test/support/node-script.ts";

vi.setConfig({ testTimeout: 30_000 });

const pathTo = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const snippetsOf = (path: string): string[] =>
  [...readFileSync(pathTo(path), "utf8").matchAll(/^```js\n(.*?)^```$/gms)]
    .map((match) => match[1]!)
    .filter((script) => script.includes("import ")); // the others show what goes wrong

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-snippet-"));
  // In which the package is installed, as in a reader's.
  const installed = pathTo("../../../examples/node_modules");
  symlinkSync(installed, join(folder, "node_modules"), "junction");
});
afterEach(() => rmSync(folder, { recursive: true }));

describe.each([
  ["../README.md", 6],
  ["../../../docs/guides/from-conf.md", 2],
  ["../../../docs/guides/from-lowdb.md", 1],
  ["../../../docs/guides/from-write-json-file.md", 1],
] as const)("%s", (path, count) => {
  const snippets = snippetsOf(path);

  it("has snippets", () => {
    expect(snippets).toHaveLength(count);
  });

  it.each(snippets.map((script) => [script]))("prints what it says: %s", (script) => {
    const expected = [...script.matchAll(/^\/\/ prints: (.*)$/gm)].map((match) => match[1]);
    expect(expected.length).toBeGreaterThan(0);
    const [command, ...args] = commandFor(script);
    const { stdout, stderr, status } = spawnSync(command!, args, {
      cwd: folder,
      env: environmentFor({ script }),
      encoding: "utf8",
    });
    expect({ stdout: stdout.trimEnd(), stderr, status }).toEqual({
      stdout: expected.join("\n").trimEnd(),
      stderr: "",
      status: 0,
    });
  });
});
