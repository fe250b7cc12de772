import { link, mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { callTool, openWorkspace } from "./main.ts";

let folder: string;
let inside: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "example-09-"));
  inside = join(folder, "workspace");
  await mkdir(join(inside, ".git/hooks"), { recursive: true });
  await mkdir(join(inside, "src"));
  await writeFile(join(inside, "src/main.ts"), "start(7)");
  await writeFile(join(inside, ".env"), "TOKEN=start");
  await writeFile(join(folder, "secret"), "start");
});
afterEach(() => rm(folder, { recursive: true }));

/** One request after the other, as from a model. */
async function ask(...requests: [name: string, input: Record<string, string>][]) {
  await using workspace = await openWorkspace(inside);
  const answers = [];
  for (const request of requests) answers.push(await callTool(workspace, ...request));
  return answers;
}

test("the work of a day", async () => {
  const answers = await ask(
    ["write", { path: "docs/today.md", content: "start at once" }],
    ["read", { path: "docs/today.md" }],
    ["list", { path: "." }],
    ["search", { text: "start" }],
    ["delete", { path: "docs" }],
    ["list", {}],
  );
  expect(answers.every(({ alarm }) => !alarm)).toBe(true);
  const [written, read, listed, found, deleted, left] = answers.map(({ text }) => text);
  expect([written, read, deleted]).toEqual(["13 bytes written", "start at once", "deleted"]);
  expect(listed!.split("\n").toSorted()).toEqual([".env", ".git/", "docs/", "src/"]);
  expect(found!.split("\n").toSorted()).toEqual(["docs/today.md", "src/main.ts"]); // and no .env
  expect(left!.split("\n").toSorted()).toEqual([".env", ".git/", "src/"]);
});

test("a mistake is answered, and is no alarm", async () => {
  await writeFile(join(inside, "movie"), Buffer.alloc(200_001));
  for (const [name, path, code] of [
    ["read", "src/mian.ts", "ENOENT"],
    ["read", "src", "EISDIR"],
    ["list", "src/main.ts", "ENOTDIR"],
    ["read", "movie", "ERR_TOO_LARGE"],
    ["read", "", "ERR_PATH_INVALID"],
    ["dance", "", "no tool"],
  ] as const) {
    const [answer] = await ask([name, { path }]);
    expect(answer).toEqual({ text: expect.stringContaining(code) as string, alarm: false });
  }
});

test("an attempt to get out, or at what is closed, is an alarm and changes nothing", async () => {
  await symlink("../secret", join(inside, "notes"));
  await symlink("..", join(inside, "up"));
  await symlink(".env", join(inside, "settings"));
  await link(join(folder, "secret"), join(inside, "copy"));
  const content = "#!/bin/sh";
  const answers = await ask(
    ["read", { path: "../secret" }],
    ["read", { path: "src/../../secret" }],
    ["read", { path: join(folder, "secret") }],
    ["read", { path: "notes" }],
    ["read", { path: "settings" }],
    ["read", { path: "copy" }],
    ["write", { path: "up/secret", content }],
    ["write", { path: "copy", content }],
    ["write", { path: ".git/hooks/post-checkout", content }],
    ["write", { path: "server.pem", content }],
    ["list", { path: "up" }],
    ["delete", { path: ".git" }],
    ["delete", { path: "up/secret" }],
  );
  expect(answers.map(({ alarm }, i) => (alarm ? "alarm" : i))).toEqual(answers.map(() => "alarm"));
  expect(answers.map(({ text }) => text).join()).not.toContain("TOKEN");
  expect(await readFile(join(folder, "secret"), "utf8")).toBe("start");
  expect(await readdir(join(inside, ".git/hooks"))).toEqual([]);
  expect((await readdir(folder)).toSorted()).toEqual(["secret", "workspace"]);
});
