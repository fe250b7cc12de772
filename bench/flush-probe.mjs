// Runs every candidate once for each cell that is named on the command line. Meant to be run under
// a tracer of system calls: what happens between which marks tells who did it.
//   node flush-probe.mjs JSON
import { openSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { allCandidates } from "./candidates/all.mjs";
import { allCells } from "./cases/all.mjs";

/** An attempt to open a file that cannot be there: harmless, and visible to the tracer. */
function mark(what, kind, name) {
  try {
    openSync(`/holdfast-bench-mark/${encodeURIComponent(JSON.stringify([what, kind, name]))}`, "r");
  } catch {
    // It never exists.
  }
}

const { places, names } = JSON.parse(process.argv[2]);
const { candidates } = await allCandidates();
for (const cell of allCells(places).filter(({ name }) => names.includes(name))) {
  const stage = cell.open();
  for (const candidate of candidates.filter(cell.can)) {
    try {
      // Once before, so that what is done only the first time is not counted.
      for (const what of ["warm", "begin"]) {
        stage.before?.();
        mark(what, cell.kind, candidate.name);
        await stage.run(candidate);
        mark("returned", cell.kind, candidate.name);
        stage.after?.();
      }
      // A flush that nobody waited for would come now.
      await sleep(20);
      mark("end", cell.kind, candidate.name);
    } catch {
      mark("failed", cell.kind, candidate.name);
    }
  }
  stage.close();
}
