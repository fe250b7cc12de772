import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { findStagedFiles, sweepStagedFiles } from "@holdfast/atomic";
import { createStateSource, examine } from "../atomic/state-file.mjs";
import { ways } from "../atomic/ways.mjs";
import { startChild } from "../children.mjs";

export const title = "A program that keeps rewriting its state file, and is killed while it does";

const kills = 80;
const killBudgetMs = 24_000; // a slow machine makes fewer kills, not a longer demo
const readMs = 3_000;
const speedMs = 6_000;
const turnMs = 100;

const writer = fileURLToPath(new URL("../atomic/writer.mjs", import.meta.url));
const reader = fileURLToPath(new URL("../atomic/reader.mjs", import.meta.url));
const stateOf = createStateSource();

export async function play({ folder, terminal }) {
  const files = {};
  for (const way of Object.keys(ways)) {
    mkdirSync(join(folder, way));
    files[way] = join(folder, way, "state.json");
    writeFileSync(files[way], stateOf(0));
  }
  const sizes = Array.from({ length: 6 }, (_, i) => Math.round(stateOf(i).length / 1000));
  const range = `${Math.min(...sizes)} to ${Math.max(...sizes)} kB`;
  terminal.say(`  The state is JSON of ${range}, with a version and a checksum inside.`);

  const killed = await killWriters(files, terminal);
  const swept = await sweep(join(folder, "atomic"), terminal);
  const read = await readMeanwhile(files, terminal);
  const speed = await measureSpeed(files, terminal);
  const parts = [killed, swept, read, speed];
  return {
    tables: parts.flatMap(({ table }) => table ?? []),
    held: parts.flatMap(({ held }) => held ?? []),
    broken: parts.flatMap(({ broken }) => broken ?? []),
  };
}

/** Kills writers of both ways in turn, so that whatever slows the machine slows both. */
async function killWriters(files, terminal) {
  const work = terminal.work("killing writers");
  const counts = {
    plain: { whole: 0, torn: 0, empty: 0, lost: 0 },
    atomic: { whole: 0, torn: 0, empty: 0, lost: 0 },
  };
  const bad = (way) => counts[way].torn + counts[way].empty + counts[way].lost;
  const tally = () => `bad: writeFile ${bad("plain")}, replaceFileAtomic ${bad("atomic")}`;
  const victims = { plain: createVictim("plain", files), atomic: createVictim("atomic", files) };
  const started = performance.now();
  let rounds = 0;
  while (rounds < kills && performance.now() - started < killBudgetMs) {
    for (const [way, victim] of Object.entries(victims)) counts[way][await victim.killOnce()]++;
    rounds++;
    work.at(rounds / kills, `${rounds} each; ${tally()}`);
  }
  work.end(`${rounds} each; ${tally()}`);

  return {
    table: {
      title: `Killed with SIGKILL ${rounds} times: what was in the file afterwards`,
      rows: [
        ["written with", "whole", "torn", "empty", "lost"],
        ...Object.entries(counts).map(([way, { whole, torn, empty, lost }]) => [
          ways[way].name,
          whole,
          torn,
          empty,
          lost,
        ]),
      ],
      notes: [
        "lost: the file is gone, or older than a write that had already returned",
        ...nothingFound(bad("plain")),
      ],
    },
    ...promise(bad("atomic") === 0, {
      held: `replaceFileAtomic: after each of ${rounds} kills the file was whole and current`,
      broken: `replaceFileAtomic: ${bad("atomic")} of ${rounds} kills left a bad file`,
    }),
  };
}

/** Starts one writer after the other on the same file, and kills each. */
function createVictim(way, files) {
  const file = files[way];
  const notes = `${file}.notes`;
  let next = 1;
  let present = 0; // the version in the file when the writer starts

  async function killOnce() {
    const child = startChild(writer, [way, file, notes, String(next)]);
    await child.firstLine;
    await delay(Math.random() * 40);
    await child.kill();

    const noted = readFileSync(notes);
    const begun = noted.readUInt32BE(0);
    const returned = noted.readUInt32BE(4);
    next = begun + 1;
    const { verdict, version } = examine(file);
    if (verdict === "whole" && version >= Math.max(present, returned)) {
      present = version;
      return "whole";
    }
    present = next++;
    writeFileSync(file, stateOf(present)); // the next writer begins with a good file again
    return verdict === "whole" || verdict === "missing" ? "lost" : verdict;
  }
  return { killOnce };
}

async function sweep(folder, terminal) {
  const work = terminal.work("sweeping up what the killed writers left");
  const staged = await findStagedFiles(folder);
  await sweepStagedFiles(folder);
  const left = await findStagedFiles(folder);
  const megabytes = staged.reduce((sum, { bytes }) => sum + Number(bytes), 0) / 1e6;
  work.end(`${staged.length} staged files, ${megabytes.toFixed(1)} MB`);
  if (staged.length === 0) return {};
  return promise(left.length === 0, {
    held: `sweepStagedFiles: removed all ${staged.length} staged files of the killed writers`,
    broken: `sweepStagedFiles: left ${left.length} of ${staged.length} files of dead processes`,
  });
}

async function readMeanwhile(files, terminal) {
  const work = terminal.work("reading while it is rewritten");
  const found = {};
  for (const [i, way] of ["plain", "atomic"].entries()) {
    work.at(i / 2, ways[way].name);
    const writing = startChild(writer, [way, files[way], `${files[way]}.notes`, "1000000"]);
    await writing.firstLine;
    const counts = JSON.parse(await startChild(reader, [files[way], String(readMs)]).output());
    await writing.kill();
    const bad = counts.torn + counts.empty + counts.missing;
    found[way] = { ...counts, bad, reads: counts.whole + bad };
  }
  const { plain, atomic } = found;
  work.end(`bad reads: writeFile ${plain.bad}, replaceFileAtomic ${atomic.bad}`);

  return {
    table: {
      title: `Read for ${readMs / 1000} s while a writer was at work`,
      rows: [
        ["written with", "reads", "torn", "empty", "missing", "bad"],
        ...Object.entries(found).map(([way, { reads, torn, empty, missing, bad }]) => [
          ways[way].name,
          reads,
          torn,
          empty,
          missing,
          `${((100 * bad) / Math.max(reads, 1)).toFixed(1)} %`,
        ]),
      ],
      notes: nothingFound(plain.bad),
    },
    ...promise(atomic.bad === 0 && atomic.backwards === 0 && atomic.reads > 0, {
      held: `replaceFileAtomic: each of ${atomic.reads} reads found a whole file, never an older one`,
      broken: `replaceFileAtomic: of ${atomic.reads} reads ${atomic.bad} found a bad file, ${atomic.backwards} an older one`,
    }),
  };
}

/** In short turns, so that whatever else the machine does hits every way alike. */
async function measureSpeed(files, terminal) {
  const work = terminal.work("measuring the speed");
  const done = Object.fromEntries(
    Object.keys(ways).map((way) => [way, { writes: 0, ms: 0, flushed: "" }]),
  );
  const started = performance.now();
  for (let version = 2_000_000; performance.now() - started < speedMs;) {
    work.at((performance.now() - started) / speedMs);
    for (const [way, total] of Object.entries(done)) {
      for (const turn = performance.now(); performance.now() - turn < turnMs;) {
        const content = stateOf(version++);
        const before = performance.now();
        total.flushed = await ways[way].write(files[way], content);
        total.ms += performance.now() - before;
        total.writes++;
      }
    }
  }
  work.end(`${Object.values(done).reduce((sum, { writes }) => sum + writes, 0)} writes`);
  return {
    table: {
      title: "Speed, one write after the other",
      rows: [
        ["written with", "flushed to the disk", "ms each", "writes/s"],
        ...Object.entries(done).map(([way, { writes, ms, flushed }]) => [
          ways[way].name,
          flushed,
          ms / writes,
          Math.round((writes / ms) * 1000),
        ]),
      ],
      notes: [
        "Only ways that flush alike do the same work: what was not flushed, a power cut can undo.",
        "The first two can also be caught in the middle of a write; flushing does not help there.",
      ],
    },
  };
}

function nothingFound(bad) {
  return bad > 0 ? [] : ["writeFile was never caught in this run: the comparison shows nothing"];
}

function promise(kept, { held, broken }) {
  return kept ? { held } : { broken };
}
