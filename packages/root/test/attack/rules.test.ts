/**
 * A rule for a place holds wherever a path leads by the time it is used: somebody swaps a directory for
 * a link to a closed place between any two calls.
 */

import assert from "node:assert/strict";
import { assertPassed, exploreInterference, type Scenario } from "@holdfast/testing";
import { expect, test } from "vitest";
import { openRoot, type FileSystem } from "../../src/index.ts";

const deny = { read: ["closed"], write: ["closed"] };

for (const platform of ["linux", "other"] as const) {
  test(
    `a swap for a link inside opens no closed place (${platform})`,
    { timeout: 120_000 },
    async () => {
      let seen: unknown;
      let attacked = false;
      let failed: { readonly code?: string; readonly effect?: string } = {};
      const scenario: Scenario = {
        setup(fs) {
          for (const name of ["open", "closed"]) {
            fs.mkdirSync(`/root/${name}/deep`, { recursive: true });
            fs.writeFileSync(`/root/${name}/deep/file.txt`, name);
          }
          fs.symlinkSync("closed", "/root/swap");
        },
        async run(fs) {
          attacked = false;
          seen = undefined;
          failed = {};
          await using root = await openRoot("/root", { fileSystem: fs as FileSystem, deny });
          try {
            seen = await root.readFile("open/deep/file.txt", "utf8");
            await root.writeFile("open/deep/file.txt", "written");
          } catch (error) {
            failed = error as typeof failed;
            expect(failed.code).toMatch(/^(ERR_DENIED|ERR_CHANGED)$/);
          }
        },
        check(fs) {
          if (!attacked) assert.equal(seen, "open");
          assert.notEqual(seen, "closed");
          // By identity it can have happened, and is told.
          if (platform === "other" && failed.effect === "unknown") return;
          assert.equal(fs.readFileSync("/root/closed/deep/file.txt", "utf8"), "closed");
        },
      };
      const swap = (fs: Parameters<NonNullable<Scenario["setup"]>>[0]): void => {
        fs.renameSync("/root/open", "/root/spare");
        fs.renameSync("/root/swap", "/root/open");
        fs.renameSync("/root/spare", "/root/swap");
        attacked = true;
      };
      const report = await exploreInterference(scenario, {
        adversaries: [{ name: "link to the closed place", act: swap }],
        moves: 2,
        memory: { platform },
      });
      assertPassed(report, { sampled: "accept" });
      expect(report.landed).toEqual({ "link to the closed place": expect.any(Number) });
    },
  );
}
