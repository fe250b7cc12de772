/** The power goes, in every state that the models of file systems allow. */

import { describe, expect, it, vi } from "vitest";
import { exploreCrashes, type NodeFileSystem, type Scenario } from "@holdfast/testing";
import { contentOf, open, outputsOf, pieces, root, stagedOf, streamed, text } from "./programs.ts";

vi.setConfig({ testTimeout: 600_000 });

async function prove<Ack>(scenario: Scenario<Ack>): Promise<void> {
  // A second cut, at every point of the recovery, takes minutes, and would need checks of its own.
  const report = await exploreCrashes(scenario, { maxStates: 100_000, again: false });
  const told = report.failures
    .slice(0, 3)
    .map(({ message, where, calls, state }) => [message, where, ...calls, ...state].join("\n"));
  expect(told).toEqual([]);
  expect(report.limits).toEqual([]);
  expect(report.cases).toBeGreaterThan(20);
}

/** The boot that the holders were of is over; here it is the same process that asks, and it lives. */
function forgetLocks(fs: NodeFileSystem): void {
  if (!fs.existsSync(root)) return;
  for (const name of fs.readdirSync(root) as string[]) {
    if (name.includes(".lock")) fs.rmSync(`${root}/${name}`, { recursive: true });
  }
}

const withStore = async (fs: NodeFileSystem): Promise<void> => {
  fs.mkdirSync("/d");
  await (await open(fs)).close();
};

describe("a power cut", () => {
  it.each<[string, () => string | Iterable<Buffer>, string]>([
    ["of a string", () => text, text],
    ["of a stream", pieces, streamed],
  ])(
    "an output %s is whole and durable when spill has resolved, and before it absent or whole",
    async (_, data, content) => {
      await prove<string>({
        setup: withStore,
        run: async (fs, ack) => {
          const store = await open(fs);
          const result = await store.spill("x", data());
          if (result.spilled) ack(result.ref);
          await store.close();
        },
        check: (fs, { acks, end }) => {
          const names = outputsOf(fs);
          for (const name of names) expect(contentOf(fs, name)).toBe(content);
          expect(names.length).toBeLessThanOrEqual(1);
          if (acks.length > 0) expect(names).toHaveLength(1);
          if (end === "done") expect(acks).toHaveLength(1);
        },
      });
    },
  );

  it("of the same output again: the one that is there is durable when the second call has resolved", async () => {
    await prove<string>({
      setup: withStore,
      run: async (fs, ack) => {
        const store = await open(fs);
        const other = await open(fs); // as another process: it waits for nobody's turn
        const acked = async (one: typeof store): Promise<void> => {
          if ((await one.spill("x", text)).spilled) ack("kept");
        };
        await Promise.all([acked(store), acked(other)]);
        await other.close();
        await store.close();
      },
      check: (fs, { acks }) => {
        if (acks.length > 0)
          expect(outputsOf(fs).map((name) => contentOf(fs, name))).toEqual([text]);
      },
    });
  });

  it("anywhere: the next one who opens the session finds it in order", async () => {
    await prove<string>({
      setup: (fs) => {
        fs.mkdirSync("/d");
      },
      run: async (fs, ack) => {
        const store = await open(fs);
        const result = await store.spill("x", text);
        if (result.spilled) ack(result.ref);
        await store.close();
      },
      recover: async (fs) => {
        forgetLocks(fs);
        const store = await open(fs);
        const again = await store.spill("x", text);
        fs.writeFileSync("/d/ref", again.spilled ? again.ref : "");
        const { status } = await store.resolve(again.ref ?? "");
        fs.writeFileSync("/d/status", status);
        await store.close();
      },
      check: (fs, { acks }) => {
        expect(stagedOf(fs)).toEqual([]); // what was left is swept
        for (const name of outputsOf(fs)) expect(contentOf(fs, name)).toBe(text);
        expect(outputsOf(fs)).toHaveLength(1);
        if (!fs.existsSync("/d/status")) return; // no power was lost, and nothing recovered
        expect(String(fs.readFileSync("/d/status", "utf8"))).toBe("ok");
        for (const ref of acks) expect(String(fs.readFileSync("/d/ref", "utf8"))).toBe(ref);
      },
    });
  });

  it("while the session is ended: what is left is whole, and ends with the next end", async () => {
    await prove({
      setup: async (fs) => {
        fs.mkdirSync("/d");
        const store = await open(fs);
        await store.spill("x", text);
        await store.spill("y", text);
        await store.close();
      },
      run: async (fs) => {
        const store = await open(fs);
        await store.endSession();
      },
      recover: async (fs) => {
        forgetLocks(fs);
        for (const name of outputsOf(fs)) fs.writeFileSync("/d/seen", contentOf(fs, name));
        const store = await open(fs);
        await store.endSession();
      },
      check: (fs) => {
        if (fs.existsSync("/d/seen")) expect(String(fs.readFileSync("/d/seen", "utf8"))).toBe(text);
        expect(fs.readdirSync(root)).toEqual([]);
      },
    });
  });
});
