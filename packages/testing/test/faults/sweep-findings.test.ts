/** What a sweep finds: each program with its bug, and without a false word about the right one. */

import { strict as assert } from "node:assert";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { and, nth, op, path } from "../../src/faults/condition.ts";
import { sweepFaults } from "../../src/faults/sweep/sweep-faults.ts";
import type { SweepFaultsOptions } from "../../src/faults/sweep/sweep-options.ts";
import type { Failure } from "../../src/scenario/report.ts";
import type { Scenario } from "../../src/scenario/scenario.ts";
import { careful, carefulPromises, ignoring, oldOrNew, saving, writeAll } from "./saves.ts";

type Run = Scenario["run"];

/** Each failure as `where: message`, the paths of the scenario short. */
async function found(scenario: Scenario, options: SweepFaultsOptions = {}): Promise<string[]> {
  const { failures } = await sweepFaults(scenario, { maxFailures: 1000, ...options });
  return failures.map(({ where, message }) => `${where}: ${message}`);
}

const once: SweepFaultsOptions = { modes: ["once-before"], errnos: () => ["EIO"] };

describe("in a right save", () => {
  it.each([
    ["…Sync", careful],
    ["promises", carefulPromises],
  ])("nothing, with two faults too: %s", async (_, run) => {
    for (const depth of [1, 2] as const) {
      const report = await sweepFaults(saving(run), { depth });
      expect(report).toMatchObject({ failures: [], exhaustive: true });
      expect(report.cases).toBeGreaterThan(depth === 1 ? 50 : 300);
    }
  });

  it("nothing by the rules of other platforms", async () => {
    for (const platform of ["darwin", "win32"] as const) {
      const report = await sweepFaults(saving(careful), { memory: { platform } });
      expect(report).toMatchObject({ failures: [], exhaustive: true });
    }
  });
});

describe("a file that is left open", () => {
  const leaking: Run = (fs) => {
    const fd = fs.openSync("/a", "r");
    fs.fstatSync(fd);
    fs.closeSync(fd);
  };

  it("is found, also of a FileHandle", async () => {
    const check = (): void => {};
    expect(await found({ ...saving(leaking), check }, once)).toEqual([
      "call 2 (fstat /a) fails with EIO, before it takes effect: left open: /a",
    ]);
    const promises: Run = async ({ promises: fs }) => {
      const handle = await fs.open("/a");
      await handle.stat();
      await handle.close();
    };
    expect(await found({ ...saving(promises), check }, once)).toHaveLength(1);
  });

  it("is told to the check, too", async () => {
    const leaks: (readonly string[])[] = [];
    const check: Scenario["check"] = (_, seen) => void leaks.push(seen.leaks);
    await sweepFaults({ ...saving(leaking), check }, once);
    expect(leaks).toEqual([[], [], [], ["/a"], [], []]);
  });

  it("is found without any fault, and then no fault is tried", async () => {
    const run: Run = (fs) => void fs.openSync("/a", "r");
    const report = await sweepFaults({ ...saving(run), check: () => {} });
    expect(report).toMatchObject({ cases: 1, exhaustive: false, failed: 1 });
    expect(report.failures[0]).toMatchObject({
      where: "the run without a fault",
      message: "left open: /a",
      replay: "faults:none",
      size: 0,
    });
  });
});

describe("a descriptor that is used after it was closed", () => {
  it("is found: closed twice", async () => {
    const run: Run = (fs) => {
      const fd = fs.openSync("/a", "r");
      try {
        fs.closeSync(fd);
      } catch (error) {
        ignoring(() => fs.closeSync(fd));
        throw error;
      }
    };
    expect(await found({ ...saving(run), check: () => {} }, once)).toEqual([
      "call 2 (close /a) fails with EIO, before it takes effect: on a closed descriptor: close /a",
    ]);
  });
});

describe("a file that is left behind", () => {
  /** Stages, and does not clean up. */
  const untidy: Run = (fs) => {
    fs.writeFileSync("/a.tmp", "new");
    fs.renameSync("/a.tmp", "/a");
  };

  it("is found", async () => {
    const lines = await found(saving(untidy), once);
    expect(lines).toEqual([
      "call 2 (write /a.tmp 3) fails with EIO, before it takes effect: left behind: /a.tmp",
      "call 3 (close /a.tmp) fails with EIO, before it takes effect: left behind: /a.tmp",
      "call 4 (rename /a.tmp -> /a) fails with EIO, before it takes effect: left behind: /a.tmp",
    ]);
  });

  it("is found in what lasts; and not blamed on a program that is stopped dead", async () => {
    const options = { errnos: () => ["EIO"], modes: ["persistent", "dead-stop"] } as const;
    const lines = await found(saving(untidy), options);
    expect(lines).toHaveLength(3);
    for (const line of lines) expect(line).toContain("persistent: so does every");
  });

  it("is found also if the run says done", async () => {
    const run: Run = (fs) => ignoring(() => void untidy(fs, () => {}));
    const check: Scenario["check"] = (fs) => assert.match(fs.readFileSync("/a", "utf8"), /old|new/);
    expect(await found({ ...saving(run), check }, once)).toHaveLength(3);
  });

  it("may be there if it is allowed", async () => {
    expect(await found(saving(untidy), { ...once, leftovers: "allow" })).toEqual([]);
    expect(await found(saving(untidy), { ...once, leftovers: ["/*.tmp"] })).toEqual([]);
    expect(await found(saving(untidy), { ...once, leftovers: ["/*.log"] })).toHaveLength(3);
  });

  it("may be there if the error tells of it on purpose", async () => {
    const telling =
      (tell: (error: Error) => Error): Run =>
      (fs) => {
        try {
          untidy(fs, () => {});
        } catch (error) {
          throw tell(error as Error);
        }
      };
    const fields = (cause: Error): Error =>
      Object.assign(new Error("x"), { cause, leftovers: ["/a.tmp"] });
    const words = (cause: Error): Error => new Error("look at /a.tmp", { cause });
    const inside = (cause: Error): Error => new AggregateError([fields(cause)], "two");
    const repeating = (cause: Error): Error => new Error(`cannot save: ${cause.message}`);
    for (const tell of [fields, words, inside]) {
      expect(await found(saving(telling(tell)), once)).toEqual([]);
    }
    // It names the file only because the failed call does.
    expect(await found(saving(telling(repeating)), once)).toHaveLength(3);
  });

  it("may be there if it could not be removed", async () => {
    const rm: Run = ({ promises: fs }) =>
      (async () => {
        await fs.mkdir("/work");
        try {
          await fs.writeFile("/work/x", "x");
        } finally {
          await fs.rm("/work", { recursive: true, force: true });
        }
      })();
    const options = { ...once, depth: 2 } as const;
    expect(await found(saving(rm, { check: () => {} }), options)).toEqual([]);
  });

  it("may not be there because a removal failed that had nothing to do with it", async () => {
    // "There is none", before it was made.
    const sweeping: Run = (fs) => {
      try {
        fs.mkdirSync("/lock");
        fs.rmdirSync("/lock");
      } catch (error) {
        ignoring(() => fs.unlinkSync("/note"));
        fs.writeFileSync("/note", "failed");
        throw error;
      }
    };
    const lines = await found(saving(sweeping, { check: () => {} }), once);
    expect(lines.filter((line) => line.endsWith("left behind: /note"))).toHaveLength(2);
    // Before anything was injected.
    const trying: Run = (fs) => {
      ignoring(() => fs.rmdirSync("/work"));
      fs.writeFileSync("/work/x", "x");
      fs.unlinkSync("/work/x");
    };
    const setup: Scenario["setup"] = (fs) => {
      fs.mkdirSync("/work");
      fs.writeFileSync("/work/before", "");
    };
    expect(await found({ setup, run: trying, check: () => {} }, once)).toEqual([
      "call 3 (write /work/x 1) fails with EIO, before it takes effect: left behind: /work/x",
      "call 4 (close /work/x) fails with EIO, before it takes effect: left behind: /work/x",
    ]);
  });

  it("may be there if it is in a directory that the error tells of", async () => {
    const run =
      (directory: string, tell: (cause: unknown) => Error): Run =>
      (fs) => {
        fs.mkdirSync("/work-2");
        fs.mkdirSync("/work");
        try {
          fs.writeFileSync(`${directory}/x`, "x");
          fs.rmSync(`${directory}/x`);
        } catch (cause) {
          throw tell(cause);
        }
        fs.rmdirSync("/work");
      };
    const fields = (cause: unknown): Error =>
      Object.assign(new Error("x", { cause }), { leftovers: ["/work", "/work-2/none"] });
    const words = (cause: unknown): Error => new Error("look into /work", { cause });
    const writing: SweepFaultsOptions = {
      modes: ["once-before"],
      errnos: (name) => (name === "write" ? ["EIO"] : []),
    };
    const lines = (directory: string, tell: (cause: unknown) => Error): Promise<string[]> =>
      found(saving(run(directory, tell), { check: () => {} }), writing);
    expect(await lines("/work", fields)).toEqual([]);
    expect(await lines("/work", words)).toEqual([]);
    const [line, ...more] = await lines("/work-2", fields);
    expect(line).toMatch(/left behind: \/work-2\/x$/);
    expect(more).toEqual([]);
  });

  it("may be there if it was made by a call that said it had failed", async () => {
    const run: Run = (fs) => {
      const dir = fs.mkdtempSync("/t-");
      fs.rmdirSync(dir);
    };
    const options = { modes: ["once-after"], errnos: () => ["EIO"] } as const;
    expect(await found(saving(run, { check: () => {} }), options)).toEqual([]);
  });

  it("may be there until the program starts again", async () => {
    const recover: Scenario["recover"] = (fs) => fs.rmSync("/a.tmp", { force: true });
    expect(await found(saving(untidy, { recover }), once)).toEqual([]);
  });

  it("cannot be told from names that are new each time, and the report says so", async () => {
    let count = 0;
    const run: Run = (fs) => fs.writeFileSync(`/a-${++count}`, "new");
    const report = await sweepFaults(saving(run, { check: () => {} }), once);
    expect(report.limits[0]).toMatch(/^leftover files were not looked for/);
    expect(report).toMatchObject({ failed: 0, exhaustive: false });
  });
});

describe("a flush whose failure nobody tells of", () => {
  const flushing =
    (flush: (fs: Parameters<Run>[0], fd: number) => void): Run =>
    (fs) => {
      const fd = fs.openSync("/a", "w");
      try {
        writeAll(fs, fd, "new");
        flush(fs, fd);
      } finally {
        fs.closeSync(fd);
      }
    };
  const swallowing = flushing((fs, fd) => ignoring(() => fs.fsyncSync(fd)));
  const scenario = (run: Run, more?: Partial<Scenario>): Scenario =>
    saving(run, { check: () => {}, ...more });
  const all: SweepFaultsOptions = { modes: ["once-before"] };

  it("is found, if it lost data", async () => {
    const lines = await found(scenario(swallowing), all);
    expect(lines).toEqual(
      ["EIO", "ENOSPC", "EDQUOT"].map(
        (errno) =>
          `call 3 (fsync /a) fails with ${errno}, before it takes effect: ` +
          `swallowed: fsync /a failed with ${errno}; the run says done`,
      ),
    );
  });

  it("is found if it is only called again", async () => {
    const retrying = flushing((fs, fd) => {
      try {
        fs.fdatasyncSync(fd);
      } catch {
        fs.fdatasyncSync(fd);
      }
    });
    expect(await found(scenario(retrying), once)).toEqual([
      "call 3 (fdatasync /a) fails with EIO, before it takes effect: swallowed: fdatasync /a " +
        "failed with EIO and was called again, which says ok and proves nothing; the run says done",
    ]);
    const reopening = flushing((fs, fd) => {
      try {
        fs.fsyncSync(fd);
      } catch {
        const other = fs.openSync("/a", "r+");
        fs.fsyncSync(other);
        fs.closeSync(other);
      }
    });
    expect(await found(scenario(reopening), once)).toHaveLength(1);
  });

  it("is found if the file is renamed afterwards, and in what lasts", async () => {
    const run: Run = (fs) => {
      const fd = fs.openSync("/a.tmp", "w");
      writeAll(fs, fd, "new");
      ignoring(() => fs.fsyncSync(fd));
      fs.closeSync(fd);
      fs.renameSync("/a.tmp", "/a");
    };
    const options = { errnos: () => ["EIO"], leftovers: "allow" } as const;
    const lines = await found(scenario(run), options);
    const swallowed = lines.filter((line) => line.includes("swallowed"));
    expect(swallowed.map((line) => line.split(":")[0])).toEqual([
      "call 3 (fsync /a.tmp) fails with EIO, before it takes effect",
      "call 3 (fsync /a.tmp) fails with EIO, persistent",
    ]);
  });

  it("is found of a directory", async () => {
    const run: Run = (fs) => {
      fs.renameSync("/a", "/b");
      const fd = fs.openSync("/", "r");
      ignoring(() => fs.fsyncSync(fd));
      fs.closeSync(fd);
    };
    expect(await found(scenario(run), once)).toEqual([
      "call 3 (fsync /) fails with EIO, before it takes effect: " +
        "swallowed: fsync / failed with EIO; the run says done",
    ]);
  });

  it("is none if it was written anew and flushed, or is gone, or is told", async () => {
    const again = flushing((fs, fd) => {
      try {
        fs.fsyncSync(fd);
      } catch {
        fs.writeSync(fd, "new", 0);
        fs.fsyncSync(fd);
      }
    });
    const anotherFile: Run = (fs) => {
      for (const name of ["/b", "/c"]) {
        const fd = fs.openSync(name, "wx");
        try {
          writeAll(fs, fd, "new");
          fs.fsyncSync(fd);
          fs.closeSync(fd);
          fs.renameSync(name, "/a");
          return;
        } catch {
          fs.closeSync(fd);
          fs.unlinkSync(name);
        }
      }
    };
    // The second has the number of the first, which is gone. Not to flush it is another bug.
    const sameNumber: Run = (fs) => {
      const fd = fs.openSync("/b", "wx");
      ignoring(() => fs.fsyncSync(fd));
      fs.closeSync(fd);
      fs.unlinkSync("/b");
      fs.writeFileSync("/c", "new");
    };
    const told = flushing((fs, fd) => fs.fsyncSync(fd));
    const only = and(op("fsync"));
    for (const run of [again, anotherFile, sameNumber, told]) {
      const lines = await found(scenario(run), {
        modes: ["once-before"],
        errnos: (name) => (only.names.has(name) ? ["EIO"] : []),
      });
      expect(lines).toEqual([]);
    }
  });

  it("is none if the program may ignore it", async () => {
    const ignoredErrors = and(op("fsync"), path("/a"));
    expect(await found(scenario(swallowing), { ...all, ignoredErrors })).toEqual([]);
    const others = and(op("fsync"), path("/b"));
    expect(await found(scenario(swallowing), { ...all, ignoredErrors: others })).toHaveLength(3);
  });
});

describe("what the check insists on", () => {
  it("finds an error that is said after the commit point", async () => {
    const run: Run = (fs, ack) => {
      careful(fs, ack);
      const fd = fs.openSync("/", "r");
      try {
        fs.fsyncSync(fd);
      } finally {
        fs.closeSync(fd);
      }
    };
    const check: Scenario["check"] = (fs, { end }) => {
      if (end !== "done") assert.equal(fs.readFileSync("/a", "utf8"), "old", "failed, and new");
    };
    const lines = await found(saving(run, { check }), once);
    expect(lines.map((line) => line.split(" fails")[0])).toEqual([
      "call 6 (open / r)",
      "call 7 (fsync /)",
      "call 8 (close /)",
    ]);
  });

  it("finds a done that is said before all is written: a short write", async () => {
    const run: Run = (fs) => {
      const fd = fs.openSync("/a", "w");
      try {
        fs.writeSync(fd, "new");
      } finally {
        fs.closeSync(fd);
      }
    };
    const lines = await found(saving(run), { modes: ["short"] });
    expect(lines.map((line) => line.split(":")[0])).toEqual([
      "call 2 (write /a 3) moves 0 bytes only",
      "call 2 (write /a 3) moves 1 byte only",
    ]);
  });

  it("finds a recovery that fails", async () => {
    const recover: Scenario["recover"] = (fs) => fs.unlinkSync("/marker");
    const run: Run = (fs) => fs.writeFileSync("/marker", "");
    const options = { ...once, leftovers: "allow" } as const;
    const lines = await found(saving(run, { recover, check: () => {} }), options);
    expect(lines).toEqual([
      "call 1 (open /marker w) fails with EIO, before it takes effect: recover failed: " +
        "ENOENT: no such file or directory, unlink '/marker'",
    ]);
  });
});

describe("a clean-up that fails", () => {
  /** If the close fails in the handler, the staged file is never removed. */
  const run: Run = (fs) => {
    const fd = fs.openSync("/a.tmp", "wx");
    try {
      writeAll(fs, fd, "new");
    } catch (error) {
      fs.closeSync(fd);
      fs.unlinkSync("/a.tmp");
      throw error;
    }
    try {
      fs.closeSync(fd);
      fs.renameSync("/a.tmp", "/a");
    } catch (error) {
      ignoring(() => fs.unlinkSync("/a.tmp"));
      throw error;
    }
  };

  it("is seen with two faults only", async () => {
    expect(await found(saving(run), once)).toEqual([]);
    expect(await found(saving(run), { ...once, depth: 2 })).toEqual([
      "call 2 (write /a.tmp 3) fails with EIO, before it takes effect; then " +
        "call 3 (close /a.tmp) fails with EIO, before it takes effect: left behind: /a.tmp",
    ]);
  });
});

describe("a run that does not end", () => {
  const quick = { ...once, settleMs: 20 };

  it("is found: it waits for what never comes", async () => {
    const run: Run = async ({ promises: fs }) => {
      try {
        await fs.stat("/a");
      } catch {
        await new Promise(() => {});
      }
    };
    const report = await sweepFaults(saving(run, { check: () => {} }), quick);
    expect(report.failures.map(({ message }) => message)).toEqual([
      "never settled: no call for 20 ms",
    ]);
    expect(report.failures[0]!.state[0]).toBe("the run did not end");
  });

  it("is given up three times at most", async () => {
    const run: Run = async ({ promises: fs }) => {
      for (let at = 0; at < 9; at++) await fs.stat("/a").catch(() => new Promise(() => {}));
    };
    const report = await sweepFaults(saving(run, { check: () => {} }), quick);
    expect(report).toMatchObject({ failed: 3, cases: 4, exhaustive: false });
    expect(report.limits).toEqual(["stopped after 3 runs that never ended"]);
  });

  it("is found: it tries again for ever, in both faces", async () => {
    const waiting: Run = async ({ promises: fs }) => {
      while ((await fs.stat("/a").catch(() => undefined)) === undefined);
    };
    const spinning: Run = (fs) => {
      for (let error: unknown = "none yet"; error !== undefined;) {
        error = undefined;
        try {
          fs.statSync("/a");
        } catch (thrown) {
          error = (thrown as NodeJS.ErrnoException).code;
        }
      }
    };
    for (const run of [waiting, spinning]) {
      const lines = await found(saving(run, { check: () => {} }), {
        modes: ["persistent"],
        errnos: () => ["EIO"],
      });
      expect(lines).toEqual([
        "call 1 (stat /a) fails with EIO, persistent: so does every stat from then on: " +
          "never gives up: stopped after 10010 calls",
      ]);
    }
  });
});

describe("a rejection that nobody handles", () => {
  it("is found, and does not become the test's own", async () => {
    const run: Run = async ({ promises: fs }) => {
      void fs.stat("/a").then(() => fs.stat("/a"));
      await fs.readdir("/");
    };
    const check = (): void => {};
    expect(await found(saving(run, { check }), once)).toEqual([
      "call 1 (stat /a) fails with EIO, before it takes effect: nobody handled a rejection: " +
        "EIO: i/o error, stat '/a'",
      "call 3 (stat /a) fails with EIO, before it takes effect: nobody handled a rejection: " +
        "EIO: i/o error, stat '/a'",
    ]);
    const wrapping: Run = async ({ promises: fs }) => {
      void fs.stat("/a").catch((cause: unknown) => {
        throw new AggregateError([new Error("inside", { cause })], "around");
      });
      await fs.readdir("/");
    };
    expect(await found(saving(wrapping, { check }), once)).toEqual([
      "call 1 (stat /a) fails with EIO, before it takes effect: nobody handled a rejection: around",
    ]);
  });

  describe("that is not of a case", () => {
    const heard: unknown[] = [];
    const listener = (reason: unknown): void => void heard.push(reason);
    let others: NodeJS.UnhandledRejectionListener[] = [];
    beforeEach(() => {
      others = process.listeners("unhandledRejection");
      for (const other of others) process.off("unhandledRejection", other);
      process.on("unhandledRejection", listener);
      heard.length = 0;
    });
    afterEach(() => {
      process.off("unhandledRejection", listener);
      for (const other of others) process.on("unhandledRejection", other);
    });

    it("goes where it went before", async () => {
      const run: Run = async ({ promises: fs }) => {
        void Promise.reject(new Error("of somebody else"));
        await fs.stat("/a");
      };
      const report = await sweepFaults(saving(run, { check: () => {} }), once);
      expect(report.failed).toBe(0);
      // Two runs without a fault, one with, and the one that ends it.
      expect(heard).toHaveLength(4);
      expect(process.listeners("unhandledRejection")).toEqual([listener]);
    });

    it("goes there too if its case is over", async () => {
      const run: Run = async ({ promises: fs }) => {
        void fs.stat("/a").catch(async (error: unknown) => {
          for (let turn = 0; turn < 2; turn++) await new Promise(setImmediate);
          throw error;
        });
        // The sweep goes on meanwhile.
        for (let more = 0; more < 5; more++) await fs.readdir("/");
      };
      const report = await sweepFaults(saving(run, { check: () => {} }), once);
      expect(report.failed).toBe(0);
      for (let turn = 0; turn < 50 && heard.length === 0; turn++) await new Promise(setImmediate);
      expect(heard).toMatchObject([{ code: "EIO", syscall: "stat" }]);
    });
  });
});

describe("a run from which nothing can be learnt", () => {
  it("is a failure: it fails without a fault, or does not use the file system", async () => {
    const failing = await sweepFaults(saving((fs) => fs.statSync("/none"), { check: () => {} }));
    expect(failing.failures.map(({ message }) => message)).toEqual([
      "the run failed without a fault: Error: ENOENT: no such file or directory, stat '/none'",
    ]);
    const idle = await sweepFaults(saving(() => {}, { check: () => {} }));
    expect(idle.failures[0]!.message).toMatch(/^the run made no call through the file system/);
    for (const report of [failing, idle]) {
      expect(report).toMatchObject({ cases: 1, exhaustive: false });
    }
  });
});

describe("a failure", () => {
  it("says all there is to know of its case", async () => {
    const run: Run = (fs) => {
      const fd = fs.openSync("/a", "w");
      try {
        writeAll(fs, fd, "new");
      } finally {
        ignoring(() => fs.closeSync(fd));
      }
    };
    const options = { modes: ["once-before"], errnos: () => ["ENOSPC"] } as const;
    const report = await sweepFaults({ name: "a save in place", ...saving(run) }, options);
    expect(report).toMatchObject({ scenario: "a save in place", explorer: "faults", failed: 1 });
    const { error, ...failure } = report.failures[0] as Failure;
    expect((error as Error).message).toMatch(/^The input did not match/);
    expect(failure).toEqual({
      message: "The input did not match the regular expression /^(old|new)$/. Input: ''",
      where: "call 2 (write /a 3) fails with ENOSPC, before it takes effect",
      calls: ["1  open /a w", "2  write /a 3: injected ENOSPC", "3  close /a"],
      state: [
        "the run threw Error: ENOSPC: no space left on device, write",
        failure.message,
        "the tree found:",
        '  a = ""',
        "the tree before:",
        "  a = old",
      ],
      replay: "faults:once-before:2:ENOSPC",
      size: 1,
    });
  });
});

it("refuses conditions that count where each case begins anew", async () => {
  await expect(sweepFaults(saving(careful), { ignoredErrors: nth(1) })).rejects.toThrow(
    '"ignoredErrors" cannot count',
  );
  expect(oldOrNew).toBeTypeOf("function");
});
