import { expect, it } from "vitest";
import { exploreCrashes } from "../../src/crash/explore-crashes.ts";

it("what a check does later does not reach the state that is checked next", async () => {
  let late = 0;
  const report = await exploreCrashes({
    run: (fs) => {
      for (const name of ["/a", "/b", "/c"]) fs.writeFileSync(name, name);
    },
    check: async (fs) => {
      for (let turn = 0; turn < 30; turn++) await Promise.resolve();
      if (fs.existsSync("/late")) throw new Error("of another state");
      const write = (turns: number): void => {
        if (turns > 0) return queueMicrotask(() => write(turns - 1));
        fs.writeFileSync("/late", "");
        late++;
      };
      write(20);
    },
  });
  expect(report.failures).toEqual([]);
  expect(report.cases).toBeGreaterThan(10);
  expect(late).toBeGreaterThan(10);
});
