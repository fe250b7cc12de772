// Counts up in a file that others count up too, and notes down each time that it was told "done".
//   node counting-process.mjs '{"path", "how", "times", "journal"}'
import { appendFileSync } from "node:fs";
import { basename, dirname } from "node:path";
import { updateJson, updateJsonSync } from "@holdfast/json";
import { openRoot, openRootSync } from "@holdfast/root";

const { path, how, times, journal } = JSON.parse(process.argv[2]);
const [dir, name] = [dirname(path), basename(path)];
const ways = {
  path: () => [updateJson, path],
  "path, sync": () => [updateJsonSync, path],
  root: async () => [updateJson, { root: await openRoot(dir), path: name }],
  "root, sync": () => [updateJsonSync, { root: openRootSync(dir), path: name }],
};
const [update, target] = await ways[how]();
const next = (state = { count: 0 }) => ({ ...state, count: state.count + 1 });

process.stdout.write("begins\n");
for (let n = 0; n < times; n++) {
  const { count } = await update(target, next);
  // In one call of the kernel: a process that is killed has noted it down, or not.
  appendFileSync(journal, `${count}\n`);
}
