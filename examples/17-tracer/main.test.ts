import { spawn } from "node:child_process";
import { once } from "node:events";
import * as nodeFs from "node:fs";
import { mkdtemp, readFile, readdir, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setImmediate as turn } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import {
  and,
  assertPassed,
  exploreSchedules,
  hang,
  injectFaults,
  nth,
  once as onceOnly,
  op,
  path as onPath,
  rule,
  type NodeFileSystem,
  type Report,
  type Scenario,
} from "@holdfast/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { asProgram, withPackages } from "../16-agent-state/as-program.ts";
import * as ours from "./main.ts";
import * as plain from "./plain.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

const main = join(import.meta.dirname, "main.ts");
let folder: string;
let program: string;
beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), "example-17-")));
  await withPackages(folder);
  program = await asProgram(main, join(folder, "main.mjs"));
});
afterAll(() => rm(folder, { recursive: true }));

let inside: string;
let path: string;
beforeEach(async () => {
  inside = await mkdtemp(join(folder, "test-"));
  path = join(inside, "part-p.json");
});

const textOf = (file: string): string => nodeFs.readFileSync(file, "utf8");
const parse = (file: string): unknown => JSON.parse(textOf(file));
function parseIfJson(file: string): unknown {
  try {
    return parse(file);
  } catch {
    return "no JSON";
  }
}
const namesIn = (part: unknown): string[] => (part as ours.Part).spans.map(({ name }) => name);

/**
 * A tracer on the real disk of which one asynchronous call stands still, until `release`: the slow write
 * that everybody has once in a while. Synchronous calls go through, as those of a crash do.
 */
function tracerWithSlow(openTracer: typeof ours.openTracer, when: Parameters<typeof rule>[0]) {
  const slow = rule(when, hang(), onceOnly());
  const { promises } = injectFaults(nodeFs, slow);
  const tracer = openTracer(inside, { id: "p", fileSystem: { ...nodeFs, promises } });
  return { tracer, slow };
}
/** Everything that goes on goes on until nothing changes any more. */
async function settle(tracer: ours.Tracer): Promise<void> {
  await tracer.close();
  await turn();
}

describe.each([
  ["plain", plain],
  ["ours", ours],
])("undisturbed, %s", (_, { openTracer, exportTrace }) => {
  test("a trace is what was recorded, and a crash is in it", async () => {
    const [one, other] = ["one", "other"].map((id) => openTracer(inside, { id }));
    one!.record("a", "begin");
    await one!.flush();
    await one!.snapshot("early");
    one!.record("b", "begin");
    await one!.flush();
    other!.record("c", "begin");
    await other!.flush();
    other!.crash(new Error("out of luck"));
    const part = { sequence: 2, spans: [{ session: "c", name: "begin" }] };
    const trace = await exportTrace(inside);
    expect(trace).toMatchObject({
      one: { sequence: 2 },
      other: { ...part, crash: expect.any(String) as string },
    });
    expect(parse(join(inside, "trace.json"))).toEqual(trace);
    expect(namesIn(parse(join(inside, "early.snapshot.json")))).toEqual(["begin"]);
    await Promise.all([one!.close(), other!.close()]);
  });
});

describe("plain, with a write that is slower than the next one", () => {
  test("a viewer that looks finds nothing, and so does a snapshot", async () => {
    const { tracer, slow } = tracerWithSlow(plain.openTracer, op("write"));
    tracer.record("a", "one");
    await slow.reached();
    expect(textOf(path)).toBe("");
    await tracer.snapshot("early");
    expect(textOf(join(inside, "early.snapshot.json"))).toBe("");
    slow.release();
    await settle(tracer);
  });

  test("the older state lands over the newer one", async () => {
    const { tracer, slow } = tracerWithSlow(plain.openTracer, op("open"));
    tracer.record("a", "one");
    await slow.reached();
    tracer.record("b", "two");
    await vi.waitUntil(() => nodeFs.existsSync(path) && textOf(path).endsWith("}"));
    expect(namesIn(parse(path))).toEqual(["one", "two"]);
    slow.release();
    await settle(tracer);
    expect(namesIn(parse(path))).toEqual(["one"]);
  });

  test("the two are mixed, and it is no JSON", async () => {
    const { tracer, slow } = tracerWithSlow(plain.openTracer, op("write"));
    tracer.record("a", "one");
    await slow.reached();
    tracer.record("b", "two");
    await vi.waitUntil(() => textOf(path).endsWith("}"));
    slow.release();
    await settle(tracer);
    expect(() => parse(path)).toThrow(/after JSON at position/); // and then the rest of the longer one
  });

  test.each([
    [
      "open",
      "the older state lands over it",
      { sequence: 1, spans: [{ session: "a", name: "one" }] },
    ],
    ["write", "the two are mixed", "no JSON"],
  ] as const)("a crash is not the last word: with a slow %s %s", async (call, _, left) => {
    const { tracer, slow } = tracerWithSlow(plain.openTracer, op(call));
    tracer.record("a", "one");
    await slow.reached();
    tracer.crash(new Error("out of luck"));
    expect(parse(path)).toMatchObject({ sequence: 2, crash: "Error: out of luck" });
    slow.release();
    await settle(tracer);
    expect(parseIfJson(path)).toEqual(left);
  });
});

/** With each asynchronous call of one publication standing still in its turn, the first one to the last. */
async function atEachCall(
  work: (tracer: ours.Tracer, release: () => void) => Promise<void>,
): Promise<number> {
  for (let n = 1; ; n++) {
    await rm(path, { force: true });
    const before = ours.openTracer(inside, { id: "p" });
    before.record("a", "zero");
    await before.close();
    const { tracer, slow } = tracerWithSlow(ours.openTracer, and(onPath("**"), nth(n)));
    tracer.record("a", "one");
    const ended = await Promise.race([slow.reached(), tracer.flush().then(() => true)]);
    if (ended === true) {
      await settle(tracer);
      return n - 1;
    }
    await work(tracer, slow.release);
    expect(await readdir(inside)).not.toContainEqual(expect.stringContaining(".tmp"));
  }
}

describe("ours, with any of its calls slower than all that follows", () => {
  test("the file is whole at every moment, and ends as the newest state", async () => {
    const calls = await atEachCall(async (tracer, release) => {
      tracer.record("b", "two");
      for (let i = 0; i < 20; i++) await turn();
      expect([["zero"], ["one"]]).toContainEqual(namesIn(parse(path)));
      const snapshot = tracer.snapshot("early"); // it may need the very flush that stands still
      tracer.record("c", "three");
      release();
      await snapshot;
      expect(namesIn(parse(join(inside, "early.snapshot.json")))).toEqual(["one", "two"]);
      await settle(tracer);
      expect(namesIn(parse(path))).toEqual(["one", "two", "three"]);
    });
    expect(calls).toBeGreaterThan(5);
  });

  test("a crash is the last word", async () => {
    const last = {
      sequence: 2,
      spans: [{ session: "a", name: "one" }],
      crash: "Error: out of luck",
    };
    const calls = await atEachCall(async (tracer, release) => {
      tracer.crash(new Error("out of luck"));
      expect(parse(path)).toEqual(last);
      tracer.record("b", "not any more");
      release();
      await settle(tracer);
      expect(parse(path)).toEqual(last);
    });
    expect(calls).toBeGreaterThan(5);
  });
});

/** Two processes that export at once, each after it has recorded something. */
async function exportingTwice(exporters: readonly (typeof ours.exportTrace)[]): Promise<Report> {
  const part = (sequence: number): string => JSON.stringify({ sequence, spans: [] });
  const scenarios = exporters.map((exportTrace, i): Scenario => ({
    setup(fs: NodeFileSystem) {
      fs.mkdirSync("/traces", { recursive: true });
      for (const id of ["0", "1"]) fs.writeFileSync(`/traces/part-${id}.json`, part(9));
      fs.writeFileSync("/traces/trace.json", "{}");
    },
    async run(fs) {
      await fs.promises.writeFile(`/newer-${i}`, part(10));
      await fs.promises.rename(`/newer-${i}`, `/traces/part-${i}.json`);
      await exportTrace("/traces", fs);
    },
    check(fs, { end }) {
      if (end instanceof Error) throw end;
      const trace = JSON.parse(fs.readFileSync("/traces/trace.json", "utf8")) as ours.Trace;
      const sequences = Object.values(trace).map(({ sequence }) => sequence);
      if (sequences.join() !== "10,10") throw new Error(`the trace has ${sequences.join()}`);
    },
  }));
  return await exploreSchedules(scenarios, {
    maxPreemptions: 2,
    maxSchedules: 1000,
    maxFailures: 10_000,
  });
}

describe("two processes that export, with their calls in every order", () => {
  test("plain: an older state wins, or the trace is no JSON", async () => {
    const report = await exportingTwice([plain.exportTrace, plain.exportTrace]);
    const messages = report.failures.map(({ message }) => message).join("\n");
    expect(messages).toContain("the trace has 9,10");
    expect(messages).toContain("the trace has 10,9");
    expect(messages).toMatch(/after JSON at position/);
  });

  test("ours: it is whole, and has the newest state of both", async () => {
    const copies = ["one", "other"].map(async (name) => {
      const copy = await asProgram(main, join(folder, `${name}.mjs`), "inside");
      return (await import(/* @vite-ignore */ pathToFileURL(copy).href)) as typeof ours;
    });
    const [one, other] = await Promise.all(copies);
    expect(one!.exportTrace).not.toBe(other!.exportTrace);
    const report = await exportingTwice([one!.exportTrace, other!.exportTrace]);
    assertPassed(report, { sampled: "accept" }); // there are too many for all of them
    expect(report.cases).toBeGreaterThan(1000);
  });
});

test("ours: a trace can be exported before there is anything in it", async () => {
  const folder = join(inside, "new");
  expect(await ours.exportTrace(folder)).toEqual({});
  expect(parse(join(folder, "trace.json"))).toEqual({});
});

describe("real processes", () => {
  /** Looks at every file of the trace, as a viewer does, until the processes have ended. */
  async function watch(ended: Promise<unknown>): Promise<number> {
    let over = false;
    let looked = 0;
    void ended.then(() => (over = true));
    const newest = new Map<string, number>();
    while (!over) {
      const names = await readdir(inside);
      for (const name of names.filter((one) => /^[a-z].*\.json$/.test(one))) {
        const found = JSON.parse(await readFile(join(inside, name), "utf8")) as object;
        looked++;
        const parts = (name === "trace.json" ? found : { [name]: found }) as ours.Trace;
        for (const [id, { sequence }] of Object.entries(parts)) {
          const key = `${name} ${id}`;
          expect(sequence).toBeGreaterThanOrEqual(newest.get(key) ?? 0);
          newest.set(key, sequence);
        }
      }
      await turn();
    }
    return looked;
  }

  test("three at once, one of which crashes: always whole, never older, all there in the end", async () => {
    const ends = ["exit", "exit", "crash"].map(async (end) => {
      const child = spawn(process.execPath, [program, inside, "4", end], { stdio: "pipe" });
      const [[code], said] = await Promise.all([once(child, "close"), text(child.stderr)]);
      return { code: code as number, said };
    });
    const allEnded = Promise.allSettled(ends);
    let looked = 0;
    try {
      looked = await watch(allEnded);
    } finally {
      await allEnded; // no process outlives its folder
    }
    expect(looked).toBeGreaterThan(10);
    const codes = (await Promise.all(ends)).map(({ code, said }) => `${code} ${said}`);
    expect(codes).toEqual([
      "0 ",
      "0 ",
      expect.stringMatching(/^1 [^]*session \d has come to harm/),
    ]);

    const parts = Object.values(await ours.exportTrace(inside));
    expect(parts).toHaveLength(3);
    const whole = parts.filter(({ crash }) => crash === undefined);
    expect(whole.map(({ sequence }) => sequence)).toEqual([80, 80]);
    const [crashed] = parts.filter(({ crash }) => crash !== undefined);
    expect(crashed!.crash).toMatch(/^Error: session \d has come to harm$/);
    // The crash is the newest state: the one after the last span.
    expect(crashed!.sequence).toBe(crashed!.spans.length + 1);
    expect(crashed!.spans.at(-1)).toBeDefined();
  });
});
