import { describe, expect, it, vi } from "vitest";
import { stat } from "../../src/steps/calls.ts";
import { all, sleep, wait, type Steps } from "../../src/steps/step.ts";
import { drivers, inAsync, inSync, nextTurn, thrownBy } from "../support/run-steps.ts";

describe("wait", () => {
  it("gives what the promise gives", async () => {
    const value = await inAsync(function* () {
      const a: string = yield* wait(Promise.resolve("a"));
      const b: number = yield* wait(new Promise<number>((resolve) => setImmediate(resolve, 2)));
      return [a, b];
    });
    expect(value).toEqual(["a", 2]);
  });

  it("throws what the promise throws, into the protocol", async () => {
    const reason = new Error("mine");
    const value = await inAsync(function* () {
      try {
        yield* wait(Promise.reject(reason));
      } catch (error) {
        return error;
      }
      return undefined;
    });
    expect(value).toBe(reason);
  });

  it("takes any thenable, also one that answers at once, and looks at its first answer only", async () => {
    const once = {
      // oxlint-disable-next-line no-thenable -- a thenable that breaks the rules is what is tested
      then(resolve: (value: number) => void, reject: (error: unknown) => void) {
        resolve(1);
        reject(new Error("too late"));
        resolve(2);
      },
    } as unknown as PromiseLike<number>;
    let steps = 0;
    const value = await inAsync(function* () {
      const got = yield* wait(once);
      steps++;
      yield* stat(".");
      return got;
    });
    expect([value, steps]).toEqual([1, 1]);
  });

  it("a thenable that throws instead of answering fails the operation, wherever it comes", async () => {
    const broken = {
      // oxlint-disable-next-line no-thenable -- a thenable that breaks the rules is what is tested
      then() {
        throw new Error("no then");
      },
    } as unknown as PromiseLike<never>;
    const first = await thrownBy(inAsync(() => wait(broken)));
    expect(first).toMatchObject({ name: "HoldfastError", code: "UNKNOWN" });
    let cleanedUp = false;
    const later = await thrownBy(
      inAsync(
        function* () {
          try {
            yield* stat(".");
            yield* wait(broken);
          } finally {
            cleanedUp = true;
          }
        },
        // The call is inline, so that a throw out of the driver reaches this test and not the process.
        { offload: "flushes" },
      ),
    );
    expect(later).toMatchObject({ name: "HoldfastError", code: "UNKNOWN" });
    expect(cleanedUp).toBe(true);
  });

  it("is refused by the synchronous driver, which cleans up and leaves no rejection behind", async () => {
    const unhandled = vi.fn<(reason: unknown) => void>();
    process.on("unhandledRejection", unhandled);
    let cleanedUp = 0;
    const error = await thrownBy(
      inSync(function* () {
        try {
          yield* wait(Promise.reject(new Error("nobody listens")));
        } finally {
          cleanedUp++;
          yield* stat(".");
        }
      }),
    );
    await nextTurn();
    await nextTurn();
    process.off("unhandledRejection", unhandled);
    expect(error).toBeInstanceOf(TypeError);
    expect(error).toMatchObject({ code: "ERR_INVALID_ARG" });
    expect(error.message).toBe(
      "testOperation: a synchronous call cannot wait for a promise (ERR_INVALID_ARG)",
    );
    expect(cleanedUp).toBe(1);
    expect(unhandled).not.toHaveBeenCalled();
  });
});

describe.each(drivers)("sleep, in %s", (_, run) => {
  it("ends, and the protocol goes on", async () => {
    for (const ms of [0, 1, 2.5]) {
      expect(
        await run(function* (): Steps<string> {
          yield* sleep(ms);
          yield* stat(".");
          return "on";
        }),
      ).toBe("on");
    }
  });
});

it("others go on while one branch sleeps", async () => {
  const order: string[] = [];
  await inAsync(() =>
    all([
      (function* (): Steps<void> {
        yield* sleep(5);
        order.push("slept");
      })(),
      (function* (): Steps<void> {
        yield* stat(".");
        order.push("called");
      })(),
    ]),
  );
  expect(order).toEqual(["called", "slept"]);
});
