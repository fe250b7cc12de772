import { readFile, writeFile } from "node:fs/promises";
import { replaceFileAtomic } from "@holdfast/atomic";
import { updateJson } from "@holdfast/json";

/** The ways of adding one to a number in a JSON file that are compared. */
export const ways = {
  plain: { name: "readFile, add, writeFile", increment: plain },
  atomic: { name: "readFile, add, replaceFileAtomic", increment: atomic },
  update: { name: "updateJson", increment: update },
};

async function plain(file) {
  await writeFile(file, JSON.stringify(JSON.parse(await readFile(file, "utf8")) + 1));
}

/** Nobody sees half a file; but whoever read the same number writes the same number. */
async function atomic(file) {
  const content = JSON.stringify(JSON.parse(await readFile(file, "utf8")) + 1);
  await replaceFileAtomic({ filePath: file, content });
}

async function update(file) {
  await updateJson(file, (count) => count + 1);
}
