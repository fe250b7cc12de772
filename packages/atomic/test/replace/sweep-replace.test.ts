import { chmodSync, chownSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { needs } from "../support/needs.ts";
import { forms } from "./forms.ts";
import { sweepScenario, type Scenario } from "./sweep.ts";
import {
  askingWhetherWritable,
  beginning,
  comparing,
  creating,
  existing,
  followingLink,
  makingDirectories,
  renaming,
} from "./sweep-rules.ts";

const old = "the old content, which is longer";
const existingFile = (dir: string): void => writeFileSync(join(dir, "file"), old);
const sha256 = createHash("sha256").update(old).digest("hex");

const scenarios: readonly Scenario[] = [
  {
    name: "a new file",
    perform: ({ replace }, options) => replace(options),
    method: "rename",
    rules: [...creating, ...beginning, ...renaming],
  },
  {
    name: "an existing file",
    old,
    prepare: existingFile,
    perform: ({ replace }, options) => replace(options),
    method: "rename",
    rules: [...existing, ...beginning, ...renaming],
  },
  {
    name: "a file whose parents are missing",
    filePath: "a/b/file",
    perform: ({ replace }, options) => replace(options),
    method: "rename",
    rules: [...makingDirectories, ...beginning, ...renaming],
  },
  {
    name: "a link",
    filePath: "link",
    target: "real/file",
    old,
    prepare: (dir) => {
      mkdirSync(join(dir, "real"));
      existingFile(join(dir, "real"));
      symlinkSync("real/file", join(dir, "link"));
    },
    perform: ({ replace }, options) => replace(options),
    method: "rename",
    rules: [...followingLink, ...existing, ...beginning, ...renaming],
  },
  {
    name: "createFileAtomic",
    perform: ({ create }, options) => create(options),
    method: "link",
    rules: [...creating, ...beginning],
  },
  {
    name: "ifMatch",
    old,
    prepare: existingFile,
    perform: ({ replace }, options) => replace({ ...options, ifMatch: { sha256 } }),
    method: "rename",
    rules: [...comparing, ...existing, ...beginning, ...renaming],
  },
  {
    name: "Windows",
    old,
    prepare: existingFile,
    wrap: (fileSystem) => ({ ...fileSystem, platform: "win32" }),
    perform: ({ replace }, options) =>
      replace({ ...options, renameRetryBaseDelayMs: 0, renameMaxRetries: 2 }),
    method: "rename",
    directory: "unsupported",
    rules: [
      {
        why: "tried again, and then it is gone: because it is in place already",
        when: (f) =>
          f.name === "rename" && /^(EPERM|EACCES|EBUSY)$/.test(f.errno) && f.mode === "after",
        outcome: { code: "ENOENT", effect: "complete" },
      },
      {
        why: "it passes",
        when: (f) =>
          f.name === "rename" && /^(EPERM|EACCES|EBUSY)$/.test(f.errno) && f.mode === "before",
        outcome: { succeeds: true, receipt: { method: "rename" } },
      },
      {
        why: "another device, which no waiting changes",
        when: (f) => f.name === "rename" && f.errno === "EXDEV" && /before|sticky/.test(f.mode),
        outcome: { succeeds: true, receipt: { method: "in-place" } },
      },
      {
        why: "which directory it is matters to the queue alone",
        when: (f) => f.name === "stat" && f.on === "directory" && f.mode !== "dead stop",
        outcome: { succeeds: true },
      },
      {
        why: "what it is now was known before it was closed",
        when: (f) => f.name === "lstat" && f.on === "target" && f.nth === 2,
        outcome: { succeeds: true },
      },
      ...existing,
      ...beginning,
    ],
  },
];

const foreign: Scenario = {
  name: "a file of another owner",
  old,
  prepare: (dir) => {
    existingFile(dir);
    chownSync(join(dir, "file"), 54_321, 54_322);
    chmodSync(join(dir, "file"), 0o640);
  },
  perform: ({ replace }, options) => replace(options),
  method: "rename",
  rules: [
    {
      why: "not allowed: the file itself is written, and stays its owner's",
      when: (f) => f.name === "fchown" && f.errno === "EPERM" && f.mode !== "dead stop",
      outcome: { succeeds: true },
    },
    ...askingWhetherWritable("rename"),
    ...existing,
    ...beginning,
    ...renaming,
  ],
};

describe.runIf(needs("posix")).each(forms)("every call fails with every errno, $form", (form) => {
  it.each(scenarios)("A24: $name", async (scenario) => {
    expect(await sweepScenario(scenario, form)).toBeGreaterThan(150);
  });

  it.runIf(needs("root"))(`A24: ${foreign.name}`, async () => {
    expect(await sweepScenario(foreign, form)).toBeGreaterThan(150);
  });
});
