import { createHash, randomBytes } from "node:crypto";
import * as fs from "node:fs";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { openCheckpoints } from "@holdfast/checkpoint";
import { traceFileSystem } from "@holdfast/testing";
import { median, quantile } from "./statistics.mjs";

/** Nothing is removed while it is measured, and nothing is too much. */
const unlimited = { maxSnapshots: 1e6, maxPaths: 1e6, maxStoreBytes: Infinity };

async function open(dir, more = {}) {
  const work = join(dir, "work");
  fs.mkdirSync(work, { recursive: true });
  const store = join(dir, "store");
  const given = { store, roots: [work], session: "bench", retention: "manual", limits: unlimited };
  return { work, store, checkpoints: await openCheckpoints({ ...given, ...more }) };
}

const ms = (value) => `${value.toFixed(2)} ms`;

async function timed(work) {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

/**
 * `trackBeforeEdit` of a path that was never tracked, against what a careful person does by hand: a durable copy.
 *
 * @param before how many small files are kept first: with some hundreds the store has all its directories
 */
export async function capture(dir, rounds, before) {
  const { work, checkpoints } = await open(dir);
  const small = Array.from({ length: before }, (_, n) => join(work, `small${n}`));
  for (const path of small) fs.writeFileSync(path, path);
  await Promise.all(small.map((path) => checkpoints.trackBeforeEdit(path, "turn")));
  const copies = join(dir, "copies");
  fs.mkdirSync(copies);
  const kept = [];
  const copied = [];
  for (let round = 0; round < rounds + 5; round++) {
    // Each its own content: what is there already is not stored again.
    const [one, other] = [join(work, `a${round}`), join(work, `b${round}`)];
    for (const path of [one, other]) flushed(path, randomBytes(100 * 1024));
    const keep = async () => kept.push(await timed(() => checkpoints.trackBeforeEdit(one, "turn")));
    const copy = async () => copied.push(await timed(() => durableCopy(other, copies, round)));
    for (const way of round % 2 === 0 ? [keep, copy] : [copy, keep]) await way();
  }
  await checkpoints.close();
  const [ours, theirs] = [kept.slice(5), copied.slice(5)]; // the first ones warm up
  const ratios = ours.map((value, n) => value / theirs[n]);
  const spread = `${quantile(ratios, 0.1).toFixed(2)} to ${quantile(ratios, 0.9).toFixed(2)}`;
  return {
    value: median(ours) / median(theirs),
    detail: `${ms(median(ours))} against ${ms(median(theirs))}, 80% of the rounds ${spread}`,
  };
}

/** On the device before it is measured: nobody has to flush what another one has written. */
function flushed(path, content) {
  const fd = fs.openSync(path, "w");
  fs.writeSync(fd, content);
  fs.fsyncSync(fd);
  fs.closeSync(fd);
}

async function durableCopy(path, folder, n) {
  const { open: openFile, readFile, rename } = fs.promises;
  const content = await readFile(path);
  const staged = join(folder, `${n}.tmp`);
  const file = await openFile(staged, "wx", 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(staged, join(folder, `${n}`));
  const directory = await openFile(folder, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** A snapshot and five edits, in a small tree and in a large one, turn by turn. */
export async function turns(dir, rounds, files) {
  const trees = [];
  for (const count of [1000, files]) {
    const place = join(dir, `tree-${count}`);
    const opened = await open(place);
    plant(opened.work, count);
    trees.push({ ...opened, count, times: [] });
  }
  for (let round = 0; round < rounds + 5; round++) {
    for (const tree of round % 2 === 0 ? trees : trees.toReversed()) {
      tree.times.push(await timed(() => turn(tree, round)));
    }
  }
  for (const { checkpoints } of trees) await checkpoints.close();
  const [small, large] = trees.map(({ times }) => times.slice(5));
  const ratios = large.map((value, n) => value / small[n]);
  const spread = `${quantile(ratios, 0.1).toFixed(2)} to ${quantile(ratios, 0.9).toFixed(2)}`;
  const detail = `${ms(median(large))} against ${ms(median(small))}, 80% of the rounds ${spread}`;
  return { value: median(large) / median(small), detail };
}

const nameOf = (n) => join(`dir-${Math.floor(n / 100)}`, `file-${n}`);

function plant(work, count) {
  for (let n = 0; n < count; n++) {
    if (n % 100 === 0) fs.mkdirSync(join(work, `dir-${n / 100}`));
    fs.writeFileSync(join(work, nameOf(n)), `file ${n}`);
  }
}

async function turn({ work, checkpoints, count }, round) {
  await checkpoints.makeSnapshot(`turn ${round}`);
  for (let edit = 0; edit < 5; edit++) {
    // All over the tree, and the same number of paths in both.
    const path = join(work, nameOf(((round % 20) * 5 + edit) * Math.floor(count / 100)));
    await checkpoints.trackBeforeEdit(path, `turn ${round}`);
    const content = `edit ${edit} of turn ${round}`;
    fs.writeFileSync(path, content);
    await checkpoints.recordAfterEdit(path, { content });
  }
}

/** Opens a session again that has made many snapshots. */
export async function openMany(dir, snapshots) {
  const first = await open(dir);
  const path = join(first.work, "file");
  for (let n = 0; n < snapshots; n++) {
    await first.checkpoints.makeSnapshot(`turn ${n}`);
    if (n % 10 > 0) continue;
    await first.checkpoints.trackBeforeEdit(path, `turn ${n}`);
    fs.writeFileSync(path, `turn ${n}`);
    await first.checkpoints.recordAfterEdit(path);
  }
  await first.checkpoints.close();
  const times = [];
  for (let round = 0; round < 5; round++) {
    let again;
    times.push(await timed(async () => (again = await open(dir))));
    const found = (await again.checkpoints.listSnapshots()).length;
    if (found !== snapshots) throw new Error(`${found} snapshots, not ${snapshots}`);
    await again.checkpoints.close();
  }
  const { size } = fs.statSync(join(dir, "store/sessions/bench/journal.jsonl"));
  const detail = `median of 5, a journal of ${(size / 1e6).toFixed(1)} MB`;
  return { value: median(times) / 1000, detail };
}

/** What a store takes, in apparent bytes, against the bytes of which it may not lose one. */
export async function storeSize(dir) {
  const { work, store, checkpoints } = await open(dir);
  const contents = new Map();
  const unique = new Map();
  const note = (content) => unique.set(digest(content), content.length);
  const put = (name, content) => {
    fs.writeFileSync(join(work, name), content);
    contents.set(name, content);
  };
  const size = () => 2048 + Math.floor(Math.random() * 16 * 1024); // 10 KiB on average
  for (let n = 0; n < 100; n++) put(`file-${n}`, randomBytes(size()));
  const tracked = new Set();
  for (let n = 0; n < 40; n++) {
    await checkpoints.makeSnapshot(`turn ${n}`);
    for (const name of tracked) note(contents.get(name));
    for (let edit = 0; edit < 20; edit++) {
      const name = `file-${Math.floor(Math.random() * 100)}`;
      if (!tracked.has(name)) note(contents.get(name));
      tracked.add(name);
      await checkpoints.trackBeforeEdit(join(work, name), `turn ${n}`);
      // A few edits are taken back, or copy another file: those bytes are there already.
      const other = contents.get(`file-${Math.floor(Math.random() * 100)}`);
      put(name, edit % 5 === 0 ? other : randomBytes(size()));
      await checkpoints.recordAfterEdit(join(work, name));
    }
  }
  await checkpoints.makeSnapshot("last");
  for (const name of tracked) note(contents.get(name));
  await checkpoints.close();
  const needed = [...unique.values()].reduce((sum, length) => sum + length, 0);
  const taken = apparentSize(store);
  const mb = (bytes) => `${(bytes / 1e6).toFixed(2)} MB`;
  const journal = fs.statSync(join(store, "sessions/bench/journal.jsonl")).size;
  const detail = `${mb(taken)} (${mb(journal)} of them journal) for ${mb(needed)} in ${unique.size} contents`;
  return { value: taken / needed, detail };
}

const digest = (content) => createHash("sha256").update(content).digest("hex");

function apparentSize(dir) {
  let sum = 0;
  for (const entry of fs.readdirSync(dir, { withFileTypes: true, recursive: true })) {
    if (entry.isFile()) sum += fs.statSync(join(entry.parentPath, entry.name)).size;
  }
  return sum;
}

/** How many calls of the file system a path costs that was tracked in the turn. */
export async function secondTrack(dir) {
  const trace = traceFileSystem(fs);
  const { work, checkpoints } = await open(dir, { fileSystem: trace.fs });
  const path = join(work, "file");
  fs.writeFileSync(path, "content");
  await checkpoints.makeSnapshot("turn");
  await checkpoints.trackBeforeEdit(path, "turn");
  const first = trace.entries.length;
  for (let n = 0; n < 100; n++) await checkpoints.trackBeforeEdit(path, "turn");
  const calls = trace.entries.length - first;
  await checkpoints.close();
  return { value: calls / 100, detail: `${calls} calls in 100 of them` };
}
