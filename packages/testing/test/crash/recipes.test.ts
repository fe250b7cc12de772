/**
 * Against what real file systems left behind: Linux 6.18, default options, 127 396 states of disks whose
 * power was cut at any moment, another program flushing in between. A model may find more, never less.
 */

import { describe, expect, test } from "vitest";
import type { ModelName } from "../../src/crash/models.ts";
import { flush } from "./legal-trees.ts";
import { ancestors, appended, damageIn, linked, removed, versions, writeNew } from "./recipes.ts";
import type { Recipe } from "./recipes.ts";

const models: readonly ModelName[] = ["posix", "ext4", "xfs", "btrfs"];

const replace = versions((fs, content) => {
  writeNew(fs, "/tmp", content, "fsyncSync");
  fs.renameSync("/tmp", "/a");
  flush(fs, "/");
});
const replaceData = versions((fs, content) => {
  writeNew(fs, "/tmp", content, "fdatasyncSync");
  fs.renameSync("/tmp", "/a");
  flush(fs, "/");
});
const noDirectory = versions((fs, content) => {
  writeNew(fs, "/tmp", content, "fsyncSync");
  fs.renameSync("/tmp", "/a");
});
const onlyDirectory = versions((fs, content) => {
  writeNew(fs, "/tmp", content);
  fs.renameSync("/tmp", "/a");
  flush(fs, "/");
});
const noFlush = versions((fs, content) => {
  writeNew(fs, "/tmp", content);
  fs.renameSync("/tmp", "/a");
});
const flushedLate = versions((fs, content) => {
  writeNew(fs, "/tmp", content);
  fs.renameSync("/tmp", "/a");
  flush(fs, "/a");
  flush(fs, "/");
});
const renamedAway = versions((fs, content) => {
  writeNew(fs, "/tmp", content, "fsyncSync");
  fs.renameSync("/a", "/a.bak");
  fs.renameSync("/tmp", "/a");
  flush(fs, "/");
});
const inPlace = versions((fs, content) => {
  fs.writeFileSync("/a", content);
  flush(fs, "/a");
});
const plain = versions((fs, content) => fs.writeFileSync("/a", content));

describe.each(models)("%s: nothing is lost by", (model) => {
  test.each<[string, Recipe]>([
    ["write temp, fsync, rename, fsync directory", replace],
    ["the same with fdatasync", replaceData],
    ["link and unlink instead of rename", linked],
  ])("%s", async (_, recipe) => {
    expect(await damageIn(recipe, model)).toEqual({ found: [], exhaustive: true });
  });
});

type Damage = readonly string[];

/** What was found on the disks, by recipe. */
const measured: readonly [
  string,
  Recipe,
  { readonly ext4: Damage; readonly xfs: Damage; readonly btrfs: Damage },
][] = [
  [
    "no fsync of the directory",
    noDirectory,
    { ext4: ["last one lost"], xfs: ["last one lost"], btrfs: ["last one lost"] },
  ],
  [
    "no fsync of the temp file, directory fsynced",
    onlyDirectory,
    { ext4: ["zeros"], xfs: ["empty"], btrfs: ["empty"] },
  ],
  [
    "no fsync at all",
    noFlush,
    { ext4: ["older"], xfs: ["older", "empty"], btrfs: ["older", "empty"] },
  ],
  [
    "file fsynced only after the rename",
    flushedLate,
    { ext4: [], xfs: ["empty"], btrfs: ["empty"] },
  ],
  [
    "old file renamed away first",
    renamedAway,
    { ext4: ["missing"], xfs: ["missing"], btrfs: ["missing"] },
  ],
  [
    "truncate and write in place, then fsync",
    inPlace,
    { ext4: ["empty"], xfs: ["empty"], btrfs: [] },
  ],
  [
    "plain writeFile",
    plain,
    { ext4: ["older", "empty"], xfs: ["older", "empty"], btrfs: ["older"] },
  ],
  [
    "append and fdatasync",
    appended("fdatasyncSync"),
    {
      ext4: ["tail: short", "tail: zeros"],
      xfs: ["tail: short", "tail: zeros"],
      btrfs: ["tail: short", "tail: zeros"],
    },
  ],
  [
    "append without",
    appended(),
    {
      ext4: [
        "acknowledged: lost",
        "acknowledged: zeros",
        "acknowledged: short",
        "acknowledged: torn",
      ],
      xfs: ["acknowledged: lost"],
      btrfs: ["acknowledged: lost"],
    },
  ],
  [
    "unlink without fsync of the directory",
    removed,
    { ext4: ["came back"], xfs: ["came back"], btrfs: ["came back"] },
  ],
];

describe.each(measured)("%s", (_, recipe, found) => {
  test.each(["ext4", "xfs", "btrfs"] as const)(
    "%s: all that was measured is found",
    async (model) => {
      const damage = await damageIn(recipe, model);
      expect(damage.exhaustive).toBe(true);
      expect(damage.found).toEqual(expect.arrayContaining([...found[model]]));
    },
  );

  test("posix: and so is what any of them did", async () => {
    const damage = await damageIn(recipe, "posix");
    const all = [...found.ext4, ...found.xfs, ...found.btrfs];
    expect(damage.found).toEqual(expect.arrayContaining(all));
  });
});

describe("what was never seen, and what the models do not claim", () => {
  test.each(["ext4", "xfs", "btrfs"] as const)(
    "%s: without fsync of the directory never torn, never more than one version",
    async (model) => {
      expect((await damageIn(noDirectory, model)).found).toEqual(["last one lost"]);
    },
  );

  test.each(models)("%s: with fdatasync acknowledged records are intact", async (model) => {
    const { found } = await damageIn(appended("fdatasyncSync"), model);
    expect(found).toEqual(["tail: short", "tail: zeros"]);
  });

  test.each(["ext4", "xfs", "btrfs"] as const)(
    "%s: mkdir -p with only the innermost fsynced loses nothing",
    async (model) => {
      expect((await damageIn(ancestors, model)).found).toEqual([]);
    },
  );

  test("posix: it may, and strictly more than one version without fsync of the directory", async () => {
    expect((await damageIn(ancestors, "posix")).found).toEqual(["missing"]);
    expect((await damageIn(noDirectory, "posix")).found).toEqual(["last one lost", "older"]);
  });
});
