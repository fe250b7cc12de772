import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";

vi.setConfig({ testTimeout: 30_000 });

const pathTo = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const snippetsOf = (path: string): string[] =>
  [...readFileSync(pathTo(path), "utf8").matchAll(/^```js\n(.*?)^```$/gms)].map(
    (match) => match[1]!,
  );

describe.each([
  ["../README.md", 1],
  ["../../../docs/guides/rewind.md", 11],
] as const)("%s", (path, count) => {
  const snippets = snippetsOf(path);

  // One folder for all of a document, as a reader has who follows it.
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "holdfast-snippet-"));
    const installed = pathTo("../../../examples/node_modules");
    symlinkSync(installed, join(folder, "node_modules"), "junction");
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it("has snippets", () => {
    expect(snippets).toHaveLength(count);
  });

  it.each(snippets.map((script) => [script]))("prints what it says: %s", (script) => {
    // What begins with a name is a file, which later ones import.
    const name = /^\/\/ (\S+\.mjs)\n/.exec(script)?.[1];
    writeFileSync(join(folder, name ?? "snippet.mjs"), script);
    const expected = [...script.matchAll(/^\/\/ prints: (.*)$/gm)].map((match) => match[1]);
    expect(expected.length > 0).toBe(name === undefined);
    if (name !== undefined) return;
    const runtime = process.versions["deno"] === undefined ? [] : ["run", "--allow-all"];
    const { stdout, stderr, status } = spawnSync(process.execPath, [...runtime, "snippet.mjs"], {
      cwd: folder,
      encoding: "utf8",
    });
    expect({ stdout: stdout.trimEnd(), stderr, status }).toEqual({
      stdout: expected.join("\n").trimEnd(),
      stderr: "",
      status: 0,
    });
  });
});
