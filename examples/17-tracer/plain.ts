// The same tracer, as it is usually written: writeFile for each change, writeFileSync in a crash, and an
// export that reads, adds and writes. The test shows what becomes of it.
import { randomUUID } from "node:crypto";
import * as nodeFs from "node:fs";
import { join } from "node:path";
import type { Part, Trace, Tracer, TracerOptions } from "./main.ts";

export function openTracer(
  folder: string,
  { id = randomUUID(), fileSystem: fs = nodeFs }: TracerOptions = {},
): Tracer {
  const part: Part = { sequence: 0, spans: [] };
  const path = join(folder, `part-${id}.json`);
  const underWay = new Set<Promise<void>>();

  return {
    record(session, name) {
      part.spans.push({ session, name });
      part.sequence++;
      const write = fs.promises.writeFile(path, JSON.stringify(part));
      underWay.add(write);
      write.then(() => underWay.delete(write), console.error);
    },
    async flush() {
      await Promise.all(underWay);
    },
    snapshot: (label) => fs.promises.copyFile(path, join(folder, `${label}.snapshot.json`)),
    crash(error) {
      part.crash = String(error);
      part.sequence++;
      fs.writeFileSync(path, JSON.stringify(part));
    },
    flushSync: () => fs.writeFileSync(path, JSON.stringify(part)),
    async close() {
      await Promise.all(underWay);
    },
  };
}

export async function exportTrace(folder: string, fs: typeof nodeFs = nodeFs): Promise<Trace> {
  const path = join(folder, "trace.json");
  let trace: Trace = {};
  try {
    trace = JSON.parse(await fs.promises.readFile(path, "utf8")) as Trace;
  } catch {
    // there is none yet
  }
  for (const name of await fs.promises.readdir(folder)) {
    const id = /^part-(.+)\.json$/.exec(name)?.[1];
    if (id === undefined) continue;
    trace[id] = JSON.parse(await fs.promises.readFile(join(folder, name), "utf8")) as Part;
  }
  await fs.promises.writeFile(path, JSON.stringify(trace));
  return trace;
}
