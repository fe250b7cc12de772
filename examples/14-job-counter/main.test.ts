import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { addJobs, finishJob, takeJob } from "./main.ts";

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "example-14-"));
  path = join(folder, "jobs.json");
});
afterEach(() => rm(folder, { recursive: true }));

const names = Array.from({ length: 40 }, (_, i) => `job ${i}`);
const onDisk = async () => JSON.parse(await readFile(path, "utf8")) as Record<string, object>;

test("eight workers do each job once, and no number is given twice", async () => {
  await addJobs(path, names);
  const taken: { name: string; number: number }[] = [];
  const work = async (pid: number): Promise<void> => {
    for (;;) {
      const job = await takeJob(path, pid, () => true);
      if (job === undefined) return;
      taken.push(job);
      await finishJob(path, pid);
    }
  };
  await Promise.all(Array.from({ length: 8 }, (_, i) => work(1000 + i)));
  expect(taken.map(({ name }) => name).toSorted()).toEqual(names.toSorted());
  expect(new Set(taken.map(({ number }) => number)).size).toBe(40);
  const { next, done } = await onDisk();
  expect(next).toBe(41);
  expect(Object.keys(done!)).toHaveLength(40);
  expect(await readdir(folder)).toEqual(["jobs.json"]);
});

test("the job of a worker that died is taken again, that of one who lives is not", async () => {
  await addJobs(path, ["a", "b", "c"]);
  await takeJob(path, 1, () => true);
  await takeJob(path, 2, () => true);
  const again = await takeJob(path, 3, (pid) => pid !== 1);
  expect(again).toEqual({ name: "a", number: 3 });
  expect((await takeJob(path, 4, () => true))?.name).toBe("c");
  expect(await takeJob(path, 5, () => true)).toBeUndefined();
});

test("who asks for a job while it has one begins it again", async () => {
  await addJobs(path, ["a", "b"]);
  expect(await takeJob(path)).toEqual({ name: "a", number: 1 });
  expect(await takeJob(path)).toEqual({ name: "a", number: 2 });
});
