import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openRecent, openSettings } from "./main.ts";

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "example-12-"));
  path = join(folder, "settings.json");
});
afterEach(() => rm(folder, { recursive: true }));

const onDisk = async (): Promise<unknown> => JSON.parse(await readFile(path, "utf8"));

test("defaults, until something is changed", async () => {
  await using settings = await openSettings(path);
  expect(settings.get().theme).toBe("system");
  expect(await readdir(folder)).toEqual([]);
  await openRecent(settings, "a.md");
  expect(await onDisk()).toMatchObject({ $version: 3, theme: "system", recent: ["a.md"] });
});

test("what the first release wrote is migrated, in two steps", async () => {
  await writeFile(path, '{ "$version": 1, "darkMode": true, "fontSize": 20, "recent": ["b.md"] }');
  await using settings = await openSettings(path);
  expect(settings.get()).toEqual({
    theme: "dark",
    editor: { fontSize: 20, ligatures: false },
    recent: ["b.md"],
  });
  expect(await onDisk()).toMatchObject({ $version: 3, theme: "dark" });
});

test("two programs change different things, and neither is lost", async () => {
  await using one = await openSettings(path);
  await using other = await openSettings(path);
  await Promise.all([
    one.update((draft) => void (draft.theme = "dark")),
    other.update((draft) => void (draft.editor.fontSize = 30)),
    ...Array.from({ length: 5 }, (_, i) => openRecent(i % 2 === 0 ? one : other, `${i}.md`)),
  ]);
  await one.reload();
  expect(one.get()).toMatchObject({ theme: "dark", editor: { fontSize: 30 } });
  expect(one.get().recent).toHaveLength(5);
});

test("a mistake of a hand is shown where it is, and the file is left alone", async () => {
  const text = '{\n  "$version": 3,\n  "theme": "dark"\n  "recent": []\n}\n';
  await writeFile(path, text);
  await expect(openSettings(path)).rejects.toMatchObject({
    code: "ERR_JSON_SYNTAX",
    line: 4,
    column: 3,
    excerpt: expect.stringContaining('"recent": []') as string,
  });
  await writeFile(path, '{ "$version": 3, "theme": "blue", "editor": {}, "recent": [] }');
  await expect(openSettings(path)).rejects.toMatchObject({ code: "ERR_JSON_INVALID" });
  expect(await readdir(folder)).toEqual(["settings.json"]);
});

test("a change that the schema does not allow is not made", async () => {
  await using settings = await openSettings(path);
  await openRecent(settings, "a.md");
  const before = await onDisk();
  await expect(settings.update((draft) => void (draft.editor.fontSize = 4))).rejects.toMatchObject({
    code: "ERR_JSON_INVALID",
    issues: [{ path: ["editor", "fontSize"] }],
  });
  expect(await onDisk()).toEqual(before);
  expect(settings.get().editor.fontSize).toBe(13);
});
