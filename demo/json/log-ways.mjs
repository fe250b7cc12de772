import { appendFile, readFile } from "node:fs/promises";
import { openJsonLog, readJsonLog } from "@holdfast/json";

/** The ways of keeping a log of JSON lines that are compared. */
export const ways = {
  plain: { name: "appendFile; split, JSON.parse", open: openPlain, read: readPlain },
  log: { name: "openJsonLog; readJsonLog", open: openLog, read: readLog },
};

async function openPlain(file) {
  return { append: (record) => appendFile(file, `${JSON.stringify(record)}\n`) };
}

/** As most programs do: what is no JSON is left out. */
async function readPlain(file) {
  const records = [];
  let bad = 0;
  for (const line of (await readFile(file, "utf8")).split("\n")) {
    if (line === "") continue;
    try {
      records.push(JSON.parse(line));
    } catch {
      bad++;
    }
  }
  return { ids: records.map(({ id }) => id), bad };
}

async function openLog(file) {
  return await openJsonLog(file, { durability: "none" }); // as the plain one: it is not the power that goes
}

async function readLog(file) {
  const ids = [];
  const reader = readJsonLog(file);
  for await (const { value } of reader) ids.push(value.id);
  const { dropped, recovered, tornTailBytes } = reader.report;
  return { ids, bad: dropped.length + (tornTailBytes > 0 ? 1 : 0), recovered };
}
