/** Cut off at every call, and every call failing: nothing that is needed goes, and the next one goes on. With HOLDFAST_EXPLORE=1 in all states. */

import { expect, it, vi } from "vitest";
import { exploreCrashes, sweepFaults, type NodeFileSystem, type Scenario } from "@holdfast/testing";
import { close, note, open, snapshotRecord, touch } from "../session/opened.ts";
import { asPort, contentsOf, forgetLocks, provePassed } from "../session/exploring.ts";
import { day, hashesIn, hashesOf, makeOld, pruned, type Disk } from "./stores.ts";

vi.setConfig({ testTimeout: 900_000 });

const store = "/store";
const maxStates = process.env["HOLDFAST_EXPLORE"] === "1" ? 200_000 : 3000;

/**
 * `one`: `s0` (with an object of its own) is to go, `s1` stays. `past` is to go, `live` stays. One object nobody needs
 * any more, one nobody ever did.
 */
async function past(fs: NodeFileSystem): Promise<void> {
  const fileSystem = asPort(fs);
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() - 40 * day });
  try {
    for (const session of ["past", "live"]) {
      const opened = await open(store, { session, fileSystem });
      await note(opened, snapshotRecord("p"));
      await touch(opened, "/w/p", session);
      await close(opened);
    }
  } finally {
    vi.useRealTimers();
  }
  const live = await open(store, { session: "live", fileSystem });
  await note(live, snapshotRecord("q"));
  await close(live);
  const one = await open(store, { fileSystem });
  for (const id of ["s0", "s1"]) {
    await note(one, snapshotRecord(id));
    await touch(one, "/w/a", `before ${id}`);
  }
  await close(one);
  makeOld(`${store}/objects`, day, fs as unknown as Disk);
  makeOld(`${store}/sessions/past`, 40 * day, fs as unknown as Disk);
}

async function prunes(fs: NodeFileSystem): Promise<void> {
  const session = await open(store, { fileSystem: asPort(fs), limits: { maxSnapshots: 1 } });
  try {
    await pruned(session);
  } finally {
    await close(session);
  }
}

const kept = { s1: { "/w/a": "before s1" } };
const all = { s0: { "/w/a": "before s0" }, ...kept };
const whole = { p: { "/w/p": "past" } };

/** Each session is as it was, or without what was to go. */
async function nothingNeededIsGone(fs: NodeFileSystem): Promise<void> {
  forgetLocks(fs, store);
  const one = await contentsOf(fs, store, "one");
  expect([all, kept]).toContainEqual(one);
  expect([whole, {}]).toContainEqual(await contentsOf(fs, store, "past"));
  expect(await contentsOf(fs, store, "live")).toEqual({
    p: { "/w/p": "live" },
    q: { "/w/p": "live" },
  });
}

const scenario: Scenario = {
  setup: past,
  run: prunes,
  async check(fs) {
    await nothingNeededIsGone(fs);
    // The next one goes on to the end. The session that the check has made anew is none that has ended long ago.
    makeOld(`${store}/objects`, day, fs as unknown as Disk);
    await prunes(fs);
    const left = hashesIn(store, fs as unknown as Disk);
    expect(left.filter((hash) => !hashesOf("past").includes(hash))).toEqual(
      hashesOf("before s1", "live"),
    );
    expect(fs.existsSync(`${store}/aside`) ? fs.readdirSync(`${store}/aside`) : []).toEqual([]);
  },
};

it("a power cut at every moment", async () => {
  const report = await exploreCrashes(scenario, { seed: 1, maxStates });
  provePassed(report, 500);
});

it("every call fails, in every way", async () => {
  const report = await sweepFaults(
    {
      setup: past,
      run: prunes,
      check: (fs) => nothingNeededIsGone(fs),
    },
    { leftovers: "allow", errnos: () => ["EIO", "ENOSPC"], maxStates },
  );
  provePassed(report, 300);
});
