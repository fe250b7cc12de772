// node incrementer.mjs WAY FILE TIMES      prints how many times it was done, and how many it failed
import { setTimeout as delay } from "node:timers/promises";
import { ways } from "./counter-ways.mjs";

const [way, file, times, startMs] = process.argv.slice(2);
await delay(Math.max(0, Number(startMs) - Date.now())); // all of them at the same moment
const counts = { done: 0, failed: 0 };
for (let i = 0; i < Number(times); i++) {
  try {
    await ways[way].increment(file);
    counts.done++;
  } catch {
    counts.failed++; // what it read was empty, or half a file
  }
}
console.log(JSON.stringify(counts));
