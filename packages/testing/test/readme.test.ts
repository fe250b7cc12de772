import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { assertPassed, durableAsAcknowledged, exploreCrashes, oldOrNew } from "../src/index.ts";
import type { NodeFileSystem } from "../src/index.ts";

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
