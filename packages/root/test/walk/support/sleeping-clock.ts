import { onTestFinished, vi } from "vitest";

/** Longer ones are those of a watchdog, and stay real. */
const longestSleep = 3000;

// Not on a whole second, which would look like the stamp of a coarse clock.
const start = Date.UTC(2026, 0, 1) + 123;
let now = start;

/** What has been done until now is so many milliseconds ago. */
export function passTime(ms: number): void {
  now += ms;
  if (now % 1000 === 0) now++;
}

/**
 * Time passes only by sleeping, and sleeping takes no time: a program makes the same calls in every run,
 * if each begins with what is old: {@link passTime}.
 * Until the test is over.
 */
export function useSleepingClock(): void {
  const { setTimeout: real } = globalThis;
  now = start;
  const sleep = (then: () => void, ms = 0, ...rest: []): unknown => {
    if (ms > longestSleep) return real(then, ms, ...rest);
    return setImmediate(() => {
      passTime(Math.ceil(ms));
      then();
    });
  };
  vi.stubGlobal("setTimeout", sleep);
  const clock = vi.spyOn(Date, "now").mockImplementation(() => now);
  onTestFinished(() => {
    clock.mockRestore();
    vi.unstubAllGlobals();
  });
}
