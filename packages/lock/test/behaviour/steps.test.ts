/** The seam for other packages: the lock as steps. */

import { readdirSync, unlinkSync } from "node:fs";
import { inline, Operation, Refusal, runAsync, runSync, type Steps } from "@holdfast/fs/steps";
import { openRoot } from "../../../root/src/index.ts";
import { describe, expect, it } from "vitest";
import { faultyFileSystem } from "../../../atomic/test/support/faulty-file-system.ts";
import { acquireLockSync, tryAcquireLockSync } from "../../src/index.ts";
import {
  acquire,
  type HeldLock,
  holding,
  type LockRequest,
  readLockRequest,
} from "../../src/steps.ts";
import { lockDir, namesIn } from "./lock-dir.ts";

interface Half {
  readonly half: "async" | "sync";
  readonly drive: <T>(make: (operation: Operation) => Steps<T>, signal?: AbortSignal) => Promise<T>;
}

const halves: readonly Half[] = [
  {
    half: "async",
    drive: (make, signal) => {
      const operation = new Operation({ op: "work", path: "p", signal });
      return runAsync(make(operation), operation);
    },
  },
  {
    half: "sync",
    drive: async (make) => {
      const operation = new Operation({ op: "work", path: "p" });
      return runSync(make(operation), operation);
    },
  },
];

// oxlint-disable-next-line require-yield -- steps that make no call
function* none(): Steps<string> {
  return "done";
}

function* nothing(): Steps<string> {
  return yield* inline(none());
}

describe.each(halves)("$half", ({ half, drive }) => {
  const requestFor = (target: string, options: object = {}): LockRequest =>
    readLockRequest("work", target, options, half);

  it("holding: the lock is held meanwhile, and given back", async () => {
    const { dir, target } = lockDir();
    const result = await drive((operation) =>
      holding(operation, requestFor(target), function* (held) {
        yield* held.check(operation);
        expect(held.shared).toBe(false);
        expect(namesIn(dir)).toEqual(["file.lock"]);
        return yield* nothing();
      }),
    );
    expect(result).toBe("done");
    expect(namesIn(dir)).toEqual([]);
  });

  it("holding: what the steps throw comes through, with the effect that they left", async () => {
    const { dir, target } = lockDir();
    const failing = drive((operation) =>
      // oxlint-disable-next-line require-yield -- it throws before it would
      holding(operation, requestFor(target), function* () {
        operation.effect = "partial";
        throw new Refusal("ERR_CHANGED");
      }),
    );
    await expect(failing).rejects.toMatchObject({ code: "ERR_CHANGED", effect: "partial" });
    expect(namesIn(dir)).toEqual([]);
  });

  it("holding: not in time", async () => {
    const { target } = lockDir();
    const other = acquireLockSync(target, { purpose: "long work" });
    const asked = drive((operation) =>
      holding(operation, requestFor(target, { timeoutMs: 0 }), nothing),
    );
    await expect(asked).rejects.toMatchObject(
      half === "sync"
        ? { code: "ERR_LOCK_HELD" }
        : { code: "ERR_LOCK_TIMEOUT", owners: [{ purpose: "long work" }] },
    );
    const tried = await drive((operation) =>
      acquire(operation, requestFor(target, { timeoutMs: 0 })),
    );
    expect(tried).toBeUndefined();
    other.releaseSync();
  });

  it("holding: lost meanwhile", async () => {
    const { target } = lockDir();
    const steps = (operation: Operation, check: boolean): Steps<void> =>
      holding(operation, requestFor(target), function* (held) {
        unlinkSync(`${target}.lock`);
        operation.effect = "complete";
        if (check) yield* held.check(operation);
        else yield* nothing();
      });
    for (const check of [false, true]) {
      await expect(drive((operation) => steps(operation, check))).rejects.toMatchObject({
        code: "ERR_LOCK_LOST",
        effect: "complete",
      });
    }
  });

  it("from exclusive to shared, in one step", async () => {
    const { dir, target } = lockDir();
    await drive((operation) =>
      holding(operation, requestFor(target), function* (held) {
        yield* held.share(operation);
        yield* held.share(operation); // again: nothing
        expect(held.shared).toBe(true);
        yield* held.check(operation);
        expect(readdirSync(dir)).toEqual(["file.lock.shared"]);
        const another = acquireLockSync(target, { shared: true });
        expect(tryAcquireLockSync(target)).toBeUndefined();
        another.releaseSync();
      }),
    );
    expect(namesIn(dir)).toEqual([]);
  });

  it("from exclusive to shared, where it was lost", async () => {
    const { target } = lockDir();
    const asked = drive((operation) =>
      holding(operation, requestFor(target), function* (held) {
        unlinkSync(`${target}.lock`);
        yield* held.share(operation);
      }),
    );
    await expect(asked).rejects.toMatchObject({ code: "ERR_LOCK_LOST" });
  });

  it("one who shares does something alone, if it is alone", async () => {
    const { dir, target } = lockDir();
    const alone: unknown[] = [];
    const work = function* (): Steps<string> {
      // Nobody gets it meanwhile, not even shared.
      expect(tryAcquireLockSync(target, { shared: true })).toBeUndefined();
      return yield* nothing();
    };
    await drive((operation) =>
      holding(operation, requestFor(target, { shared: true }), function* (held: HeldLock) {
        alone.push(yield* held.whileAlone(operation, work()));
        const another = acquireLockSync(target, { shared: true });
        alone.push(yield* held.whileAlone(operation, work()));
        another.releaseSync();
        alone.push(yield* held.whileAlone(operation, work()));
        yield* held.check(operation);
      }),
    );
    expect(alone).toEqual([{ value: "done" }, undefined, { value: "done" }]);
    expect(namesIn(dir)).toEqual([]);
  });

  it("what fails while alone leaves the share as it was", async () => {
    const { target } = lockDir();
    await drive((operation) =>
      holding(operation, requestFor(target, { shared: true }), function* (held) {
        // oxlint-disable-next-line require-yield -- it throws before it would
        const failing = function* (): Steps<void> {
          throw new Refusal("ERR_CHANGED");
        };
        let failed = false;
        try {
          yield* held.whileAlone(operation, failing());
        } catch {
          failed = true;
        }
        expect(failed).toBe(true);
        yield* held.check(operation);
      }),
    );
  });
});

it("an abort while the steps are made: the lock is given back", async () => {
  const { dir, target } = lockDir();
  const abort = new AbortController();
  const asked = halves[0]!.drive(
    (operation) =>
      holding(operation, readLockRequest("work", target, {}, "async"), function* () {
        abort.abort();
        yield* nothing();
      }),
    abort.signal,
  );
  await expect(asked).rejects.toMatchObject({ code: "ABORT_ERR" });
  expect(namesIn(dir)).toEqual([]);
});

it("taken synchronously with an injected file system, given back asynchronously", async () => {
  const { target } = lockDir();
  const faulty = faultyFileSystem();
  const lock = acquireLockSync(target, { fileSystem: faulty.fileSystem });
  await lock.release();
  expect(faulty.openHandles()).toEqual([]);
});

it("in a root: paths are relative to it", async () => {
  const { dir } = lockDir();
  const root = await openRoot(dir);
  const fileSystem = { promises: root.promises };
  const names: string[][] = [];
  const one = async (shared: boolean): Promise<void> => {
    const request = readLockRequest("work", "file", { fileSystem, shared }, "async", "file");
    const operation = new Operation({ op: "work", path: "file", fileSystem });
    const steps = holding(operation, request, function* (held) {
      yield* held.check(operation);
      names.push(namesIn(dir).map((name) => name.replace(/[0-9a-f]{32}/, "NONCE")));
      if (shared) yield* held.whileAlone(operation, nothing());
    });
    await runAsync(steps, operation);
  };
  await one(false);
  await one(true);
  expect(names).toEqual([["file.lock"], ["file.lock.shared", "file.lock.shared/NONCE"]]);
  await Promise.all(Array.from({ length: 12 }, (_, i) => one(i % 3 > 0)));
  await root.close();
});
