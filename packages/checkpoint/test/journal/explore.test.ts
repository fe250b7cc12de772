/** A journal under power cuts and failing calls: what was acknowledged is there, and nothing seems to be lost. */

import { expect, it, vi } from "vitest";
import { exploreCrashes, sweepFaults, type NodeFileSystem } from "@holdfast/testing";
import { isHoldfastError } from "@holdfast/fs/steps";
import { openJournal, readJournal, type Journal } from "../../src/journal/journal.ts";
import type { JournalEntry, JournalRecord, LookRecord } from "../../src/journal/records.ts";
import { drive } from "../session/opened.ts";
import { asPort, forgetLocks, provePassed } from "../session/exploring.ts";

vi.setConfig({ testTimeout: 900_000 });

const file = "/d/journal.jsonl";

const look = (name: string): LookRecord => ({
  type: "look",
  path: `/w/${name}`,
  cause: "touch",
  turn: "1",
  state: { kind: "absent" },
});

const nameOf = (entry: JournalEntry): string =>
  entry.type === "look" ? entry.path.slice(3) : entry.type;

interface Opened {
  readonly append: (...names: string[]) => Promise<void>;
  readonly rewrite: (...names: string[]) => Promise<void>;
  readonly close: () => Promise<void>;
  readonly journal: Journal;
}

async function opened(fs: NodeFileSystem): Promise<Opened> {
  const settings = { fileSystem: asPort(fs), offload: undefined };
  const port = settings.fileSystem;
  const journal = await drive((operation) => openJournal(operation, file, settings), port);
  const records = (names: readonly string[]): JournalRecord[] => names.map((name) => look(name));
  return {
    journal,
    append: (...names) => drive(() => journal.append(records(names), () => {}), port),
    rewrite: (...names) => drive((operation) => journal.rewrite(operation, records(names)), port),
    close: () => drive(() => journal.close(), port),
  };
}

async function namesIn(fs: NodeFileSystem): Promise<string[]> {
  const settings = { fileSystem: asPort(fs), offload: undefined };
  const entries = await drive(
    (operation) => readJournal(operation, file, settings),
    settings.fileSystem,
  );
  return entries.map((entry) => nameOf(entry));
}

const withFolder = (fs: NodeFileSystem): void => {
  fs.mkdirSync("/d");
};

it("a power cut at every moment", async () => {
  const report = await exploreCrashes<string>(
    {
      setup: withFolder,
      async run(fs, ack) {
        const journal = await opened(fs);
        for (const names of [["a"], ["b", "c", "d"]]) {
          await journal.append(...names);
          for (const name of names) ack(name);
        }
        await journal.rewrite("b", "d");
        ack("rewritten");
        await journal.append("e");
        ack("e");
        await journal.close();
      },
      async recover(fs) {
        forgetLocks(fs, "/d");
        const journal = await opened(fs);
        await journal.append("again");
        await journal.close();
      },
      async check(fs, { acks }) {
        const found = await namesIn(fs);
        const before = found.filter((name) => name !== "again");
        const wasRewritten = acks.includes("rewritten");
        const acked = acks.filter((name) => name.length === 1);
        const old = ["a", "b", "c", "d"];
        const whole = wasRewritten
          ? [
              ["b", "d"],
              ["b", "d", "e"],
            ]
          : [...old.map((_, index) => old.slice(0, index)), old, ["b", "d"]];
        expect(whole).toContainEqual(before);
        if (!wasRewritten && before[0] !== "b") {
          for (const name of acked) expect(before).toContain(name);
        }
        if (acked.includes("e")) expect(before).toContain("e");
      },
    },
    { seed: 1, maxStates: 20_000, again: true },
  );
  provePassed(report, 100);
});

it("every call fails, in every way", async () => {
  const report = await sweepFaults<string>(
    {
      setup: withFolder,
      async run(fs, ack) {
        const journal = await opened(fs);
        let failure: unknown;
        const say = async (what: string, steps: Promise<void>): Promise<void> => {
          try {
            await steps;
            ack(what);
          } catch (error) {
            if (!isHoldfastError(error)) throw error;
            failure ??= error;
            // After that it is not known what is there, until it is read.
            if (error.code === "ERR_POISONED") ack("poisoned");
          }
        };
        await say("+a", journal.append("a"));
        await say("+b", journal.append("b"));
        await say("rewritten", journal.rewrite("x"));
        await say("+c", journal.append("c"));
        await journal.close();
        if (failure !== undefined) throw failure;
      },
      async check(fs, { acks }) {
        if (!fs.existsSync(file)) {
          expect(acks.filter((ack) => ack !== "poisoned")).toEqual([]);
          return;
        }
        const found = await namesIn(fs);
        // What was never acknowledged is no gap, and what was is there, in order.
        expect(found).not.toContain("gap");
        const isRewritten = found.includes("x");
        if (acks.includes("rewritten")) expect(isRewritten).toBe(true);
        const expected = isRewritten ? ["+c"] : ["+a", "+b", "+c"];
        for (const name of expected)
          if (acks.includes(name)) expect(found).toContain(name.slice(1));
        expect(found).toEqual(found.toSorted((a, b) => order.indexOf(a) - order.indexOf(b)));
      },
    },
    { leftovers: "allow", maxStates: 5000 },
  );
  provePassed(report, 100);
});

const order = ["a", "b", "x", "c"];
