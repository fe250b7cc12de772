import { expect } from "vitest";

const most = 30;

/** Fails with what is wrong in plain lines: one table row each, of many the first. */
export function assertNothingWrong(wrong: readonly string[]): void {
  const more = wrong.length > most ? [`… and ${wrong.length - most} more`] : [];
  expect([...wrong.slice(0, most), ...more].join("\n")).toBe("");
}
