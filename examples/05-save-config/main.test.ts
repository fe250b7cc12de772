import { assertPassed, formatReport, replay } from "@holdfast/testing";
import { expect, test } from "vitest";
import { explore, saveConfig, saveConfigDurably, saving } from "./main.ts";

test("the save that everybody writes: the name is on the disk, and the content is not", async () => {
  const report = await explore(saveConfig);
  const [smallest] = report.failures;
  expect(smallest).toMatchObject({
    message: "/config is nothing (0 bytes), which it never was",
    where:
      "power lost after call 4 (rename /config.tmp -> /config), model posix, also in ext4, xfs, btrfs",
  });
  expect(smallest!.calls).toContain("2  write /config.tmp 16           lost");
  const all = report.failures.map(({ message }) => message).join("\n");
  expect(all).toContain("/config is 16 zeros");
  expect(all).toContain("/config has gone back to");
  expect(formatReport(report)).toContain("Exhaustive");
});

test("each failure can be seen again alone", async () => {
  for (const failure of (await explore(saveConfig)).failures) {
    const again = await replay(saving(saveConfig), failure.replay);
    expect(again.cases).toBe(1);
    expect(again.failures.map(({ message }) => message)).toEqual([failure.message]);
  }
});

test("the corrected one passes, whatever the power loss leaves", async () => {
  const report = await explore(saveConfigDurably);
  assertPassed(report); // also that nothing was left out
  expect(report.cases).toBeGreaterThan(5);
});
