import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { commandFor, environmentFor } from "../../../atomic/test/support/node-script.ts";
import { lockDir } from "./lock-dir.ts";

const readme = readFileSync(fileURLToPath(new URL("../../README.md", import.meta.url)), "utf8");
const snippets = [...readme.matchAll(/^```js\n(.*?)^```$/gms)].map((match) => match[1]!);

it("the README has one snippet, and prints what it says", () => {
  const { dir } = lockDir();
  expect(snippets).toHaveLength(1);
  const built = new URL("../../dist/index.js", import.meta.url).href;
  const script = snippets[0]!.replace("@holdfast/lock", built);
  const expected = [...script.matchAll(/^\/\/ prints: (.*)$/gm)].map((match) => match[1]);
  const [command, ...args] = commandFor(script);
  const { stdout, stderr, status } = spawnSync(command!, args, {
    cwd: dir,
    env: environmentFor({ script }),
    encoding: "utf8",
  });
  expect({ stdout: stdout.trimEnd(), stderr, status }).toEqual({
    stdout: expected.join("\n"),
    stderr: "",
    status: 0,
  });
  expect(readdirSync(dir)).toEqual([]);
});
