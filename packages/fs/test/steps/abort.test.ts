import { getEventListeners } from "node:events";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { faultyFileSystem } from "../../../atomic/test/support/faulty-file-system.ts";
import { needs } from "../../../atomic/test/support/needs.ts";
import { tempDir } from "../../../atomic/test/support/temp-dir.ts";
import { isHoldfastError } from "../../src/errors/holdfast-error.ts";
import { openFlags } from "../../src/node/node-fs.ts";
import { attempt, type Operation } from "../../src/steps/operation.ts";
import { close, fsync, mkdir, open, stat, unlink } from "../../src/steps/calls.ts";
import { all, commitPoint, shielded, sleep, wait, type Steps } from "../../src/steps/step.ts";
import { heldFileSystem } from "../support/held-file-system.ts";
import {
  inAsync,
  inSync,
  nextTurn,
  noting,
  thrownBy,
  type Protocol,
} from "../support/run-steps.ts";

const aborter = () => {
  const controller = new AbortController();
  const reason = new Error("the caller's reason");
  return { signal: controller.signal, reason, abort: () => controller.abort(reason) };
};

/** Runs steps and returns the error with what was called. */
async function abortedRun(protocol: Protocol<unknown>, signal: AbortSignal) {
  const calls: string[] = [];
  const error = await thrownBy(
    inAsync((operation) => noting(calls, protocol(operation)), { signal, dest: "/dest" }),
  );
  return { error, calls };
}

const listeners = (signal: AbortSignal): number => getEventListeners(signal, "abort").length;
const never = new Promise<never>(() => {});

it("what is not waited for any more, because the abort came first, may fail", async () => {
  const unhandled: unknown[] = [];
  const note = (error: unknown): void => void unhandled.push(error);
  process.on("unhandledRejection", note);
  const { signal, abort } = aborter();
  const failing = function* (): Steps<unknown> {
    abort();
    return yield* wait(Promise.reject(new Error("too late")));
  };
  const { error } = await abortedRun(failing, signal);
  await new Promise((resolve) => setTimeout(resolve, 10));
  process.off("unhandledRejection", note);
  expect(error).toMatchObject({ code: "ABORT_ERR" });
  expect(unhandled).toEqual([]);
});

describe("the error of an abort", () => {
  it("is an AbortError with the signal's reason, the caller's names and the operation's effect", async () => {
    const { signal, reason, abort } = aborter();
    const { error } = await abortedRun(function* (operation) {
      operation.effect = "partial";
      operation.leftovers.push("/left");
      yield* stat(".");
      abort();
      yield* stat(".");
    }, signal);
    expect(isHoldfastError(error)).toBe(true);
    expect(error).toMatchObject({
      name: "AbortError",
      code: "ABORT_ERR",
      kind: "state",
      op: "testOperation",
      path: "/the/path",
      dest: "/dest",
      effect: "partial",
      leftovers: ["/left"],
    });
    expect(error.cause).toBe(reason);
    expect(error.message).toBe(
      'testOperation "/the/path" -> "/dest": the operation was aborted by its signal; ' +
        'the target is in between; left behind: "/left" (ABORT_ERR)',
    );
  });

  it('has the effect "none" where nothing was done', async () => {
    const { error } = await abortedRun(() => stat("."), AbortSignal.abort());
    expect(error.effect).toBe("none");
    expect((error.cause as DOMException).name).toBe("AbortError");
  });

  it.each([0, "", null, false])("keeps a reason that is falsy: %j", async (reason) => {
    const { error } = await abortedRun(() => stat("."), AbortSignal.abort(reason));
    expect(Object.hasOwn(error, "cause")).toBe(true);
    expect(error.cause).toBe(reason);
  });

  it("has a time-out's reason as its cause", async () => {
    const { error } = await abortedRun(() => sleep(1e9), AbortSignal.timeout(1));
    expect((error.cause as DOMException).name).toBe("TimeoutError");
  });
});

describe("when it comes", () => {
  it("before the first step: no call is made", async () => {
    const { calls, error } = await abortedRun(
      () => mkdir(join("/no", "such")),
      AbortSignal.abort(),
    );
    expect(error.code).toBe("ABORT_ERR");
    // The protocol asked for the call; the driver did not make it.
    expect(calls).toEqual(["mkdir /no/such"]);
    const faulty = faultyFileSystem();
    const { fileSystem } = faulty;
    await thrownBy(inAsync(() => stat("."), { fileSystem, signal: AbortSignal.abort() }));
    expect(faulty.calls).toEqual([]);
  });

  it("between two steps: the second is not made, and clean-up is, once", async () => {
    const dir = tempDir();
    const { signal, abort } = aborter();
    const faulty = faultyFileSystem({
      plan: ({ name }) => (name === "fsync" ? { act: abort, when: "after" } : undefined),
    });
    let cleanUps = 0;
    const error = await thrownBy(
      inAsync(
        function* (operation) {
          const path = join(dir, "f");
          const handle = yield* open(path, openFlags.writeOnly | openFlags.create);
          try {
            yield* fsync(handle);
            yield* mkdir(join(dir, "never"));
          } finally {
            cleanUps++;
            yield* operation.cleanUp(close(handle));
            yield* operation.cleanUp(unlink(path));
          }
        },
        { fileSystem: faulty.fileSystem, signal },
      ),
    );
    expect(error).toMatchObject({ code: "ABORT_ERR", suppressed: [] });
    expect(cleanUps).toBe(1);
    expect(faulty.calls.map((call) => call.split(" ")[0])).toEqual([
      "open",
      "fsync",
      "close",
      "unlink",
    ]);
    expect(faulty.openHandles()).toEqual([]);
    expect(faulty.callsOnClosed).toEqual([]);
  });

  it("while a call is under way: the call's result is not lost", async () => {
    const { signal, abort } = aborter();
    const { fileSystem, succeed, made } = heldFileSystem();
    let got: unknown = "nothing";
    const running = thrownBy(
      inAsync(
        function* () {
          got = yield* unlink("a");
          yield* unlink("b");
        },
        { fileSystem, signal },
      ),
    );
    abort();
    await succeed("a");
    expect((await running).code).toBe("ABORT_ERR");
    expect(got).toBeUndefined();
    expect(made).toEqual(["a"]);
  });

  it("after the last step: the operation has succeeded", async () => {
    const { signal, abort } = aborter();
    const result = await inAsync(
      function* () {
        yield* stat(".");
        abort();
        return "done";
      },
      { signal },
    );
    expect(result).toBe("done");
  });

  it.each([
    ["sleeping", (): Steps<unknown> => sleep(1e9)],
    ["waiting", (): Steps<unknown> => wait(never)],
    ["sleeping in a branch", (): Steps<unknown> => all([sleep(1e9), stat(".")])],
    ["waiting in two branches", (): Steps<unknown> => all([wait(never), all([sleep(1e9)])])],
  ])("while %s: it ends at once, and nothing listens to the signal any more", async (_, steps) => {
    const { signal, reason, abort } = aborter();
    const running = abortedRun(steps, signal);
    await nextTurn();
    expect(listeners(signal)).toBeGreaterThan(0);
    abort();
    expect((await running).error).toMatchObject({ code: "ABORT_ERR", cause: reason });
    expect(listeners(signal)).toBe(0);
  });

  it.runIf(needs("node"))(
    "while sleeping: no timer is left to keep the process alive",
    async () => {
      const timers = (): number =>
        process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
      const { signal, abort } = aborter();
      const before = timers();
      const running = abortedRun(() => sleep(1e9), signal);
      await nextTurn();
      expect(timers()).toBe(before + 1);
      abort();
      await running;
      expect(timers()).toBe(before);
    },
  );

  it("a promise that was abandoned may fail later: nobody is told", async () => {
    const { signal, abort } = aborter();
    const unhandled: unknown[] = [];
    const listener = (error: unknown): void => void unhandled.push(error);
    process.on("unhandledRejection", listener);
    let reject: (error: unknown) => void = () => {};
    const running = abortedRun(() => wait(new Promise((_, no) => (reject = no))), signal);
    await nextTurn();
    abort();
    expect((await running).error.code).toBe("ABORT_ERR");
    reject(new Error("late"));
    await nextTurn();
    await nextTurn();
    process.off("unhandledRejection", listener);
    expect(unhandled).toEqual([]);
  });

  it("never: nothing listens to the signal afterwards", async () => {
    const { signal } = aborter();
    await inAsync(
      function* () {
        yield* sleep(1);
        yield* wait(Promise.resolve());
        yield* attempt(wait(Promise.reject(new Error("x"))));
      },
      { signal },
    );
    expect(listeners(signal)).toBe(0);
  });

  it("inside a branch: every branch ends first, and what they hold can be cleaned up", async () => {
    const { signal, abort } = aborter();
    const { fileSystem, succeed, made } = heldFileSystem();
    const ended: string[] = [];
    function* branch(name: string): Steps<void> {
      try {
        yield* unlink(`${name}1`);
        yield* unlink(`${name}2`);
      } finally {
        ended.push(name);
      }
    }
    let endedBefore: string[] = [];
    const running = thrownBy(
      inAsync(
        function* (operation) {
          try {
            yield* all([branch("a"), branch("b")]);
          } finally {
            endedBefore = [...ended];
            yield* operation.cleanUp(unlink("clean"));
          }
        },
        { fileSystem, signal },
      ),
    );
    abort();
    await succeed("b1");
    await succeed("a1");
    await succeed("clean");
    expect((await running).code).toBe("ABORT_ERR");
    expect(endedBefore).toEqual(["b", "a"]);
    expect(made).toEqual(["a1", "b1", "clean"]);
  });

  it("goes through `attempt`: it is not a failure of the steps that were tried", async () => {
    const { signal, abort } = aborter();
    const { error, calls } = await abortedRun(function* () {
      yield* attempt(
        (function* (): Steps<void> {
          abort();
          yield* stat("x");
        })(),
      );
      yield* stat("y");
    }, signal);
    expect(error.code).toBe("ABORT_ERR");
    expect(calls).toEqual(["stat x"]);
  });

  it("is thrown into a protocol once: plain clean-up after it runs to its end", async () => {
    const { signal, abort } = aborter();
    let reached = 0;
    const { error } = await abortedRun(function* () {
      try {
        abort();
        yield* stat(".");
      } finally {
        yield* stat(".");
        yield* sleep(1);
        yield* wait(Promise.resolve());
        reached++;
      }
    }, signal);
    expect(error.code).toBe("ABORT_ERR");
    expect(reached).toBe(1);
  });
});

describe("clean-up is not interrupted", () => {
  const cleaning: [string, (made: string[], operation: Operation) => Steps<unknown>][] = [
    ["one step after the other", (made) => marking(made, 3)],
    [
      "asleep",
      function* (made) {
        yield* sleep(2);
        yield* marking(made, 3);
      },
    ],
    [
      "waiting",
      function* (made) {
        yield* wait(nextTurn());
        yield* marking(made, 3);
      },
    ],
    ["in branches", (made) => all([marking(made, 1), marking(made, 2)])],
    ["in branches of branches", (made) => all([all([marking(made, 1)]), all([marking(made, 2)])])],
    ["shielded twice", (made) => shielded(marking(made, 3))],
    [
      "asleep in branches",
      (made) =>
        all([
          marking(made, 2),
          (function* (): Steps<void> {
            yield* sleep(2);
            yield* marking(made, 1);
          })(),
        ]),
    ],
  ];

  function* marking(made: string[], steps: number): Steps<void> {
    for (let i = 0; i < steps; i++) {
      yield* stat(".");
      made.push("step");
    }
  }

  it.each(cleaning)("by an abort that comes while it runs: %s", async (_, steps) => {
    const { signal, abort } = aborter();
    const made: string[] = [];
    const failed = new Error("the first error");
    const { error } = await abortedRun(function* (operation) {
      try {
        yield* stat(".");
        throw failed;
      } finally {
        abort();
        yield* operation.cleanUp(steps(made, operation));
        made.push("end");
      }
    }, signal);
    expect(made).toEqual(["step", "step", "step", "end"]);
    expect(error.cause).toBe(failed);
    expect(error.suppressed).toEqual([]);
    expect(listeners(signal)).toBe(0);
  });

  it.each(cleaning)("by the abort that caused it: %s", async (_, steps) => {
    const { signal, abort } = aborter();
    const made: string[] = [];
    const { error } = await abortedRun(function* (operation) {
      try {
        abort();
        yield* stat(".");
      } finally {
        yield* operation.cleanUp(steps(made, operation));
        made.push("end");
      }
    }, signal);
    expect(made).toEqual(["step", "step", "step", "end"]);
    expect(error).toMatchObject({ code: "ABORT_ERR", suppressed: [] });
  });

  it.each(cleaning)(
    "by an abort that came in a branch, without a shield either: %s",
    async (_, steps) => {
      const { signal, abort } = aborter();
      const made: string[] = [];
      const { error } = await abortedRun(function* (operation) {
        try {
          yield* all([
            (function* (): Steps<void> {
              yield* stat(".");
              abort();
              yield* stat(".");
            })(),
            stat("."),
          ]);
        } finally {
          yield* steps(made, operation);
          made.push("end");
        }
      }, signal);
      expect(made).toEqual(["step", "step", "step", "end"]);
      expect(error.code).toBe("ABORT_ERR");
    },
  );

  it("but once it is over, the signal counts again", async () => {
    const { signal, abort } = aborter();
    const { error, calls } = await abortedRun(function* (operation) {
      yield* operation.cleanUp(
        (function* (): Steps<void> {
          abort();
          yield* stat("shielded");
        })(),
      );
      yield* stat("after");
      yield* stat("never");
    }, signal);
    expect(error.code).toBe("ABORT_ERR");
    expect(calls).toEqual(["stat shielded", "stat after"]);
  });

  it("nor does a shield outlive steps that throw", async () => {
    const { signal, abort } = aborter();
    const { calls } = await abortedRun(function* () {
      yield* attempt(
        shielded(
          (function* (): Steps<void> {
            yield* stat("shielded");
            throw new Error("x");
          })(),
        ),
      );
      abort();
      yield* stat("after");
      yield* stat("never");
    }, signal);
    expect(calls).toEqual(["stat shielded", "stat after"]);
  });
});

describe("several branches that are aborted", () => {
  it("leave nothing in `suppressed`: it is one abort", async () => {
    const { signal, abort } = aborter();
    const running = abortedRun(() => all([sleep(1e9), sleep(1e9), wait(never)]), signal);
    await nextTurn();
    abort();
    const { error } = await running;
    expect(error.code).toBe("ABORT_ERR");
    expect(error.suppressed).toEqual([]);
  });
});

describe("after the commit point the signal is not looked at", () => {
  it.each([
    ["calls", (): Steps<unknown> => stat(".")],
    ["sleep", (): Steps<unknown> => sleep(1)],
    ["wait", (): Steps<unknown> => wait(nextTurn())],
    ["branches", (): Steps<unknown> => all([stat("."), sleep(1), all([stat(".")])])],
  ])("%s", async (_, steps) => {
    const { signal, abort } = aborter();
    const result = await inAsync(
      function* () {
        yield* stat(".");
        yield* commitPoint();
        abort();
        yield* steps();
        yield* stat(".");
        return "committed";
      },
      { signal },
    );
    expect(result).toBe("committed");
    expect(listeners(signal)).toBe(0);
  });

  it("also if the abort comes before, between two steps, and the mark is the next", async () => {
    const { signal, abort } = aborter();
    const result = await inAsync(
      function* () {
        yield* stat(".");
        abort();
        yield* commitPoint();
        yield* stat(".");
        return "committed";
      },
      { signal },
    );
    expect(result).toBe("committed");
  });

  it("a sleep that was begun in another branch before it goes on", async () => {
    const { signal, abort } = aborter();
    const result = inAsync(
      () =>
        all([
          (function* (): Steps<string> {
            yield* commitPoint();
            yield* sleep(1);
            abort();
            return "a";
          })(),
          (function* (): Steps<string> {
            yield* stat(".");
            yield* sleep(5);
            return "b";
          })(),
        ]),
      { signal },
    );
    expect(await result).toEqual(["a", "b"]);
  });
});

it("the synchronous driver has no signal to look at: nothing can abort it while it runs", async () => {
  const result = await inSync(
    function* () {
      yield* stat(".");
      return "done";
    },
    { signal: AbortSignal.abort() },
  );
  expect(result).toBe("done");
});
