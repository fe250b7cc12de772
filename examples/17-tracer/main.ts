// The trace of an agent: what its sessions do, in files that a viewer may open at any moment. Sessions run
// side by side, in this process and in others. Each file is always whole, the newest state wins, and what
// is written in a crash is final.
//
// Each process has a part of its own, which only it writes: in a crash there is no time to wait for
// anybody's lock. The trace is all parts together. Whoever exports it brings in what is new.
import { randomUUID } from "node:crypto";
import * as nodeFs from "node:fs";
import { join } from "node:path";
import { createCoalescingWriter, replaceFileAtomic } from "@holdfast/atomic";
import { readJson, updateJson } from "@holdfast/json";

export interface Span {
  readonly session: string;
  readonly name: string;
}

/** What one process has seen. */
export interface Part {
  /** Grows with each change: of two states of a part the one with the larger number is the newer one. */
  sequence: number;
  spans: Span[];
  /** What ended the process. */
  crash?: string;
}

/** By the id of the process. */
export type Trace = Record<string, Part>;

export interface Tracer {
  /** Notes what a session does. It does not wait, and the file follows as fast as the disk can. */
  record(session: string, name: string): void;
  /** Resolves when everything that was recorded survives a power cut; tells if it could not be written. */
  flush(): Promise<void>;
  /** Writes what is known at this moment under a second name, which nobody changes later. */
  snapshot(label: string): Promise<void>;
  /** The last thing that is written, before it returns: also over a write that is under way. */
  crash(error: unknown): void;
  /** For the end of a process that does not crash. */
  flushSync(): void;
  close(): Promise<void>;
}

export interface TracerOptions {
  /** Of the process: another one for each. */
  readonly id?: string;
  readonly fileSystem?: typeof nodeFs;
}

const partName = /^part-(.+)\.json$/;
const mode = 0o600; // a trace has in it what was said

export function openTracer(
  folder: string,
  { id = randomUUID(), fileSystem = nodeFs }: TracerOptions = {},
): Tracer {
  const part: Part = { sequence: 0, spans: [] };
  // However often the trace changes: at most one write is on its way, and one waits, of the newest.
  const writer = createCoalescingWriter({
    filePath: join(folder, `part-${id}.json`),
    mode,
    fileSystem,
  });

  function change(fn: () => void): void {
    if (part.crash !== undefined) return; // whatever still runs now has nothing to add
    fn();
    part.sequence++;
    // A failure is not handled here: the next write tries again, and flush() and close() tell of it.
    void writer.write(JSON.stringify(part));
  }

  return {
    record: (session, name) => change(() => part.spans.push({ session, name })),
    flush: () => writer.flush(),
    async snapshot(label) {
      // Made of what is in memory. The file may be of an older state.
      const filePath = join(folder, `${label}.snapshot.json`);
      await replaceFileAtomic({ filePath, content: JSON.stringify(part), mode, fileSystem });
    },
    crash(error) {
      change(() => (part.crash = String(error)));
      writer.flushSync();
    },
    flushSync: () => writer.flushSync(),
    close: () => writer.close(),
  };
}

/** Lets the end of this process, whatever it is (but SIGKILL), be the end of the trace. */
export function traceEnd(tracer: Tracer): void {
  // It only looks on: the error ends the process afterwards, as it would have without us.
  process.on("uncaughtExceptionMonitor", (error) => tracer.crash(error));
  process.on("exit", () => tracer.flushSync());
}

/**
 * Brings the parts of all processes together in `trace.json`. Any number of processes may do so at once:
 * each change is made under a lock, and no part is replaced by an older state of it, however long ago
 * somebody has read that.
 */
export async function exportTrace(
  folder: string,
  fileSystem: typeof nodeFs = nodeFs,
): Promise<Trace> {
  const parts: Trace = {};
  for (const name of await fileSystem.promises.readdir(folder).catch(noneYet)) {
    const id = partName.exec(name)?.[1];
    if (id !== undefined) parts[id] = (await readJson(join(folder, name), { fileSystem })) as Part;
  }
  return await updateJson<Trace>(
    join(folder, "trace.json"),
    (trace) => {
      for (const [id, part] of Object.entries(parts))
        if (part.sequence > (trace[id]?.sequence ?? 0)) trace[id] = part;
      return trace;
    },
    { initial: {}, mode, fileSystem },
  );
}

function noneYet(error: NodeJS.ErrnoException): string[] {
  if (error.code !== "ENOENT") throw error;
  return [];
}

if (import.meta.filename === process.argv[1]) {
  const [folder = ".", sessions = "3", end = "exit"] = process.argv.slice(2);
  const tracer = openTracer(folder);
  traceEnd(tracer);
  const work = async (session: string): Promise<void> => {
    for (let step = 1; step <= 20; step++) {
      tracer.record(session, `step ${step}`);
      await new Promise((resolve) => setImmediate(resolve));
      if (step % 5 === 0) await exportTrace(folder);
      if (step === 18 && end === "crash") throw new Error(`${session} has come to harm`);
    }
  };
  await Promise.all(Array.from({ length: Number(sessions) }, (_, i) => work(`session ${i + 1}`)));
  await tracer.close();
  console.log(Object.keys(await exportTrace(folder)).length, "processes");
}
