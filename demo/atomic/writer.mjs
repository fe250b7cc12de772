// Rewrites a state file until it is killed. Which versions it has begun and which have returned, it
// notes in a second file, by synchronous writes: those reach the kernel before a kill can stop them.
//   node writer.mjs WAY STATE-FILE NOTES-FILE FIRST-VERSION
import { openSync, writeSync } from "node:fs";
import { createStateSource } from "./state-file.mjs";
import { ways } from "./ways.mjs";

const [way, stateFile, notesFile, firstVersion] = process.argv.slice(2);
const { write } = ways[way];
const stateOf = createStateSource();
const notes = new DataView(new ArrayBuffer(8));
const notesDescriptor = openSync(notesFile, "w");

for (let version = Number(firstVersion); ; version++) {
  const content = stateOf(version);
  notes.setUint32(0, version);
  writeSync(notesDescriptor, notes, 0, 8, 0);
  if (version === Number(firstVersion)) process.stdout.write("writing\n");
  await write(stateFile, content);
  notes.setUint32(4, version);
  writeSync(notesDescriptor, notes, 0, 8, 0);
}
