import { expect, it } from "vitest";
import { atExit } from "../../src/process/at-exit.ts";

it("does every duty, the youngest first, though one of them throws", () => {
  // Somebody else listens too: then the signal is not raised again.
  const other = (): void => {};
  process.on("SIGHUP", other);
  try {
    const done: string[] = [];
    atExit(() => done.push("the oldest"));
    atExit(() => {
      throw new Error("not to be removed");
    });
    atExit(() => done.push("the youngest"));
    expect(() => process.emit("SIGHUP", "SIGHUP")).toThrow("not to be removed");
    expect(done).toEqual(["the youngest", "the oldest"]);
    expect(process.listeners("SIGHUP")).toEqual([other]);
  } finally {
    process.off("SIGHUP", other);
  }
});
