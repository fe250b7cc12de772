// Does what is to be done after a rewind that was cut off; prints which one it was, and what was left alone.
//   node rewinder.mjs FOLDER STORE resume | rollback | undo RESTORE
import { relative } from "node:path";
import { openCheckpoints } from "@holdfast/checkpoint";

const [folder, store, what, id] = process.argv.slice(2);
const checkpoints = await openCheckpoints({ store, roots: [folder], session: "demo" });
const report = await {
  resume: () => checkpoints.resume(),
  rollback: () => checkpoints.rollback(),
  undo: () => checkpoints.undoRestore(id),
}[what]();
await checkpoints.close();
const left = report.paths.filter(({ ok }) => !ok).map(({ path }) => relative(folder, path));
console.log(JSON.stringify({ restoreId: report.restoreId, left }));
