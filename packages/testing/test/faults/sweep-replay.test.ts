import { describe, expect, it } from "vitest";
import {
  faultModes,
  formatReplay,
  parseReplay,
  type FaultPoint,
} from "../../src/faults/sweep/fault-point.ts";
import { replayFault, sweepFaults } from "../../src/faults/sweep/sweep-faults.ts";
import type { SweepFaultsOptions } from "../../src/faults/sweep/sweep-options.ts";
import type { Scenario } from "../../src/scenario/scenario.ts";
import { careful, saving } from "./saves.ts";

/** Stages, and does not clean up. */
const untidy: Scenario["run"] = (fs) => {
  fs.writeFileSync("/a.tmp", "new");
  fs.renameSync("/a.tmp", "/a");
};

describe("a replay string", () => {
  const points: FaultPoint[] = faultModes.map((mode, at) =>
    mode === "short" ? { mode, index: at + 1, bytes: 4 } : { mode, index: at + 1, errno: "EIO" },
  );

  it("says a case, and is read again", () => {
    expect(formatReplay([])).toBe("faults:none");
    expect(formatReplay(points.slice(3))).toBe("faults:dead-stop:4:EIO+short:5:4");
    expect(parseReplay("faults:none")).toEqual([]);
    for (const point of points) expect(parseReplay(formatReplay([point]))).toEqual([point]);
    expect(parseReplay(formatReplay(points.slice(1, 3)))).toEqual(points.slice(1, 3));
  });

  it.each(
    [
      " faults: crashes:none faults:once-before:0:EIO faults:once-before:1: faults:never:1:EIO",
      "faults:short:1:EIO faults:once-before:x:EIO faults:none+none",
      "faults:once-before:2:EIO+once-before:1:EIO",
      "faults:once-before:1:EIO+once-before:2:EIO+once-before:3:EIO",
    ].flatMap((line) => line.split(" ")),
  )("is refused if no sweep said it: %j", async (text) => {
    await expect(replayFault(saving(careful), text)).rejects.toThrow(
      /replayFault: "replay" must be what a failure of sweepFaults says.*ERR_INVALID_ARG/,
    );
  });
});

describe("replayFault", () => {
  it("shows each failure of a sweep again, alone", async () => {
    const swept = await sweepFaults(saving(untidy), { depth: 2, maxFailures: 1000 });
    expect(swept.failures.length).toBeGreaterThan(20);
    const again = swept.failures.filter((_, at) => at % 5 === 0);
    for (const { error: _, ...failure } of again) {
      const report = await replayFault(saving(untidy), failure.replay);
      expect(report).toMatchObject({ cases: 1, failed: 1, failures: [failure] });
      expect(report).toMatchObject({ exhaustive: false, limits: ["only one case was run again"] });
    }
  });

  it("shows a case that is right as right", async () => {
    const report = await replayFault(saving(careful), "faults:once-before:3:EIO+dead-stop:4:EIO");
    expect(report).toMatchObject({ cases: 1, failed: 0, failures: [] });
    expect(await replayFault(saving(careful), "faults:none")).toMatchObject({
      cases: 1,
      failed: 0,
    });
  });

  it("throws if the run does not come so far", async () => {
    await expect(replayFault(saving(careful), "faults:once-before:99:EIO")).rejects.toThrow(
      "the run does not come to call 99",
    );
  });
});

describe("options that are refused", () => {
  it.each([
    [{ depth: 3 }, RangeError],
    [{ settleMs: 0 }, RangeError],
    [{ modes: [] }, RangeError],
    [{ modes: ["never"] }, RangeError],
    [{ modes: ["short"], persist: true }, TypeError],
    [{ modes: ["short"], shortIO: true }, TypeError],
    [{ leftovers: "keep" }, TypeError],
    [{ errnos: ["EIO"] }, TypeError],
    [{ errnos: () => ["ENOSUCH"] }, RangeError],
    [{ maxStates: 0 }, RangeError],
    [{ seed: 0.5 }, RangeError],
  ])("%o", async (options, Kind) => {
    const sweep = sweepFaults(saving(careful), options as unknown as SweepFaultsOptions);
    await expect(sweep).rejects.toThrow(Kind);
    await expect(sweep).rejects.toMatchObject({ code: "ERR_INVALID_ARG" });
  });
});
