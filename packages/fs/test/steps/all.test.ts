import { join } from "node:path";
import realFs from "node:fs";
import { describe, expect, it } from "vitest";
import { tempDir } from "../../../atomic/test/support/temp-dir.ts";
import { stat, unlink } from "../../src/steps/calls.ts";
import { all, type Steps } from "../../src/steps/step.ts";
import { attempt } from "../../src/steps/operation.ts";
import { runAsync } from "../../src/steps/run-async.ts";
import { heldFileSystem } from "../support/held-file-system.ts";
import { drivers, inAsync, inSync, nextTurn, operationOf, thrownBy } from "../support/run-steps.ts";

function* answering<T>(value: T, path = "."): Steps<T> {
  yield* stat(path);
  return value;
}

// oxlint-disable-next-line require-yield -- a branch without steps ends before it is waited for
function* atOnce<T>(value: T): Steps<T> {
  return value;
}

function* failing(error: unknown): Steps<never> {
  yield* stat(".");
  throw error;
}

describe.each(drivers)("all, in %s", (_, run) => {
  it("gives the results in the order of the branches", async () => {
    const results = await run(() =>
      all([answering("a"), atOnce(1), answering(null), atOnce(undefined)]),
    );
    expect(results).toEqual(["a", 1, null, undefined]);
  });

  it("of nothing is nothing", async () => {
    expect(await run(() => all([]))).toEqual([]);
  });

  it("nests", async () => {
    const results = await run(() =>
      all([answering(1), all([answering(2), all([]), all([atOnce(3)])]), atOnce(4)]),
    );
    expect(results).toEqual([1, [2, [], [3]], 4]);
  });

  it("throws one failure and keeps the others", async () => {
    const [first, second, third] = [new Error("1"), new Error("2"), new Error("3")];
    const error = await thrownBy(
      run(() => all([failing(first), answering(0), failing(second), failing(third)])),
    );
    const seen = [error.cause, ...error.suppressed];
    expect(new Set(seen)).toEqual(new Set([first, second, third]));
    expect(seen).toHaveLength(3);
  });

  it("lets every branch end before it throws", async () => {
    const ended: string[] = [];
    function* branch(name: string, steps: number): Steps<void> {
      for (let i = 0; i < steps; i++) yield* stat(".");
      ended.push(name);
    }
    let before = -1;
    await thrownBy(
      run(function* () {
        try {
          yield* all([failing(new Error("first")), branch("short", 1), branch("long", 30)]);
        } finally {
          before = ended.length;
        }
      }),
    );
    expect(before).toBe(2);
  });

  it("a failure can be caught, and the protocol goes on", async () => {
    const result = await run(function* () {
      const tried = yield* attempt(all([failing(new Error("x")), answering(1)]));
      return [tried.ok, yield* answering("on")];
    });
    expect(result).toEqual([false, "on"]);
  });

  it("failures that are falsy count as failures", async () => {
    for (const value of [undefined, 0, "", null]) {
      const error = await thrownBy(run(() => all([failing(value), answering(1)])));
      expect(error.code).toBe("UNKNOWN");
      expect(error.cause).toBe(value);
      expect(error.suppressed).toEqual([]);
    }
    const both = await thrownBy(run(() => all([failing(undefined), failing(null)])));
    // Which came first is for the thread pool to say.
    expect(both.suppressed).toHaveLength(1);
    expect(new Set([both.cause, ...both.suppressed])).toEqual(new Set([undefined, null]));
  });

  it("passes on what is thrown before the first step", async () => {
    // oxlint-disable-next-line require-yield -- it never comes to one
    function* throwing(): Steps<void> {
      throw new Error("at once");
    }
    const error = await thrownBy(run(() => all([throwing(), answering(1)])));
    expect((error.cause as Error).message).toBe("at once");
  });
});

describe("all, in the asynchronous driver", () => {
  it("has all branches under way at once", async () => {
    const { fileSystem, made, succeed } = heldFileSystem();
    const running = inAsync(() => all([unlink("a"), unlink("b"), all([unlink("c")])]), {
      fileSystem,
    });
    expect(made).toEqual(["a", "b", "c"]);
    for (const path of ["c", "a", "b"]) await succeed(path);
    expect(await running).toEqual([undefined, undefined, [undefined]]);
  });

  it("the failure that came first in time wins, whichever branch it is of", async () => {
    const { fileSystem, succeed, fail } = heldFileSystem();
    const operation = operationOf({ fileSystem });
    const running = runAsync(all([unlink("a"), unlink("b"), unlink("c")]), operation);
    let over = false;
    const error = thrownBy(running.finally(() => void (over = true)));
    const [late, early] = [new Error("late"), new Error("early")];
    await fail("c", early);
    await fail("a", late);
    expect(over).toBe(false); // one branch is still under way
    await succeed("b");
    expect((await error).cause).toBe(early);
    expect((await error).suppressed).toEqual([late]);
  });

  it("a branch goes on by itself, whatever the others wait for", async () => {
    const { fileSystem, made, succeed } = heldFileSystem();
    function* two(): Steps<void> {
      yield* unlink("b1");
      yield* unlink("b2");
    }
    const running = inAsync(() => all([unlink("a"), two()]), { fileSystem });
    await succeed("b1");
    expect(made).toEqual(["a", "b1", "b2"]);
    await succeed("b2");
    await succeed("a");
    await running;
  });
});

describe("all, in the synchronous driver", () => {
  it("runs one branch after the other; the first failure is that of the first branch", async () => {
    const order: string[] = [];
    function* branch(name: string, fails = false): Steps<void> {
      for (const step of [1, 2]) {
        order.push(`${name}${step}`);
        yield* stat(".");
      }
      if (fails) throw new Error(name);
    }
    const error = await thrownBy(
      inSync(() => all([branch("a"), branch("b", true), branch("c", true)])),
    );
    expect(order).toEqual(["a1", "a2", "b1", "b2", "c1", "c2"]);
    expect((error.cause as Error).message).toBe("b");
    expect(error.suppressed.map((e) => (e as Error).message)).toEqual(["c"]);
  });
});

describe("the stack does not grow", () => {
  const steps = 100_000;

  it("with calls that end at once", async () => {
    function* many(): Steps<number> {
      let n = 0;
      for (let i = 0; i < steps; i++) {
        yield* stat(".");
        n++;
      }
      return n;
    }
    expect(await inAsync(many, { offload: "flushes" })).toBe(steps);
    expect(await inSync(many)).toBe(steps);
  });

  it("with calls that fail at once", async () => {
    const missing = join(tempDir(), "none");
    function* many(): Steps<number> {
      let n = 0;
      for (let i = 0; i < steps / 10; i++) {
        const tried = yield* attempt(stat(missing));
        if (!tried.ok) n++;
      }
      return n;
    }
    expect(await inAsync(many, { offload: "flushes" })).toBe(steps / 10);
  });

  it("with branches that end at once, one after the other and side by side", async () => {
    function* inTurn(): Steps<void> {
      for (let i = 0; i < steps; i++) yield* all([atOnce(1), atOnce(2)]);
    }
    await inAsync(inTurn);
    await inSync(inTurn);
    const wide = Array.from({ length: steps }, (_, i) => atOnce(i));
    expect(await inAsync(() => all(wide))).toHaveLength(steps);
  });

  it("lets the event loop turn where a call goes to the thread pool", async () => {
    let turned = false;
    setImmediate(() => (turned = true));
    await inAsync(() => answering(1));
    await nextTurn();
    expect(turned).toBe(true);
    expect(realFs.existsSync(".")).toBe(true);
  });
});
