/** How many states a second: `npx vitest bench --run packages/testing/test/crash`. */

import { test } from "vitest";
import type { NodeFileSystem } from "../../src/calls/node-file-system.ts";
import { exploreCrashes } from "../../src/crash/explore-crashes.ts";
import type { Scenario } from "../../src/scenario/scenario.ts";
import { flush, touch } from "./legal-trees.ts";
import { writeNew } from "./recipes.ts";

/** A file that is replaced many times, and a recovery that removes what a crash left behind. */
const replacing = (versions: number): Scenario<number> => ({
  setup: (fs) => fs.writeFileSync("/state", "version 0"),
  run: (fs, ack) => {
    for (let version = 1; version <= versions; version++) {
      writeNew(fs, "/state.tmp", `version ${version}`, "fsyncSync");
      fs.renameSync("/state.tmp", "/state");
      flush(fs, "/");
      ack(version);
    }
  },
  recover: (fs) => {
    if (fs.existsSync("/state.tmp")) fs.unlinkSync("/state.tmp");
  },
  check: checkVersion,
});

function checkVersion(fs: NodeFileSystem, { acks }: { readonly acks: readonly number[] }): void {
  const content = fs.readFileSync("/state", "utf8");
  const version = Number(content.slice("version ".length));
  const last = acks.at(-1) ?? 0;
  if (version !== last && version !== last + 1) throw new Error(`found ${content} after ${last}`);
}

/** The same file replaced three times among others whose names were not flushed. */
const amongOthers: Scenario<number> = {
  ...replacing(3),
  run: (fs, ack) => {
    fs.mkdirSync("/other");
    touch(fs, ...Array.from({ length: 11 }, (_, at) => `/other/${at}`));
    replacing(3).run(fs, ack);
  },
};

async function explore(scenario: Scenario<number>, again: boolean): Promise<void> {
  const c0 = process.cpuUsage().user; const report = await exploreCrashes(scenario, { maxStates: 1e6, seed: 1, again });
  if (report.failed > 0 || !report.exhaustive) throw new Error("not what it should find");
  const { cases, elapsedMs } = report;
  process.stdout.write(`${cases} states, ${Math.round((cases / elapsedMs) * 1000)} a second, ${Math.round(report.cases / (process.cpuUsage().user - c0) * 1e6)} a cpu second\n`);
}

const few = { iterations: 3, warmupIterations: 1, time: 0, warmupTime: 0 };

test("2000 versions of one file", {timeout:60000}, async () => { for (let i = 0; i < 3; i++) await (async () => await explore(replacing(2000), false))(); });
test("the same, recoveries cut off", {timeout:60000}, async () => { for (let i = 0; i < 3; i++) await (async () => await explore(replacing(2000), true))(); });
test("three versions among unflushed names", {timeout:60000}, async () => { for (let i = 0; i < 3; i++) await (async () => await explore(amongOthers, false))(); });
