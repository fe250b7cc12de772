import { Operation, runAsync, type Steps, wait } from "@holdfast/fs/steps";
import { describe, expect, it } from "vitest";
import { Gate } from "../../src/tracking/gate.ts";
import { Turns } from "../../src/tracking/turns.ts";

/** Somebody who stays inside until told to leave. */
function visitor(log: string[], name: string) {
  let leave!: () => void;
  const told = new Promise<void>((resolve) => (leave = resolve));
  const steps = function* (): Steps<void> {
    log.push(`${name} in`);
    yield* wait(told);
    log.push(`${name} out`);
  };
  return { steps, leave };
}

const run = (steps: Steps<void>, signal?: AbortSignal): Promise<void> =>
  runAsync(steps, new Operation({ op: "test", signal }));
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("gate", () => {
  it("many share it, one is alone, and who came later waits behind him", async () => {
    const gate = new Gate();
    const log: string[] = [];
    const [a, b] = [visitor(log, "a"), visitor(log, "b")];
    const [c, d] = [visitor(log, "c"), visitor(log, "d")];
    const all = [
      run(gate.shared(a.steps)),
      run(gate.shared(b.steps)),
      run(gate.exclusive(c.steps)),
      run(gate.shared(d.steps)),
    ];
    expect(log).toEqual(["a in", "b in"]);
    a.leave();
    await settled();
    expect(log).toEqual(["a in", "b in", "a out"]);
    b.leave();
    await settled();
    expect(log.slice(3)).toEqual(["b out", "c in"]);
    c.leave();
    await settled();
    expect(log.slice(5)).toEqual(["c out", "d in"]);
    d.leave();
    await Promise.all(all);
  });

  it("who gives up waiting does not keep others out", async () => {
    const gate = new Gate();
    const log: string[] = [];
    const [a, c] = [visitor(log, "a"), visitor(log, "c")];
    const first = run(gate.shared(a.steps));
    const aborter = new AbortController();
    const alone = run(gate.exclusive(visitor(log, "b").steps), aborter.signal);
    const later = run(gate.shared(c.steps));
    aborter.abort();
    await expect(alone).rejects.toMatchObject({ code: "ABORT_ERR" });
    await settled();
    expect(log).toEqual(["a in", "c in"]);
    a.leave();
    c.leave();
    await Promise.all([first, later]);
    await run(gate.exclusive(function* () {}));
  });

  it("who fails leaves it open", async () => {
    const gate = new Gate();
    // oxlint-disable-next-line require-yield -- it fails before it does anything
    const failing = gate.exclusive(function* (): Steps<void> {
      throw Object.assign(new Error("no"), { code: "EIO" });
    });
    await expect(run(failing)).rejects.toMatchObject({ code: "EIO" });
    await run(gate.exclusive(function* () {}));
  });
});

describe("turns", () => {
  it("one after the other for each key, in the order of the calls", async () => {
    const turns = new Turns();
    const log: string[] = [];
    const [a, b, c] = [visitor(log, "a"), visitor(log, "b"), visitor(log, "c")];
    const all = [
      run(turns.take("x", a.steps)),
      run(turns.take("x", b.steps)),
      run(turns.take("y", c.steps)),
    ];
    expect(log).toEqual(["a in", "c in"]);
    a.leave();
    await settled();
    expect(log).toEqual(["a in", "c in", "a out", "b in"]);
    b.leave();
    c.leave();
    await Promise.all(all);
  });

  it("who gives up hands on only when those before him have ended", async () => {
    const turns = new Turns();
    const log: string[] = [];
    const [a, c] = [visitor(log, "a"), visitor(log, "c")];
    const first = run(turns.take("x", a.steps));
    const aborter = new AbortController();
    const second = run(turns.take("x", visitor(log, "b").steps), aborter.signal);
    const third = run(turns.take("x", c.steps));
    aborter.abort();
    await expect(second).rejects.toMatchObject({ code: "ABORT_ERR" });
    await settled();
    expect(log).toEqual(["a in"]);
    a.leave();
    await settled();
    expect(log).toEqual(["a in", "a out", "c in"]);
    c.leave();
    await Promise.all([first, third]);
  });
});
