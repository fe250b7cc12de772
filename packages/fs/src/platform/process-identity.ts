import { hostname } from "node:os";
import { readProcFile, readProcLink } from "../node/node-fs.ts";
import { currentPlatform } from "./platform.ts";

/** Enough to tell one run of one thread from every other, as far as the platform allows. */
export interface ProcessIdentity {
  readonly pid: number;
  /** The operating system's id of the thread; equal to `pid` for the main thread. */
  readonly threadId: number | undefined;
  /** When the thread started, in clock ticks since boot. */
  readonly startTicks: string | undefined;
  /** Names the boot and the pid namespace: only where this is equal does a pid mean the same. */
  readonly host: string | undefined;
}

let own: ProcessIdentity | undefined;

/**
 * The identity of this thread of this process. Read once (on Linux from /proc, see proc(5)), then
 * remembered; what a platform does not tell is `undefined`.
 */
export function processIdentity(): ProcessIdentity {
  if (own === undefined) {
    // "<pid>/task/<tid>": a worker that is terminated runs no exit handler (measured on Node 20),
    // so what it leaves behind must be recognisable while its process lives on.
    const thread = readProcLink("/proc/thread-self")?.split("/").at(-1);
    const threadId = thread === undefined ? undefined : Number(thread);
    const start =
      threadId === undefined ? undefined : startOf(`/proc/${process.pid}/task/${threadId}/stat`);
    own = { pid: process.pid, threadId, startTicks: start?.ticks, host: hostOf() };
  }
  return own;
}

/**
 * Whether the thread of an identity runs. `"dead"` is proof: its id is gone, is a zombie, or
 * belongs to another by now, on this boot and in this pid namespace. Where that cannot be judged
 * (another host, boot or container; a platform that does not tell when a process started, and
 * something runs under that pid) the answer is `"unknown"`.
 */
export function processState(of: ProcessIdentity): "alive" | "dead" | "unknown" {
  const { host } = processIdentity();
  if (host === undefined || of.host !== host) return "unknown";
  if (!exists(of.pid)) return "dead";
  const process = startOf(`/proc/${of.pid}/stat`);
  if (process === undefined) return "unknown"; // no /proc, or one that hides other users' processes
  if (process.gone) return "dead";
  const thread = startOf(`/proc/${of.pid}/task/${of.threadId ?? of.pid}/stat`);
  if (thread === undefined || thread.gone) return "dead";
  if (of.startTicks === undefined) return "unknown";
  return thread.ticks === of.startTicks ? "alive" : "dead";
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM"; // it is there, and not ours
  }
}

/** State, number of threads and start time: fields 3, 20 and 22 of `stat` (proc(5)). */
function startOf(path: string): { gone: boolean; ticks: string } | undefined {
  const stat = readProcFile(path);
  if (stat === undefined) return undefined;
  // The second field is the command in parentheses, and may itself hold spaces and parentheses.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  // The first thread of a process that is being killed can be a zombie while another one still writes.
  return { gone: /[ZX]/.test(fields[0]!) && Number(fields[17]) < 2, ticks: fields[19] ?? "" };
}

function hostOf(): string | undefined {
  // Elsewhere there are no pid namespaces, and a pid that is gone on this host is gone.
  if (currentPlatform.name !== "linux") return hostname();
  const boot = readProcFile("/proc/sys/kernel/random/boot_id")?.trim();
  const namespace = readProcLink("/proc/self/ns/pid");
  if (boot === undefined || namespace === undefined) return undefined;
  return `${boot} ${namespace}`;
}
