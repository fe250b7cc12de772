import { readdirSync } from "node:fs";
import { basename } from "node:path";
import { assertPassed, formatReport, type ModelName } from "@holdfast/testing";
import { describe, expect, test } from "vitest";
import { bugs } from "./bugs.ts";
import { tell } from "./main.ts";

const models = ["posix", "ext4", "xfs", "btrfs"] as const;

/** By power losses, in which models; the others need none. */
const foundIn: Readonly<Record<string, readonly ModelName[]>> = {
  "no-fsync-before-rename": models,
  "only-the-directory-fsynced": models,
  "no-directory-fsync": models,
  "fsync-after-rename": models,
  // The others flush the way to a file with it.
  "new-ancestors-not-flushed": ["posix"],
  "old-file-renamed-away-first": models,
  "truncate-in-place": models,
  "removal-that-comes-back": models,
  "append-whose-tail-is-misread": models,
  "two-files-change-together": models,
  "fsync-retried": models,
  "done-said-before-the-commit-point": models,
  "recovery-not-idempotent": models,
};

describe.each(Object.entries(bugs))("%s", (name, bug) => {
  test("is found, in words that name it", async () => {
    const report = await bug.explore("bug");
    const [smallest] = report.failures;
    expect(`${smallest?.message}\n${smallest?.where}`).toMatch(bug.finds);
    expect(formatReport(report)).toContain(smallest!.replay);
  });

  test("passes when corrected, in every case there is", async () => {
    const report = await bug.explore("corrected");
    assertPassed(report);
    expect(report.cases).toBeGreaterThan(3); // a run that did nothing would pass, with 2
  });
});

test.each(Object.entries(foundIn))("%s is found in these models: %s", async (name, expected) => {
  const found: ModelName[] = [];
  for (const model of models) {
    const { failed, exhaustive } = await bugs[name]!.explore("bug", { models: [model] });
    expect(exhaustive).toBe(true);
    if (failed > 0) found.push(model);
  }
  expect(found).toEqual(expected);
});

/** What a person reads in the whole report, to understand what went wrong. */
const told: [name: string, ...parts: RegExp[]][] = [
  [
    "no-fsync-before-rename",
    /write \/state\.tmp 3 +lost\n.*\n.*rename \/state\.tmp -> \/state +reached the disk/,
    /found 3 zeros/,
  ],
  ["new-ancestors-not-flushed", /mkdir \/data +lost/, /acknowledged 'saved'/, /model posix\n/],
  ["old-file-renamed-away-first", /power lost after call \d+ \(rename \/state -> \/state\.bak\)/],
  ["removal-that-comes-back", /unlink \/session +lost/, /acknowledged 'revoked'/],
  ["fsync-retried", /fsync \/state\.tmp: EIO/, /said ok, flushed no/],
  ["recovery-not-idempotent", /again\s+after call 15 of the recovery \(rename \/total\.tmp/],
  ["leaked-staged-file", /left behind: \/state\.tmp/, /write \/state\.tmp 3: injected EIO/],
  ["containment-lost-between-two-calls", /symlink swapped in between call 1 \(realpath/],
  ["lock-takeover-by-removal", /A unlink \/locks\/1[^]*A mkdir \/at-work: EEXIST/],
  [
    "lock-takeover-by-rename",
    /A rename \/locks\/1 -> \/aside-A/,
    /C threw two owners|C: threw two/,
  ],
  ["lost-update", /rename \/staged-A -> \/counts\/0/, /interrupted once/],
];

test.each(told)("%s is told in words that a person understands", async (name, ...parts) => {
  const text = formatReport(await bugs[name]!.explore("bug"));
  for (const part of parts) expect(text).toMatch(part);
});

test("every file of the gallery is in the list", () => {
  const shared = ["bug.ts", "bugs.ts", "durably.ts", "exclusive.ts", "lock.ts"];
  const files = readdirSync(import.meta.dirname).filter(
    (name) => !name.startsWith("main.") && !shared.includes(name),
  );
  expect(Object.keys(bugs).toSorted()).toEqual(
    files.map((name) => basename(name, ".ts")).toSorted(),
  );
});

test("one is told in full, with its correction", async () => {
  const printed: string[] = [];
  await tell("lost-update", (text) => printed.push(text));
  expect(printed.join("\n")).toMatch(/^a lost update[^]*cases failed[^]*Corrected[^]*none failed/);
  await expect(tell("none", () => {})).rejects.toThrow("no such bug; there are no-fsync");
});
