// A worker thread that replaces its own file again and again, in a directory shared with others.

import { readFileSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import { replaceFileAtomic, replaceFileAtomicSync } from "@holdfast/atomic";

const { filePath, times, form } = workerData;
const wrong = [];
for (let at = 0; at < times; at++) {
  const content = `${filePath} ${at}\n`.repeat(1 + (at % 7));
  if (form === "sync") replaceFileAtomicSync({ filePath, content });
  else await replaceFileAtomic({ filePath, content });
  if (readFileSync(filePath, "utf8") !== content) wrong.push(at);
}
parentPort.postMessage(wrong);
