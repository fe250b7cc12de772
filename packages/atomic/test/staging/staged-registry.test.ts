import { afterEach, describe, expect, it, vi } from "vitest";
import { registerStaged, unregisterStaged } from "../../src/staging/staged-registry.ts";
import { needs } from "../support/needs.ts";

// Processes and disks are slow on a busy machine, and nothing here is about time.
vi.setConfig({ testTimeout: 30_000 });

const events = ["exit", "SIGINT", "SIGTERM", "SIGHUP"] as const;
const before = events.map((event) => process.listenerCount(event));
/** How many listeners there are more than before. */
const added = (): string =>
  events.map((event, at) => process.listenerCount(event) - before[at]!).join(" ");

// Vitest runs files in processes of their own: only those have signals.
describe.runIf(needs("posix"))("what is installed on process", () => {
  afterEach(async () => {
    const gone = (): boolean => added() === "0 0 0 0";
    await vi.waitUntil(gone, { timeout: 10_000 }); // throws otherwise
  });

  it("one listener of each kind, however many files there are", () => {
    expect(added()).toBe("0 0 0 0");
    for (const path of ["/a", "/b", "/c"]) registerStaged(path, undefined);
    expect(added()).toBe("1 1 1 1");
    for (const path of ["/a", "/b"]) unregisterStaged(path);
    expect(added()).toBe("1 1 1 1");
    unregisterStaged("/c");
    unregisterStaged("/c");
    unregisterStaged("/never registered");
  });

  it("stays while files come and go, and then goes", async () => {
    for (let n = 0; n < 30; n++) {
      registerStaged(`/${n}`, undefined);
      expect(added()).toBe("1 1 1 1");
      unregisterStaged(`/${n}`);
      await new Promise((resolve) => setTimeout(resolve, n % 3));
    }
  });

  it("stays for one that came before the last look", async () => {
    registerStaged("/first", undefined);
    unregisterStaged("/first");
    registerStaged("/second", undefined);
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(added()).toBe("1 1 1 1");
    unregisterStaged("/second");
  });

  it("comes before listeners that were there, whose `once` would hide them", () => {
    const other = (): void => {};
    process.once("SIGHUP", other);
    registerStaged("/a", undefined);
    expect(process.listeners("SIGHUP").indexOf(other)).toBeGreaterThan(0);
    process.off("SIGHUP", other);
    unregisterStaged("/a");
  });
});
