// Several workers, each a process, take jobs from one list: each job is done once, and each gets the next
// number. One of them may be killed at any moment; the others go on, and the job of the dead is taken again.
import { updateJson } from "@holdfast/json";

interface Jobs {
  next: number;
  waiting: string[];
  /** By the pid of who has it. */
  taken: Record<string, Job>;
  done: Record<string, number>;
}
interface Job {
  readonly name: string;
  readonly number: number;
}

async function change<Result>(path: string, fn: (jobs: Jobs) => Result): Promise<Result> {
  let result!: Result;
  const initial: Jobs = { next: 1, waiting: [], taken: {}, done: {} };
  await updateJson<Jobs>(path, (jobs) => ((result = fn(jobs)), jobs), { initial });
  return result;
}

export const addJobs = (path: string, names: readonly string[]): Promise<void> =>
  change(path, (jobs) => void jobs.waiting.push(...names));

/** The next job; `undefined` if there is none. */
export const takeJob = (path: string, pid: number = process.pid, alive = isAlive) =>
  change(path, (jobs) => {
    for (const [owner, { name }] of Object.entries(jobs.taken)) {
      if (Number(owner) !== pid && alive(Number(owner))) continue;
      delete jobs.taken[owner];
      jobs.waiting.unshift(name);
    }
    const name = jobs.waiting.shift();
    return name === undefined ? undefined : (jobs.taken[pid] = { name, number: jobs.next++ });
  });

export const finishJob = (path: string, pid: number = process.pid): Promise<void> =>
  change(path, ({ taken, done }) => {
    if (taken[pid] === undefined) return;
    done[taken[pid].name] = taken[pid].number;
    delete taken[pid];
  });

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM"; // somebody else's, and alive
  }
}

if (import.meta.filename === process.argv[1]) {
  const [path = "jobs.json", ...names] = process.argv.slice(2);
  if (names.length > 0) await addJobs(path, names);
  for (let job; (job = await takeJob(path)) !== undefined; await finishJob(path))
    console.log(job.number, job.name);
}
