import childProcess from "node:child_process";
import { basename } from "node:path";
import workerThreads from "node:worker_threads";
import type { Journal } from "./journal.ts";

/**
 * Writes down which processes and threads this one starts. Threads are noted whatever they do: Node 20
 * does not preload modules in them, so that what they do cannot be told.
 *
 * Call `syncBuiltinESMExports` afterwards.
 */
export function patchStarters(journal: Journal): void {
  const by = process.pid;
  workerThreads.Worker = new Proxy(workerThreads.Worker, {
    construct(target, args, newTarget) {
      journal.write({ kind: "thread", pid: by });
      return Reflect.construct(target, args, newTarget) as object;
    },
  });

  const note = (pid: number | undefined, file: string): void => {
    journal.write({ kind: "child", by, name: basename(file), ...(pid !== undefined && { pid }) });
  };
  patchChildProcess(note);
  patchSpawnSync(note);
  for (const name of ["execSync", "execFileSync"] as const) patchExecSync(name, note);
}

type Note = (pid: number | undefined, file: string) => void;
type Method = (...args: never[]) => unknown;

/** `spawn`, `exec`, `execFile` and `fork` all come through here. */
function patchChildProcess(note: Note): void {
  const prototype = childProcess.ChildProcess.prototype as unknown as { spawn: Method };
  const original = prototype.spawn;
  prototype.spawn = function spawn(this: childProcess.ChildProcess, ...args: never[]) {
    const result = original.apply(this, args);
    if (this.pid !== undefined) note(this.pid, this.spawnfile); // else it could not be started
    return result;
  };
}

function patchSpawnSync(note: Note): void {
  const original = childProcess.spawnSync as Method;
  childProcess.spawnSync = function spawnSync(...args: never[]) {
    const result = original(...args) as childProcess.SpawnSyncReturns<Buffer>;
    if (result.pid > 0) note(result.pid, args[0]!);
    return result;
  } as typeof childProcess.spawnSync;
}

function patchExecSync(name: "execSync" | "execFileSync", note: Note): void {
  const original = childProcess[name] as Method;
  const fileOf = (args: readonly string[]): string => (name === "execSync" ? "a shell" : args[0]!);
  const replacement = (...args: never[]): unknown => {
    try {
      const result = original(...args);
      note(undefined, fileOf(args));
      return result;
    } catch (error) {
      const { pid = 0 } = error as { readonly pid?: number }; // 0: it could not be started
      if (pid > 0) note(pid, fileOf(args));
      throw error;
    }
  };
  Object.defineProperty(replacement, "name", { value: name, configurable: true });
  childProcess[name] = replacement as never;
}
