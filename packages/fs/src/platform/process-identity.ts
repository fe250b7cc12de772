import { hostname } from "node:os";
import { currentPlatform } from "./platform.ts";
import { readProcFile, readProcLink } from "../node/node-fs.ts";

/** Enough to tell one run of one process from every other, as far as the platform allows. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it started, in clock ticks since boot; `undefined` where the platform does not say. */
  readonly startTicks: string | undefined;
  /** Names the boot and the pid namespace: only where this is equal does a pid mean the same. */
  readonly host: string | undefined;
}

let own: ProcessIdentity | undefined;

/** The identity of this process. Read once (from /proc, on Linux), then remembered. */
export function processIdentity(): ProcessIdentity {
  own ??= {
    pid: process.pid,
    startTicks: startTicksOf("self"),
    host: hostOf(),
  };
  return own;
}

/**
 * Whether a process runs. `"dead"` is proof: the pid is gone, is a zombie, or belongs to another
 * process by now, on this boot and in this pid namespace. Where that cannot be judged (another
 * host, boot or container; a platform that does not tell when a process started, and something runs
 * under that pid) the answer is `"unknown"`.
 */
export function processState(of: ProcessIdentity): "alive" | "dead" | "unknown" {
  const self = processIdentity();
  if (self.host === undefined || of.host !== self.host) return "unknown";
  if (!exists(of.pid)) return "dead";
  const startTicks = startTicksOf(String(of.pid));
  if (startTicks === "dead") return "dead";
  if (of.startTicks === undefined || startTicks === undefined) return "unknown";
  return startTicks === of.startTicks ? "alive" : "dead";
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Field 22 of /proc/<pid>/stat (proc(5)); `"dead"` for a zombie. */
function startTicksOf(pid: string): string | undefined {
  const stat = readProcFile(`/proc/${pid}/stat`);
  // The second field is the command in parentheses, and may itself hold spaces and parentheses.
  const fields = stat?.slice(stat.lastIndexOf(")") + 2).split(" ");
  if (fields === undefined || fields.length < 20) return undefined;
  if (fields[0] === "Z" || fields[0] === "X") return "dead";
  return fields[19];
}

function hostOf(): string | undefined {
  // Elsewhere there are no pid namespaces, and a pid that is gone on this host is gone.
  if (currentPlatform.name !== "linux") return hostname();
  const boot = readProcFile("/proc/sys/kernel/random/boot_id")?.trim();
  const namespace = readProcLink("/proc/self/ns/pid");
  if (boot === undefined || namespace === undefined) return undefined;
  return `${boot} ${namespace}`;
}
