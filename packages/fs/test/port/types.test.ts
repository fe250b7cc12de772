import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const folder = fileURLToPath(new URL("types", import.meta.url));
const manifest = createRequire(import.meta.url).resolve("typescript/package.json");

/** Runs the compiler and returns the lines of the errors, none if it accepts the file. */
function errorLines(project: string): { lines: number[]; output: string } {
  const { bin } = JSON.parse(readFileSync(manifest, "utf8")) as { bin: { tsc: string } };
  const tsc = join(dirname(manifest), bin.tsc);
  const args = [tsc, "--noEmit", "--pretty", "false", "-p", join(folder, project)];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: folder,
    encoding: "utf8",
  });
  const output = stdout + stderr;
  const lines = [...output.matchAll(/\.ts\((\d+),\d+\): error/g)].map((match) => Number(match[1]));
  if (status !== 0 && lines.length === 0) throw new Error(`the compiler did not run: ${output}`);
  return { lines, output };
}

it("node:fs, memfs, and objects that spread them are a FileSystem without a cast", () => {
  const { lines, output } = errorLines("tsconfig.accepted.json");
  expect(output).toBe("");
  expect(lines).toEqual([]);
});

it("what is not shaped like it is not, line by line", () => {
  const source = readFileSync(join(folder, "refused.ts"), "utf8").split("\n");
  const expected = source.flatMap((line, at) => (line.startsWith("accept(") ? [at + 1] : []));
  expect(expected).toHaveLength(8);
  expect(errorLines("tsconfig.refused.json").lines).toEqual(expected);
});
