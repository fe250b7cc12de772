// Reads a state file as fast as it can while somebody else rewrites it; prints how often it found
// what, as JSON. `backwards` counts whole states older than one that was read before.
//   node reader.mjs STATE-FILE DURATION-MS
import { examine } from "./state-file.mjs";

const [stateFile, durationMs] = process.argv.slice(2);
const counts = { whole: 0, torn: 0, empty: 0, missing: 0, backwards: 0 };
const end = performance.now() + Number(durationMs);
let newest = 0;
let wholeMs = 0;
for (let now = performance.now(); now < end;) {
  const { verdict, version } = examine(stateFile);
  counts[verdict]++;
  if (version < newest) counts.backwards++;
  else if (version !== undefined) newest = version;

  // An empty file is read in no time. Every read shall count for the same stretch of time, or a
  // reader that finds nothing would find it a hundred times in a row.
  if (verdict === "whole") wholeMs = performance.now() - now;
  const next = now + wholeMs;
  do now = performance.now();
  while (now < next);
}
console.log(JSON.stringify(counts));
