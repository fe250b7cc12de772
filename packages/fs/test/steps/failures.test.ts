import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { faultyFileSystem } from "../../../atomic/test/support/faulty-file-system.ts";
import { tempDir } from "../../../atomic/test/support/temp-dir.ts";
import { HoldfastError, isHoldfastError, Refusal } from "../../src/errors/holdfast-error.ts";
import { openFlags } from "../../src/node/node-fs.ts";
import { attempt, toPublicError } from "../../src/steps/operation.ts";
import { close, open, rename, stat, unlink } from "../../src/steps/calls.ts";
import { all, wait, type Steps } from "../../src/steps/step.ts";
import { drivers, inAsync, inSync, operationOf, thrownBy } from "../support/run-steps.ts";

const falsy = [undefined, null, 0, "", false, Number.NaN, 0n];

describe.each(falsy.map((value) => [value]))("a thrown %s", (value) => {
  const expected = { ours: true, code: "UNKNOWN", hasCause: true, cause: value };
  const summary = (error: HoldfastError) => ({
    ours: isHoldfastError(error),
    code: error.code,
    hasCause: Object.hasOwn(error, "cause"),
    cause: error.cause,
  });
  const throwIt = (): never => {
    throw value;
  };

  it.each(drivers)("by an injected call, in %s, is the cause of the error", async (_, run) => {
    const fileSystem = { renameSync: throwIt, promises: { rename: throwIt } };
    expect(summary(await thrownBy(run(() => rename("a", "b"), { fileSystem })))).toStrictEqual(
      expected,
    );
  });

  it("by an injected promise", async () => {
    // oxlint-disable-next-line prefer-promise-reject-errors -- that is what is tested
    const fileSystem = { promises: { rename: () => Promise.reject(value) } };
    expect(summary(await thrownBy(inAsync(() => rename("a", "b"), { fileSystem })))).toStrictEqual(
      expected,
    );
  });

  it("by a promise that is waited for", async () => {
    // oxlint-disable-next-line prefer-promise-reject-errors -- that is what is tested
    expect(summary(await thrownBy(inAsync(() => wait(Promise.reject(value)))))).toStrictEqual(
      expected,
    );
  });

  it.each(drivers)("by the protocol, in %s", async (_, run) => {
    expect(
      summary(
        await thrownBy(
          run(function* () {
            yield* stat(".");
            throwIt();
          }),
        ),
      ),
    ).toStrictEqual(expected);
    // oxlint-disable-next-line require-yield -- before the first step
    function* atOnce(): Steps<void> {
      throwIt();
    }
    expect(summary(await thrownBy(run(atOnce)))).toStrictEqual(expected);
  });

  it.each(drivers)("is caught by the protocol, in %s, and by `attempt`", async (_, run) => {
    const fileSystem = { renameSync: throwIt, promises: { rename: throwIt } };
    const tried = await run(() => attempt(rename("a", "b")), { fileSystem });
    expect(tried).toEqual({ ok: false, error: value });
  });

  it.each(drivers)("is not replaced by a failure of clean-up, in %s", async (_, run) => {
    const broken = new Error("clean-up");
    const error = await thrownBy(
      run(function* (operation) {
        try {
          yield* stat(".");
          throwIt();
        } finally {
          yield* operation.cleanUp(throwing(broken));
        }
      }),
    );
    expect(summary(error)).toStrictEqual(expected);
    expect(error.suppressed).toEqual([broken]);
  });
});

function* throwing(error: unknown): Steps<void> {
  yield* stat(".");
  throw error;
}

describe.each(drivers)("clean-up, in %s", (_, run) => {
  it("runs once, says whether it succeeded, and never throws", async () => {
    const ends: boolean[] = [];
    const result = await run(function* (operation) {
      ends.push(yield* operation.cleanUp(stat(".")));
      ends.push(yield* operation.cleanUp(throwing(undefined)));
      return operation.suppressed;
    });
    expect(ends).toEqual([true, false]);
    expect(result).toEqual([undefined]);
  });

  it("keeps every failure, in order, and the first error as it was", async () => {
    const [first, second, third] = [new Error("1"), new Error("2"), new Error("3")];
    const error = await thrownBy(
      run(function* (operation) {
        try {
          yield* throwing(first);
        } finally {
          yield* operation.cleanUp(throwing(second));
          yield* operation.cleanUp(throwing(third));
        }
      }),
    );
    expect(error.cause).toBe(first);
    expect(error.suppressed).toEqual([second, third]);
  });

  it("names in `suppressed` only errors that a caller can read", async () => {
    const error = await thrownBy(
      run(function* (operation) {
        try {
          yield* throwing(new Error("first"));
        } finally {
          yield* operation.cleanUp(throwing(new Refusal("ERR_NO_PROGRESS")));
        }
      }),
    );
    expect(error.suppressed).toHaveLength(1);
    expect(error.suppressed[0]).toBeInstanceOf(Error);
    expect(error.suppressed[0]).toMatchObject({ code: "ERR_NO_PROGRESS" });
  });

  it("closes every handle once, whichever call fails", async () => {
    function* protocol(dir: string): Steps<void> {
      const handles: (object | undefined)[] = [];
      try {
        yield* all([
          (function* (): Steps<void> {
            handles[0] = yield* open(join(dir, "a"), openFlags.writeOnly | openFlags.create);
          })(),
          (function* (): Steps<void> {
            handles[1] = yield* open(dir, openFlags.readOnly);
          })(),
        ]);
        yield* stat(dir);
        yield* unlink(join(dir, "a"));
      } finally {
        for (const handle of handles) {
          if (handle !== undefined) yield* attempt(close(handle as never));
        }
      }
    }
    let runs = 0;
    for (let index = 1; ; index++, runs++) {
      const dir = tempDir();
      const faulty = faultyFileSystem({
        plan: (call) => (call.index === index ? { fail: "EIO", when: "before" } : undefined),
      });
      await attemptRun(run(() => protocol(dir), { fileSystem: faulty.fileSystem }));
      expect([index, faulty.openHandles(), faulty.callsOnClosed]).toEqual([index, [], []]);
      if (faulty.injections() === 0) break;
    }
    expect(runs).toBe(6);
  });
});

const attemptRun = async (running: Promise<unknown>): Promise<void> => {
  try {
    await running;
  } catch {
    // what became of the handles is what counts
  }
};

describe("what comes out becomes our error once", () => {
  it.each(drivers)("a failure of the system keeps its fields, in %s", async (_, run) => {
    const missing = join(tempDir(), "none");
    const error = await thrownBy(run(() => rename(missing, "/x"), { dest: "given.txt" }));
    expect(error).toBeInstanceOf(HoldfastError);
    expect(error).toMatchObject({
      name: "HoldfastError",
      code: "ENOENT",
      kind: "system",
      op: "testOperation",
      path: "/the/path",
      dest: "given.txt",
      effect: "none",
      leftovers: [],
      suppressed: [],
      syscall: "rename",
      errno: -2,
      hint: undefined,
    });
    expect(error.cause).toMatchObject({ code: "ENOENT", path: missing, dest: "/x" });
    // The message names the caller's paths, not those of the failed call.
    expect(error.message).toBe(
      'testOperation "/the/path" -> "given.txt": no such file or directory; ' +
        "nothing was changed (ENOENT)",
    );
  });

  it.each(drivers)("a refusal is told by its own words, in %s", async (_, run) => {
    const cause = new Error("why");
    const error = await thrownBy(
      run(function* (operation) {
        operation.effect = "unknown";
        yield* stat(".");
        throw new Refusal("ERR_CHANGED", { problem: "it moved", hint: "Try again.", cause });
      }),
    );
    expect(error).toMatchObject({ code: "ERR_CHANGED", kind: "state", hint: "Try again.", cause });
    expect(error.message).toBe(
      'testOperation "/the/path": it moved; it is not known whether the target was changed ' +
        "(ERR_CHANGED). Try again.",
    );
  });

  // An injected file system may be one of ours: what it did is not what the outer operation did.
  it.each(drivers)("an error of an operation within becomes the cause, in %s", async (_, run) => {
    const inner = new HoldfastError({ code: "EIO", op: "inner", effect: "complete" });
    const error = await thrownBy(run(() => throwing(inner)));
    expect(error).toMatchObject({ code: "EIO", op: "testOperation", effect: "none" });
    expect((error as HoldfastError).cause).toBe(inner);
  });

  it.each(drivers)("misuse that is found late passes as it is, in %s", async (_, run) => {
    const misuse = Object.assign(new RangeError("bad"), { code: "ERR_INVALID_ARG" });
    expect(await thrownBy(run(() => throwing(misuse)))).toBe(misuse);
  });

  it("what is no error at all is UNKNOWN, with the thing as its cause", () => {
    for (const thrown of ["text", 42, Symbol("s"), {}, { code: 7 }, new Error("plain"), () => {}]) {
      const error = toPublicError(thrown, operationOf()) as HoldfastError;
      expect(error).toMatchObject({ code: "UNKNOWN", kind: "system", syscall: undefined });
      expect(error.cause).toBe(thrown);
      expect(error.message).toBe(
        'testOperation "/the/path": the file system failed with something that is not an errno; ' +
          "nothing was changed (UNKNOWN)",
      );
    }
  });

  it("fields of the wrong type are left out", () => {
    const thrown = Object.assign(new Error("x"), { code: "EIO", errno: "5", syscall: 3 });
    expect(toPublicError(thrown, operationOf())).toMatchObject({
      code: "EIO",
      errno: undefined,
      syscall: undefined,
    });
  });

  it("lists are copied: what happens later does not change an error", () => {
    const operation = operationOf();
    operation.leftovers.push("a");
    const error = toPublicError(new Error("x"), operation) as HoldfastError;
    operation.leftovers.push("b");
    operation.suppressed.push("c");
    expect([error.leftovers, error.suppressed]).toEqual([["a"], []]);
  });

  it("an errno that the table does not list is passed on, with Node's words", () => {
    const thrown = Object.assign(new Error("EL2HLT: level 2 halted, read"), {
      code: "EL2HLT",
      errno: -51,
      syscall: "read",
    });
    const error = toPublicError(thrown, operationOf()) as HoldfastError;
    expect(error).toMatchObject({ code: "EL2HLT", kind: "system", errno: -51 });
    expect(error.message).toContain("level 2 halted");
  });

  it("its words cannot bring control characters of a path into the message", () => {
    const thrown = Object.assign(new Error("EL2HLT: level 2 halted, open '/a\n\u001b[2Jb\u202e'"), {
      code: "EL2HLT",
    });
    const error = toPublicError(thrown, operationOf()) as HoldfastError;
    // oxlint-disable-next-line no-control-regex -- they are what must not be there
    expect(error.message).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/);
  });

  it.each([
    ["EDQUOT", -122],
    ["ESTALE", -116],
  ])("%s has its name also where Node only knows the number", async (name, number) => {
    // libuv has no name for it: Node says "Unknown system error -122" (seen on Node 20 to 26).
    for (const run of [inAsync, inSync]) {
      const faulty = faultyFileSystem({ plan: () => ({ fail: name, when: "before" }) });
      const error = await thrownBy(run(() => stat("."), { fileSystem: faulty.fileSystem }));
      expect(error).toMatchObject({ code: name, kind: "system", errno: number, syscall: "stat" });
      expect(error.message).not.toContain("Unknown system error");
    }
  });
});

it.each(drivers)("a failure in %s shows in its stack who waits for it", async (_, run) => {
  async function whoWaits(): Promise<void> {
    await run(() => stat(join(tempDir(), "missing")));
  }
  expect((await thrownBy(whoWaits())).stack).toContain("whoWaits");
});
