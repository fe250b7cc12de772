/* oxlint-disable vitest/no-conditional-expect -- what must hold depends on how a run ended */

import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { killAtEveryCall, pauseAtCall } from "../support/kill-at-call.ts";
import { needs } from "../support/needs.ts";
import { tempDir } from "../support/temp-dir.ts";
import { look, stagedIn, writeOldFile, writeSmallTree } from "./trees.ts";

// The package as it is built: what a user's process runs.
const script = `
  const { movePathWithCopyFallback, movePathWithCopyFallbackSync } =
    await import("@holdfast/atomic");
  const source = input.dir + "/from/a";
  const destination = input.dir + "/to/b";
  const refuse = (a, b) => {
    if (a !== source || b !== destination) return;
    throw Object.assign(new Error("EXDEV"), { code: "EXDEV" });
  };
  const { promises: p } = fileSystem;
  const crossing = {
    ...fileSystem,
    renameSync: (a, b) => (refuse(a, b), fileSystem.renameSync(a, b)),
    linkSync: (a, b) => (refuse(a, b), fileSystem.linkSync(a, b)),
    promises: { ...p, rename: async (a, b) => (refuse(a, b), p.rename(a, b)),
      link: async (a, b) => (refuse(a, b), p.link(a, b)) },
  };
  report(await movePathWithCopyFallback({ source, destination, fileSystem: crossing }));
`;

function prepare(kind: string, dir: string): void {
  for (const name of ["from", "to"]) mkdirSync(join(dir, name), { recursive: true });
  if (kind === "tree") writeSmallTree(join(dir, "from", "a"));
  else writeOldFile(join(dir, "from", "a"), "whole");
}

describe.runIf(needs("node", "posix"))("A22, A25 the end of the process", () => {
  test.each(["file", "tree"])(
    "killed at any call: the source or the destination of a %s is whole",
    { timeout: 120_000 },
    async (kind) => {
      const model = tempDir();
      prepare(kind, model);
      const whole = look(join(model, "from", "a"));
      const kills = await killAtEveryCall({
        script,
        prepare: (dir) => prepare(kind, dir),
        check: (dir, { stopped }) => {
          const source = look(join(dir, "from", "a"));
          const destination = look(join(dir, "to", "b"));
          const isThere = JSON.stringify(destination) === JSON.stringify(whole);
          const isHere = JSON.stringify(source) === JSON.stringify(whole);
          expect(isHere || isThere).toBe(true);
          // Whole, absent, or the empty directory that a tree is put over.
          if (!isThere) expect(destination?.length ?? 1).toBe(1);
          if (!stopped) expect(isThere && source === undefined).toBe(true);
          expect(stagedIn(join(dir, "from"), join(dir, "to")).length).toBeLessThanOrEqual(1);
        },
      });
      expect(kills).toBeGreaterThan(10);
    },
  );

  test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
    "%s during the copy of a file: removed, and the process ends by it",
    async (signal) => {
      const dir = tempDir();
      prepare("file", dir);
      // Calls that change something: open, write, fchmod, futimes, fsync, link.
      const paused = await pauseAtCall({ script, input: { dir }, at: 3 });
      expect(stagedIn(join(dir, "to"))).toHaveLength(1);
      const ended = await paused.end(signal);
      expect(ended.signal).toBe(signal);
      expect(stagedIn(join(dir, "to"))).toEqual([]);
      expect(existsSync(join(dir, "from", "a"))).toBe(true);
      expect(existsSync(join(dir, "to", "b"))).toBe(false);
    },
  );
});
