import { chmodSync, chownSync, linkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { FileSystem } from "../../src/index.ts";
import { nodeError } from "../support/faulty-file-system.ts";
import { needs } from "../support/needs.ts";
import { forms } from "./forms.ts";
import { sweepScenario, type Scenario } from "./sweep.ts";
import { askingWhetherWritable, beginning, existing, writingInPlace } from "./sweep-rules.ts";

const old = "the old content, which is longer";
const existingFile = (dir: string): void => writeFileSync(join(dir, "file"), old);

const busy = (from: unknown, to: unknown): Error =>
  nodeError("EBUSY", "rename", [String(from), String(to)]);

/** The target is a mount point. */
const busyRename = (fileSystem: FileSystem): FileSystem => ({
  ...fileSystem,
  renameSync: (from, to) => {
    throw busy(from, to);
  },
  promises: {
    ...fileSystem.promises,
    rename: async (from, to) => {
      throw busy(from, to);
    },
  },
});

/** The caller may not give files away. */
const noChown = (fileSystem: FileSystem): FileSystem => {
  const promises = fileSystem.promises!;
  const open = promises.open!.bind(promises);
  return {
    ...fileSystem,
    fchownSync: () => {
      throw nodeError("EPERM", "fchown", []);
    },
    promises: {
      ...fileSystem.promises,
      open: async (...args: Parameters<typeof open>) =>
        Object.defineProperty(await open(...args), "chown", {
          value: async () => {
            throw nodeError("EPERM", "fchown", []);
          },
        }),
    },
  };
};

const scenarios: readonly Scenario[] = [
  {
    name: "a rename that is EBUSY",
    old,
    prepare: existingFile,
    wrap: busyRename,
    perform: ({ replace }, options) => replace(options),
    method: "in-place",
    rules: [
      {
        why: "neither is said to be there: it cannot be told what the rename did",
        when: (f) =>
          f.name === "lstat" && f.errno === "ENOENT" && f.mode === "sticky" && f.nth === 1,
        outcome: { code: "EBUSY", effect: "unknown" },
      },
      {
        why: "created exclusively, and so never over the file that is there",
        when: (f) => f.name === "lstat" && f.on === "target" && f.nth === 1 && f.errno === "ENOENT",
        outcome: { code: "EEXIST", effect: "none" },
      },
      ...writingInPlace(1),
      ...existing,
      ...beginning,
    ],
  },
  {
    name: "a file with two names, which are kept",
    old,
    prepare: (dir) => {
      existingFile(dir);
      linkSync(join(dir, "file"), join(dir, "second"));
    },
    perform: ({ replace }, options) => replace({ ...options, hardlinks: "preserve" }),
    method: "in-place",
    rules: [
      {
        why: "a file that is said not to be there has no other names: it is replaced",
        when: (f) => f.name === "lstat" && f.on === "target" && f.nth === 1 && f.errno === "ENOENT",
        outcome: { succeeds: true },
      },
      ...writingInPlace(1),
      ...existing,
      ...beginning,
    ],
  },
];

const foreign: Scenario = {
  name: "a file of another owner, who cannot be given the new one",
  old,
  prepare: (dir) => {
    existingFile(dir);
    chownSync(join(dir, "file"), 54_321, 54_322);
    chmodSync(join(dir, "file"), 0o666);
  },
  wrap: noChown,
  perform: ({ replace }, options) => replace(options),
  method: "in-place",
  rules: [
    {
      why: "a file that is said not to be there has no owner to keep: it is replaced",
      when: (f) => f.name === "lstat" && f.on === "target" && f.nth === 1 && f.errno === "ENOENT",
      outcome: { succeeds: true },
    },
    ...writingInPlace(2),
    ...askingWhetherWritable("in-place"),
    ...existing,
    ...beginning,
  ],
};

describe.runIf(needs("posix")).each(forms)("in place: every call fails, $form", (form) => {
  it.each(scenarios)("A24: $name", async (scenario) => {
    expect(await sweepScenario(scenario, form)).toBeGreaterThan(200);
  });

  it.runIf(needs("root"))(`A24: ${foreign.name}`, async () => {
    expect(await sweepScenario(foreign, form)).toBeGreaterThan(200);
  });
});
