import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { commandFor, environmentFor, packageRoot } from "../../atomic/test/support/node-script.ts";

const textOf = (path: string): string =>
  readFileSync(fileURLToPath(new URL(path, import.meta.url)), "utf8");
const readme = textOf("../README.md");
const guide = textOf("../../../docs/steps.md");
const snippets = [...(readme + guide).matchAll(/^```js\n(.*?)^```$/gms)].map((match) => match[1]!);

it("the README has snippets, and fits on a screen or two", () => {
  expect(snippets).toHaveLength(3);
  expect(readme.trimEnd().split("\n").length).toBeLessThan(100);
});

it.each(snippets.map((script) => [script]))("snippet prints what it says: %s", (script) => {
  const expected = [...script.matchAll(/^\/\/ prints: (.*)$/gm)].map((match) => match[1]);
  expect(expected).toHaveLength(1);
  // From a package that depends on this one, as a reader's does.
  const [command, ...args] = commandFor(script);
  const { stdout, stderr, status } = spawnSync(command!, args, {
    cwd: packageRoot,
    env: environmentFor({ script }),
    encoding: "utf8",
  });
  expect({ stdout: stdout.trimEnd(), stderr, status }).toEqual({
    stdout: expected.join("\n"),
    stderr: "",
    status: 0,
  });
  expect(existsSync(`${packageRoot}/cache`)).toBe(false);
});
