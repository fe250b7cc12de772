import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { runInThisContext } from "node:vm";
import { expect, it } from "vitest";
import {
  assertPassed,
  createMemoryFileSystem,
  durableAsAcknowledged,
  exploreCrashes,
  lintTrace,
  oldOrNew,
  traceFileSystem,
} from "../src/index.ts";
import type { LintFinding, NodeFileSystem } from "../src/index.ts";

const readme = readFileSync(fileURLToPath(new URL("../README.md", import.meta.url)), "utf8");
const snippets = [...readme.matchAll(/^```js\n(.*?)^```$/gms)].map((match) => match[1]!);
const shown = /^```text\n(.*?)^```$/ms.exec(readme)![1]!;

type Save = (fs: NodeFileSystem, config: object) => Promise<void>;

/** The nth function called saveConfig, as it stands there. */
function saveConfig(nth: number): Save {
  const found = snippets.filter((text) => text.startsWith("async function saveConfig"))[nth]!;
  // oxlint-disable-next-line typescript/no-implied-eval -- the README is ours
  return new Function(`return ${found}`)() as Save;
}

const scenario = (save: Save) => ({
  setup: (fs: NodeFileSystem) => fs.promises.writeFile("/config.json", "{}"),
  run: async (fs: NodeFileSystem, ack: (content: string) => void) => {
    await save(fs, { theme: "dark" });
    ack('{"theme":"dark"}');
  },
});
const versions = ["{}", '{"theme":"dark"}'];

it("the first function fails, and the report says what the README says", async () => {
  const { setup, run } = scenario(saveConfig(0));
  const report = await exploreCrashes({
    setup,
    run: (fs) => run(fs, () => {}),
    check: oldOrNew("/config.json", versions),
  });
  let text = "";
  try {
    assertPassed(report);
  } catch (error) {
    text = (error as Error).message;
  }
  const told = shown.split("\n").filter((line) => line !== "" && line.trim() !== "…");
  const lines = text.replace(/\(\d+\.\d s\)/, "(0.0 s)").split("\n");
  expect(told.length).toBeGreaterThan(12);
  for (const line of told) expect(lines).toContain(line);
});

it("the corrected one passes", async () => {
  const { setup, run } = scenario(saveConfig(1));
  assertPassed(await exploreCrashes({ setup, run, check: oldOrNew("/config.json", versions) }));
});

it("… and loses what was acknowledged, for want of a flush of the directory", async () => {
  const check = durableAsAcknowledged({ path: "/config.json", order: versions });
  const report = await exploreCrashes({ ...scenario(saveConfig(1)), check });
  expect(report.failures[0]?.message).toMatch(/gone back/);
});

it("what the snippets import, there is", async () => {
  const entries: Readonly<Record<string, object>> = {
    "": await import("../src/index.ts"),
    "/process": await import("../src/process.ts"),
    "/conformance": await import("../src/conformance.ts"),
  };
  const imports = [...readme.matchAll(/import \{ ([^}]+) \} from "@holdfast\/testing([^"]*)"/g)];
  expect(imports.length).toBeGreaterThan(2);
  for (const [, names, entry] of imports) {
    for (const name of names!.split(", ")) expect(entries[entry!]).toHaveProperty(name);
  }
});

it("the trace has these lines, and the linter says this first, with that place in save.js", async () => {
  const program = snippets.find((text) => text.startsWith("// save.js\n"))!;
  const inModule = program.replace("export async function", "async function");
  const save: unknown = runInThisContext(`${inModule};save`, { filename: "save.js" });
  const traced = snippets.find((text) => text.startsWith("const trace = "))!;
  const [code, comment] = traced.split("lintTrace(trace)[0];\n") as [string, string];
  const given = { fs: createMemoryFileSystem({ tree: ["home/me/"] }).fs, save, expect };
  const names = [...Object.keys(given), "traceFileSystem", "lintTrace"];
  const body = `return (async () => { ${code}; return lintTrace(trace)[0]; })()`;
  // oxlint-disable-next-line typescript/no-implied-eval -- the README is ours
  const run = new Function(...names, body) as (...all: unknown[]) => Promise<LintFinding>;
  const first = await run(...Object.values(given), traceFileSystem, lintTrace);
  const said = [...comment.matchAll(/(\w+): "([^"]*)"/g)];
  expect(said.map(([, name]) => name)).toEqual(["rule", "message", "caller", "hint"]);
  for (const [, name, text] of said) {
    const found = first[name as keyof LintFinding]!;
    const isCut = text!.endsWith("…");
    const whole = isCut ? text!.slice(0, -1) : text!;
    expect(isCut ? found.slice(0, whole.length) : found).toBe(whole);
  }
});
