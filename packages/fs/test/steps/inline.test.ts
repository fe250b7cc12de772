import realFs from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { faultyFileSystem } from "../../../atomic/test/support/faulty-file-system.ts";
import { tempDir } from "../../../atomic/test/support/temp-dir.ts";
import { openFlags } from "../../src/node/node-fs.ts";
import { closeFlushed, fstat, open, rename, stat } from "../../src/steps/calls.ts";
import { isAborted, type Operation } from "../../src/steps/operation.ts";
import { all, commitPoint, inline, wait, type Steps } from "../../src/steps/step.ts";
import { drivers, inAsync, thrownBy } from "../support/run-steps.ts";

function* several(operation: Operation, seen: unknown[]): Steps<string> {
  seen.push(operation.synchronous);
  yield* stat(".");
  seen.push((yield* all([stat("."), stat(".")])).length);
  return "result";
}

describe.each(drivers)("inline steps, in %s", (_, run) => {
  it("give their result, and are synchronous while they run", async () => {
    const seen: unknown[] = [];
    const result = await run(function* (operation) {
      const before = operation.synchronous;
      const inner = yield* inline(several(operation, seen));
      yield* stat(".");
      return [inner, operation.synchronous === before];
    });
    expect(result).toEqual(["result", true]);
    expect(seen).toEqual([true, 2]);
  });

  it("throw into the protocol, falsy values too, and leave it as asynchronous as it was", async () => {
    for (const value of [new Error("x"), undefined, 0]) {
      const caught = await run(function* (operation) {
        const before = operation.synchronous;
        try {
          yield* inline(
            (function* (): Steps<void> {
              yield* stat(".");
              throw value;
            })(),
          );
        } catch (error) {
          return [error, operation.synchronous === before];
        }
        return "nothing was thrown";
      });
      expect(caught).toEqual([value, true]);
    }
  });

  it("cannot wait for a promise", async () => {
    const error = await thrownBy(run(() => inline(wait(Promise.resolve(1)))));
    expect(error).toMatchObject({ code: "ERR_INVALID_ARG" });
  });

  it("may hold the commit point", async () => {
    const committed = await run(function* (operation) {
      yield* inline(commitPoint());
      return operation.committed;
    });
    expect(committed).toBe(true);
  });
});

describe("inline steps of an asynchronous run", () => {
  it("let no other code of this thread in between", async () => {
    const order: string[] = [];
    await inAsync(function* () {
      yield* stat(".");
      queueMicrotask(() => order.push("others"));
      process.nextTick(() => order.push("others"));
      yield* inline(several({} as Operation, []));
      order.push("inline is over");
      yield* stat(".");
    });
    expect(order[0]).toBe("inline is over");
    expect(order).toHaveLength(3);
  });

  it("use the synchronous half of an injected file system, with handles of the other", async () => {
    const dir = tempDir();
    const faulty = faultyFileSystem();
    const { fileSystem } = faulty;
    realFs.writeFileSync(join(dir, "a"), "abc");
    const used: string[] = [];
    const size = await inAsync(
      function* () {
        const handle = yield* open(join(dir, "a"), openFlags.readOnly);
        const { size: bytes } = yield* inline(
          (function* () {
            yield* rename(join(dir, "a"), join(dir, "b"));
            return yield* fstat(handle);
          })(),
        );
        yield* closeFlushed(handle);
        return bytes;
      },
      {
        fileSystem: {
          ...fileSystem,
          fstatSync: (...args) => (used.push("fstatSync"), fileSystem.fstatSync!(...args)),
          renameSync: (...args) => (used.push("renameSync"), fileSystem.renameSync!(...args)),
        },
      },
    );
    expect(size).toBe(3n);
    expect(used).toEqual(["renameSync", "fstatSync"]);
    expect(faulty.openHandles()).toEqual([]);
    expect(faulty.callsOnClosed).toEqual([]);
  });

  it("are not begun if the signal was aborted before, and not interrupted once begun", async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const seen: unknown[] = [];
    const error = await thrownBy(
      inAsync(
        function* (operation) {
          yield* inline(
            (function* (): Steps<void> {
              controller.abort();
              yield* several(operation, seen);
            })(),
          );
          try {
            yield* inline(several(operation, seen));
          } catch (thrown) {
            seen.push(isAborted(thrown), isAborted(new Error("x")), isAborted(undefined));
            throw thrown;
          }
        },
        { signal },
      ),
    );
    expect(error.code).toBe("ABORT_ERR");
    expect(seen).toEqual([true, 2, true, false, false]);
  });
});
