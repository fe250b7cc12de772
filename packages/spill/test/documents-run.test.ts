/** What the documents show runs, and prints what they say. */

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
  [...readFileSync(pathTo(path), "utf8").matchAll(/^```js\n(.*?)^```$/gms)].map(
    (match) => match[1]!,
  );

/** Node 20 and 22 have no `await using`; and a digest in full would be all that one sees. */
const forAnyNode = (script: string): string => script.replaceAll("await using ", "const ");
const shortened = (text: string): string => text.replaceAll(/[0-9a-f]{64}/g, "SHA").trimEnd();

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-snippet-"));
  // In which the package is installed, as in a reader's.
  symlinkSync(pathTo("../../../examples/node_modules"), join(folder, "node_modules"), "junction");
});
afterEach(() => rmSync(folder, { recursive: true }));

describe.each([
  ["../README.md", 1],
  ["../../../docs/guides/big-tool-output.md", 5],
] as const)("%s", (path, count) => {
  const snippets = snippetsOf(path);

  it("has snippets", () => {
    expect(snippets).toHaveLength(count);
  });

  it.each(snippets.map((script) => [script]))("prints what it says: %s", (script) => {
    const expected = [...script.matchAll(/^\/\/ prints:(?: (.*))?$/gm)].map(
      (match) => match[1] ?? "",
    );
    expect(expected.length).toBeGreaterThan(0);
    const [command, ...args] = commandFor(forAnyNode(script));
    const { stdout, stderr, status } = spawnSync(command!, args, {
      cwd: folder,
      env: environmentFor({ script }),
      encoding: "utf8",
    });
    expect({ stdout: shortened(stdout), stderr, status }).toEqual({
      stdout: expected.join("\n").trimEnd(),
      stderr: "",
      status: 0,
    });
  });
});
