import { expect, it } from "vitest";
import { settled } from "../../src/faults/sweep/settling.ts";

const never = new Promise<never>(() => {});

it("a run that goes on making calls is waited for, however long it takes", async () => {
  let looks = 0;
  let end: (value: string) => void = () => {};
  const run = new Promise<string>((resolve) => {
    end = resolve;
  });
  const made = (): number => {
    if (++looks === 5) end("done");
    return looks; // one more at each look
  };
  expect(await settled(run, made, { quietMs: 1, givenUp: never })).toBe("done");
  expect(looks).toBe(5);
});

it("a run that makes none is given up, and one that is stopped at once", async () => {
  expect(await settled(never, () => 7, { quietMs: 1, givenUp: never })).toBeUndefined();
  const stopped = settled(never, () => 7, { quietMs: 2 ** 30, givenUp: Promise.resolve() });
  expect(await stopped).toBeUndefined();
});

it("a run that fails, fails", async () => {
  const run = Promise.reject(new Error("of its own"));
  const failing = settled(run, () => 0, { quietMs: 2 ** 30, givenUp: never });
  await expect(failing).rejects.toThrow("of its own");
});

it("leaves no timer behind", async () => {
  const timers = (): number =>
    process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
  const before = timers();
  const options = { quietMs: 2 ** 30, givenUp: never };
  for (let at = 0; at < 50; at++) await settled(Promise.resolve(), () => 0, options);
  await settled(never, () => 0, { quietMs: 2 ** 30, givenUp: Promise.resolve() });
  expect(timers() - before).toBeLessThan(25); // the test runner's own come and go
});
