// Another program that keeps the disk busy: it writes 512 KiB and flushes it, over and over, until
// the channel to its parent closes.
//   fork("busy-neighbour.mjs", [DIR])
import { closeSync, fsyncSync, openSync, renameSync, writeSync } from "node:fs";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";

const path = join(process.argv[2], "neighbour");
const content = Buffer.alloc(512 * 1024, 7);
process.on("disconnect", () => process.exit());
process.send("ready");
for (;;) {
  const file = openSync(`${path}.new`, "w");
  writeSync(file, content);
  fsyncSync(file);
  closeSync(file);
  renameSync(`${path}.new`, path);
  await turn();
}
