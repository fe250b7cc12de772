import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { startChild } from "../children.mjs";
import { ways as counterWays } from "../json/counter-ways.mjs";
import { ways as logWays } from "../json/log-ways.mjs";

export const title =
  "State that processes share: a counter that eight increment, a log that is torn";

const processes = 8;
const times = 50;
const loggers = 3;
const kills = 24;
const startDelayMs = 600; // until all of them are up
const logTurnMs = 250;

const incrementer = fileURLToPath(new URL("../json/incrementer.mjs", import.meta.url));
const logger = fileURLToPath(new URL("../json/logger.mjs", import.meta.url));

export async function play({ folder, terminal }) {
  const parts = [await increment(folder, terminal), await tear(folder, terminal)];
  return {
    tables: parts.map(({ table }) => table),
    held: parts.flatMap(({ held }) => held),
    broken: parts.flatMap(({ broken }) => broken),
  };
}

async function increment(folder, terminal) {
  const results = {};
  for (const [way, { name }] of Object.entries(counterWays)) {
    const work = terminal.work(`${processes} processes, ${times} increments each: ${name}`);
    const file = join(folder, `${way}.json`);
    writeFileSync(file, "0");
    const args = [way, file, String(times), String(Date.now() + startDelayMs)];
    const began = performance.now() + startDelayMs;
    const children = Array.from({ length: processes }, () => startChild(incrementer, args));
    const counts = (await Promise.all(children.map((child) => child.output()))).map(JSON.parse);
    const ms = performance.now() - began;
    const done = counts.reduce((sum, one) => sum + one.done, 0);
    const failed = counts.reduce((sum, one) => sum + one.failed, 0);
    const found = countIn(file);
    const lost = typeof found === "number" ? done - found : done;
    results[way] = { name, done, failed, found, lost, ms };
    work.end(`the counter says ${found}, ${lost} lost`);
  }
  const { update } = results;
  const kept = update.lost === 0 && update.failed === 0 && update.done === processes * times;
  return {
    table: {
      title: `One counter, ${processes} processes, ${times} increments each`,
      rows: [
        ["incremented with", "done", "failed", "the counter says", "lost updates", "ms each"],
        ...Object.values(results).map(({ name, done, failed, found, lost, ms }) => [
          name,
          done,
          failed,
          found,
          lost,
          ms / (processes * times),
        ]),
      ],
      notes: ["failed: what was read was empty, or ended in the middle"],
    },
    ...promise(kept, {
      held: `updateJson: ${processes} processes made ${update.done} increments, and none was lost`,
      broken: `updateJson: ${update.done} increments, ${update.failed} failed, ${update.lost} lost`,
    }),
  };
}

/** What is in the file: a number, or in words what it is instead. */
function countIn(file) {
  const text = readFileSync(file, "utf8");
  try {
    return JSON.parse(text);
  } catch {
    return text === "" ? "nothing" : "no JSON";
  }
}

async function tear(folder, terminal) {
  const work = terminal.work(`${loggers} processes append to one log, and are killed`);
  const results = {};
  for (const [i, [way, { name, read }]] of Object.entries(logWays).entries()) {
    const file = join(folder, `${way}.jsonl`);
    const appended = [];
    for (let round = 0; round < kills / loggers; round++) {
      work.at((i + (round * loggers) / kills) / 2, name);
      const children = Array.from({ length: loggers }, (_, n) =>
        startChild(logger, [way, file, `${round}-${n}`]),
      );
      await Promise.all(children.map((child) => child.firstLine));
      await delay(logTurnMs * (0.5 + Math.random() / 2));
      await Promise.all(children.map((child) => child.kill()));
      appended.push(...children.flatMap((child) => child.lines()));
    }
    const { ids, bad, recovered = 0 } = await read(file);
    const found = new Set(ids);
    const lost = appended.filter((id) => !found.has(id)).length;
    results[way] = { name, appended: appended.length, bad, recovered, lost };
  }
  const { plain, log } = results;
  work.end(`records lost: ${plain.lost} and ${log.lost}`);
  return {
    table: {
      title: `A log that ${loggers} processes append to, ${kills} of them killed in the middle`,
      rows: [
        ["written and read with", "appended", "bad places", "recovered", "lost records"],
        ...Object.values(results).map(({ name, appended, bad, recovered, lost }) => [
          name,
          appended,
          bad,
          recovered,
          lost,
        ]),
      ],
      notes: ["appended: the call had returned. Some records are of 700 kB"],
    },
    ...promise(log.lost === 0 && log.appended > 0, {
      held: `openJsonLog, readJsonLog: all of ${log.appended} records are there after ${kills} kills`,
      broken: `openJsonLog, readJsonLog: ${log.lost} of ${log.appended} records are gone`,
    }),
  };
}

function promise(kept, { held, broken }) {
  return kept ? { held: [held], broken: [] } : { held: [], broken: [broken] };
}
