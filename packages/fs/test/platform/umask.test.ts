import { describe, expect, it } from "vitest";
import { needs } from "../../../atomic/test/support/needs.ts";
import { runScript } from "../../../atomic/test/support/node-script.ts";
import { currentUmask, readProcFile, readProcLink } from "../../src/node/node-fs.ts";

describe.runIf(needs("posix"))("currentUmask", () => {
  it.each([0o000, 0o002, 0o022, 0o027, 0o077, 0o777])("is the mask of the process: %i", (mask) => {
    const before = process.umask(mask);
    try {
      expect(currentUmask()).toBe(mask);
      // Reading it has not changed it.
      expect(currentUmask()).toBe(mask);
    } finally {
      process.umask(before);
    }
  });

  it("is inherited, and changes with the process", () => {
    const script = `
      const { currentUmask } = await import("@holdfast/fs/steps");
      const seen = [currentUmask()];
      process.umask(0o022);
      seen.push(currentUmask());
      report(seen);`;
    const before = process.umask(0o077);
    try {
      expect(runScript({ script })).toEqual([0o077, 0o022]);
    } finally {
      process.umask(before);
    }
  });

  it.runIf(needs("linux", "node"))("does not set the mask in order to read it", () => {
    const script = `
      const { currentUmask } = await import("@holdfast/fs/steps");
      const umask = process.umask;
      let called = 0;
      process.umask = (...args) => { called++; return umask.apply(process, args); };
      report([currentUmask(), called]);`;
    const before = process.umask(0o013);
    try {
      expect(runScript({ script })).toEqual([0o013, 0]);
    } finally {
      process.umask(before);
    }
  });
});

it("what is not there under /proc is undefined", () => {
  expect(readProcFile("/proc/no-such-file")).toBeUndefined();
  expect(readProcLink("/proc/no-such-link")).toBeUndefined();
});
