import { mkdir, mkdtemp, readFile, readdir, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  assertPassed,
  createMemoryFileSystem,
  exploreCrashes,
  type NodeFileSystem,
  type Scenario,
} from "@holdfast/testing";
import { assertProcessPassed, sweepProcess, type ProcessOutcome } from "@holdfast/testing/process";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { inMountNamespace } from "../../packages/atomic/test/support/in-mount-namespace.ts";
import { needs } from "../../packages/atomic/test/support/needs.ts";
import { asProgram, withPackages } from "./as-program.ts";
import * as ours from "./main.ts";
import * as plain from "./plain.ts";

vi.setConfig({ testTimeout: 240_000, hookTimeout: 60_000 });

let folder: string;
const programs = { ours: "", plain: "" };
beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), "example-16-")));
  await withPackages(folder);
  const here = import.meta.dirname;
  programs.ours = await asProgram(join(here, "main.ts"), join(folder, "main.mjs"));
  programs.plain = await asProgram(join(here, "plain.ts"), join(folder, "plain.mjs"));
});
afterAll(() => rm(folder, { recursive: true }));

let inside: string;
beforeEach(async () => {
  inside = await mkdtemp(join(folder, "test-"));
});

/** What an agent that has been used for a while has: more than a page of it. */
const before: ours.State = {
  settings: { model: "small", approve: "always" },
  conversations: Object.fromEntries(
    Array.from({ length: 100 }, (_, i) => [
      `c${i}`,
      { title: `conversation number ${i}`, lastSaid: "2026-01-01T00:00:00.000Z" },
    ]),
  ),
};
const pending: ours.Delivery = {
  id: "d1",
  to: "operations",
  text: "x".repeat(6000),
  status: "pending",
  attempts: 0,
};
const asText = (value: unknown): string => JSON.stringify(value, undefined, 2);
const message = (text: string): ours.Message => ({ role: "user", text });

async function prepare(dir: string): Promise<void> {
  await mkdir(join(dir, "deliveries"));
  await mkdir(join(dir, "conversations"));
  await writeFile(join(dir, "state.json"), asText(before));
  await writeFile(join(dir, "deliveries/d1.json"), asText(pending));
  await writeFile(join(dir, "conversations/today.jsonl"), '{"role":"user","text":"first"}\n');
}

/** What the next run finds; throws as it would. */
async function nextRun(openAgent: typeof ours.openAgent, dir: string) {
  const agent = await openAgent(dir);
  const messages = await agent.messages("today");
  const { tried, problems } = await agent.deliver(async () => {});
  if (problems.length > 0) throw problems[0];
  await agent.close();
  return { state: agent.state, messages, delivered: tried.map(({ id }) => id) };
}

describe.each([
  ["plain", plain.openAgent],
  ["ours", ours.openAgent],
])("undisturbed, %s", (_, openAgent) => {
  test("what was said and promised is there in the next run", async () => {
    const agent = await openAgent(inside);
    await agent.configure({ model: "large" });
    await agent.say("today", message("hello"));
    await agent.say("today", message("again"));
    const { id } = await agent.promise("operations", "done");
    const failing = await agent.deliver(() => Promise.reject(new Error("no network")));
    expect(failing.tried).toMatchObject([{ id, status: "pending", attempts: 1 }]);
    await agent.close();

    const next = await openAgent(inside);
    expect(next.state.settings).toEqual({ model: "large", approve: "ask" });
    expect(next.state.conversations["today"]?.title).toBe("hello");
    expect(await next.messages("today")).toEqual([message("hello"), message("again")]);
    const { tried } = await next.deliver(async () => {});
    expect(tried).toMatchObject([{ id, status: "delivered", attempts: 2 }]);
    expect((await next.deliver(async () => {})).tried).toEqual([]);
    await next.close();
  });

  test("what cannot be delivered is given up, and kept with the reason", async () => {
    const agent = await openAgent(inside);
    const { id } = await agent.promise("operations", "done");
    const send = (): Promise<void> => Promise.reject(new Error("no network"));
    for (let i = 0; i < 5; i++) await agent.deliver(send);
    const record: unknown = JSON.parse(
      await readFile(join(inside, `deliveries/${id}.json`), "utf8"),
    );
    const error = "Error: no network";
    expect(record).toMatchObject({ status: "failed", attempts: 3, error });
    await agent.close();
  });
});

describe.runIf(needs("node", "posix"))("killed at each of its calls", () => {
  const sweep = (which: "ours" | "plain", check: (outcome: ProcessOutcome) => Promise<void>) =>
    sweepProcess({
      command: (dir) => [process.execPath, programs[which], dir, "y".repeat(6000), "large"],
      verb: "kill",
      prepare,
      check,
      maxFailures: 1000,
    });

  test("plain: the previous version is gone, and the next run does not start", async () => {
    const report = await sweep("plain", async ({ dir }) => {
      JSON.parse(await readFile(join(dir, "state.json"), "utf8"));
    });
    const found = report.failures.map(({ message }) => message).join("\n");
    expect(found).toContain("Unexpected end of JSON input"); // emptied by open(2), and never filled
    expect(found).toMatch(/in JSON at position 4096/); // filled to a page

    const records = await sweep(
      "plain",
      async ({ dir }) => void (await nextRun(plain.openAgent, dir)),
    );
    // One empty record, and no delivery is made any more; a torn line, and no conversation is read.
    expect(records.failed).toBeGreaterThan(report.failed);
  });

  test("ours: the previous version is intact or the new one is there, and promises are kept", async () => {
    const states = new Set<string>();
    const report = await sweep("ours", async ({ dir, exit }) => {
      const onDisk = modelOf(await readFile(join(dir, "state.json"), "utf8"));
      states.add(onDisk);
      const { state, messages, delivered } = await nextRun(ours.openAgent, dir);
      expect(state.conversations).toMatchObject(before.conversations);
      expect(state.settings.approve).toBe("always");
      expect(messages[0]).toEqual(message("first"));
      expect([1, 2]).toContain(messages.length);
      // Sent before the kill, or now; of what the program had promised nothing is missing.
      const promised = /^promised (.*)$/m.exec(exit.stdout)?.[1];
      for (const id of promised === undefined ? ["d1"] : ["d1", promised]) {
        expect(delivered.includes(id) || exit.stdout.includes(`sent ${id} `)).toBe(true);
      }
      const left = [...(await readdir(dir)), ...(await readdir(join(dir, "deliveries")))];
      expect(left.filter((name) => name.startsWith(".holdfast-"))).toEqual([]);
    });
    assertProcessPassed(report);
    expect(report.limits).toEqual([]);
    expect(report.cases).toBeGreaterThan(100);
    expect([...states].toSorted()).toEqual(["large", "small"]);
  });
});

/** What a document says of the model; it must be whole. */
function modelOf(text: string): string {
  const { settings, conversations } = JSON.parse(text) as ours.State;
  expect(conversations).toMatchObject(before.conversations);
  return settings.model;
}

interface Full {
  readonly error: { readonly code: string; readonly effect?: string };
  /** What was on the disk after the failure. */
  readonly text: string;
  /** And after the next change, for which there was room again. */
  readonly next: string;
}

/** Asks for more than the disk has room for, makes room, and asks for less. */
async function fillDisk(
  openAgent: typeof ours.openAgent,
  fs: NodeFileSystem,
  dir: string,
  fill: (fs: NodeFileSystem, ballast: string) => void,
): Promise<Full> {
  const agent = await openAgent(dir, fs);
  fill(fs, `${dir}/ballast`);
  const failure = await agent.configure({ model: "m".repeat(60_000) }).then(
    () => ({ code: "none" }),
    ({ code, effect }: { code: string; effect?: string }) => ({ code, effect }),
  );
  const error = JSON.parse(JSON.stringify(failure)) as Full["error"];
  const text = fs.readFileSync(`${dir}/state.json`, "utf8");
  fs.rmSync(`${dir}/ballast`);
  await agent.configure({ model: "large" });
  await agent.close();
  return { error, text, next: fs.readFileSync(`${dir}/state.json`, "utf8") };
}

const freeBytes = 12 * 1024;
const disks: [string, boolean, (which: "ours" | "plain") => Promise<Full>][] = [
  [
    "a small tmpfs",
    needs("node", "linux", "mount-namespace"),
    async (which) => {
      await prepare(inside);
      return inMountNamespace<Full>({
        mounts: [{ type: "tmpfs", target: join(inside, "disk"), options: "size=512k" }],
        setup: `cp -R ${inside}/state.json ${inside}/deliveries ${inside}/conversations ${inside}/disk/`,
        input: { dir: join(inside, "disk"), program: programs[which] },
        script: `
          import fs from "node:fs";
          const { openAgent } = await import(input.program);
          const fillDisk = ${fillDisk.toString()};
          const fill = (fs, ballast) => {
            const { bavail, bsize } = fs.statfsSync(input.dir);
            fs.writeFileSync(ballast, Buffer.alloc(bavail * bsize - ${freeBytes}));
          };
          report(await fillDisk(openAgent, fs, input.dir, fill));`,
      });
    },
  ],
  [
    "a disk in memory",
    true,
    async (which) => {
      const capacityBytes = 200_000;
      const { fs } = createMemoryFileSystem({ capacityBytes });
      for (const name of ["deliveries", "conversations"])
        fs.mkdirSync(`/agent/${name}`, { recursive: true });
      fs.writeFileSync("/agent/state.json", asText(before));
      return await fillDisk({ ours, plain }[which].openAgent, fs, "/agent", (_, ballast) =>
        fs.writeFileSync(ballast, Buffer.alloc(capacityBytes - asText(before).length - freeBytes)),
      );
    },
  ],
];

for (const [disk, possible, run] of disks) {
  describe.runIf(possible)(`full: ${disk}`, () => {
    beforeEach(() => mkdir(join(inside, "disk")));

    test("plain: the original is destroyed", async () => {
      const { error, text } = await run("plain");
      expect(error.code).toBe("ENOSPC");
      expect(() => JSON.parse(text) as unknown).toThrow(SyntaxError);
      expect(text).toMatch(/"model": "m+$/); // the beginning of what did not fit
    });

    test("ours: the original is preserved, the error says so, and with room it goes on", async () => {
      const { error, text, next } = await run("ours");
      expect(error).toEqual({ code: "ENOSPC", effect: "none" });
      expect(text).toBe(asText(before));
      expect(modelOf(next)).toBe("large");
    });
  });
}

describe("the power goes", () => {
  const small: ours.State = { ...before, conversations: {} };
  const setup = (fs: NodeFileSystem): void => {
    for (const name of ["deliveries", "conversations"])
      fs.mkdirSync(`/agent/${name}`, { recursive: true });
    fs.writeFileSync("/agent/state.json", asText(small));
  };
  const configuring = (openAgent: typeof ours.openAgent): Scenario<string> => ({
    setup,
    async run(fs, ack) {
      const agent = await openAgent("/agent", fs);
      await agent.configure({ model: "large" });
      ack("large");
      await agent.close();
    },
    check(fs, { acks }) {
      const state = JSON.parse(fs.readFileSync("/agent/state.json", "utf8")) as ours.State;
      expect(acks.length === 0 ? ["small", "large"] : acks).toContain(state.settings.model);
    },
  });
  const promising = (openAgent: typeof ours.openAgent): Scenario<string> => ({
    setup,
    async run(fs, ack) {
      const agent = await openAgent("/agent", fs);
      ack((await agent.promise("operations", "done")).id);
      const { problems } = await agent.deliver(async () => {});
      expect(problems).toEqual([]);
      await agent.close();
    },
    check(fs, { acks }) {
      const names = fs.readdirSync("/agent/deliveries").filter((name) => name.endsWith(".json"));
      const ids = names.map((name) => {
        const text = fs.readFileSync(`/agent/deliveries/${name}`, "utf8");
        return (JSON.parse(text) as ours.Delivery).id;
      });
      expect(ids).toEqual(expect.arrayContaining([...acks]));
    },
  });

  const scenarios = [
    ["while it is configured", configuring],
    ["while it promises and delivers", promising],
  ] as const;

  test.each(scenarios)("plain, %s", async (_, scenario) => {
    const { failures } = await exploreCrashes(scenario(plain.openAgent), { maxFailures: 1000 });
    const messages = failures.map(({ message }) => message).join("\n");
    expect(messages).toContain("Unexpected end of JSON input");
    expect(failures.map(({ message }) => message)).toContainEqual(
      expect.stringMatching(/expected \[.*\] to (include|deeply equal)/),
    );
  });

  test.each(scenarios)("ours, %s", async (_, scenario) => {
    const recover = async (fs: NodeFileSystem): Promise<void> => {
      await (await ours.openAgent("/agent", fs)).close();
    };
    const report = await exploreCrashes(
      { ...scenario(ours.openAgent), recover },
      { maxStates: 100_000 },
    );
    assertPassed(report); // also that nothing was left out
    expect(report.cases).toBeGreaterThan(20);
  });
});
