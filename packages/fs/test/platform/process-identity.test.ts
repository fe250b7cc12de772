import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { Worker } from "node:worker_threads";
import { afterEach, describe, expect, it, vi } from "vitest";
import { inMountNamespace } from "../../../atomic/test/support/in-mount-namespace.ts";
import { asUser, nobody } from "../../../atomic/test/support/as-user.ts";
import { needs } from "../../../atomic/test/support/needs.ts";
import {
  processIdentity,
  processState,
  type ProcessIdentity,
} from "../../src/platform/process-identity.ts";

const started: ChildProcess[] = [];
afterEach(() => {
  for (const child of started.splice(0)) child.kill("SIGKILL");
});

function start(command: string, ...args: string[]): ChildProcess & { pid: number } {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "ignore"] });
  started.push(child);
  return child as ChildProcess & { pid: number };
}

const statOf = (pid: number): string[] => {
  const text = readFileSync(`/proc/${pid}/stat`, "latin1");
  return text.slice(text.lastIndexOf(")") + 2).split(" ");
};

/** The identity that the main thread of a process would give itself. */
const identityOf = (pid: number): ProcessIdentity => ({
  pid,
  threadId: pid,
  startTicks: statOf(pid)[19],
  host: processIdentity().host,
});

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 2000 && !condition(); i++) await new Promise((go) => setTimeout(go, 5));
  expect(condition()).toBe(true);
}

describe("processIdentity", () => {
  it("is that of this process, read once", () => {
    const identity = processIdentity();
    expect(identity.pid).toBe(process.pid);
    expect(processIdentity()).toBe(identity);
    expect(identity.host).not.toBe("");
  });

  it.runIf(needs("linux"))("has what proc(5) says", () => {
    const { threadId, startTicks, host } = processIdentity();
    expect(startTicks).toMatch(/^\d+$/);
    expect(threadId).toBeGreaterThan(0);
    expect(startTicks).toBe(
      readFileSync(`/proc/self/task/${threadId}/stat`, "latin1").split(") ").at(-1)!.split(" ")[19],
    );
    expect(host).toMatch(/^[0-9a-f-]{36} pid:\[\d+\]$/);
  });
});

describe("processState", () => {
  it("of itself is alive", () => {
    expect(processState(processIdentity())).toBe(needs("linux") ? "alive" : "unknown");
  });

  it("of another host, boot or container is unknown, whatever lives here", () => {
    for (const host of ["elsewhere", undefined, `${processIdentity().host}x`]) {
      expect(processState({ ...processIdentity(), host })).toBe("unknown");
      expect(processState({ ...processIdentity(), pid: 2 ** 30, host })).toBe("unknown");
    }
  });

  it("of a pid that nobody has is dead", () => {
    // Above the largest pid that any kernel gives (2 ** 22 on Linux).
    const nobodys = { ...processIdentity(), pid: 2 ** 30, threadId: 2 ** 30 };
    expect(processState(nobodys)).toBe("dead");
    expect(processState({ ...nobodys, startTicks: undefined, threadId: undefined })).toBe("dead");
  });
});

describe.runIf(needs("linux"))("processState on Linux", () => {
  it("of a child is alive while it runs, and dead once it was killed and reaped", async () => {
    const child = start("sleep", "1000");
    const identity = identityOf(child.pid);
    expect(processState(identity)).toBe("alive");
    child.kill("SIGKILL");
    await once(child, "exit");
    expect(processState(identity)).toBe("dead");
    expect(processState({ ...identity, startTicks: undefined })).toBe("dead");
  });

  it("of a zombie is dead, though its pid is still taken", async () => {
    // The shell becomes a `sleep` that never asks after the child it inherits.
    const parent = start("sh", "-c", "sleep 0.05 & echo $!; exec sleep 1000");
    const [line] = (await once(createInterface(parent.stdout!), "line")) as [string];
    const pid = Number(line);
    const identity = identityOf(pid);
    await until(() => statOf(pid)[0] === "Z");
    expect(process.kill(pid, 0)).toBe(true);
    expect(processState(identity)).toBe("dead");
    expect(processState({ ...identity, startTicks: undefined })).toBe("dead");
  });

  it("of a pid that another process has by now is dead", () => {
    const child = start("sleep", "1000");
    const identity = identityOf(child.pid);
    expect(processState({ ...identity, startTicks: "1" })).toBe("dead");
  });

  it("of a process whose start is not known, and something runs under its pid, is unknown", () => {
    expect(processState({ ...processIdentity(), startTicks: undefined })).toBe("unknown");
  });

  it("of a thread that its process does not have is dead", () => {
    expect(processState({ ...processIdentity(), threadId: 2 ** 30 })).toBe("dead");
  });

  it("reads names of programs that look like the end of the field", async () => {
    const child = start(
      "sh",
      "-c",
      "echo ') Z 1 (' > /proc/self/comm; echo; exec 3<&0; read x <&1",
    );
    await once(createInterface(child.stdout!), "line");
    expect(readFileSync(`/proc/${child.pid}/comm`, "latin1")).toContain(") Z 1 (");
    expect(processState(identityOf(child.pid))).toBe("alive");
  });

  it("of a process that may not be signalled is alive", () => {
    expect(processState(identityOf(process.ppid))).toBe("alive");
    const kill = vi.spyOn(process, "kill").mockImplementation(() => {
      throw Object.assign(new Error("kill EPERM"), { code: "EPERM" });
    });
    try {
      expect(processState(identityOf(process.ppid))).toBe("alive");
      expect(kill).toHaveBeenCalledTimes(1);
    } finally {
      kill.mockRestore();
    }
  });

  it.runIf(needs("other-user"))("is told also to those who may not signal it", () => {
    const state = asUser<string>(nobody, {
      script: `const { processState } = await import("@holdfast/fs/steps"); report(processState(input));`,
      input: processIdentity(),
    });
    expect(state).toBe("alive");
  });

  it.runIf(needs("node"))(
    "of a worker thread is dead once it was terminated, while the process lives",
    async () => {
      const entry = new URL("../../dist/steps.js", import.meta.url).href;
      const worker = new Worker(
        `const { parentPort } = require("node:worker_threads");
       import(${JSON.stringify(entry)}).then((m) => parentPort.postMessage(m.processIdentity()));
       setInterval(() => {}, 1000);`,
        { eval: true },
      );
      const [identity] = (await once(worker, "message")) as [ProcessIdentity];
      expect(identity.pid).toBe(process.pid);
      expect(identity.threadId).not.toBe(processIdentity().threadId);
      expect(processState(identity)).toBe("alive");
      await worker.terminate();
      await until(() => processState(identity) === "dead");
      expect(processState(processIdentity())).toBe("alive");
    },
  );
});

describe.runIf(needs("mount-namespace"))("where /proc is hidden", () => {
  const script = `
    const { processIdentity, processState, currentUmask } = await import("@holdfast/fs/steps");
    const identity = processIdentity();
    report({
      pid: process.pid,
      identity,
      own: processState(identity),
      gone: processState({ ...identity, pid: 2 ** 30 }),
      given: input && processState(input),
      umask: currentUmask(),
      pidSeen: identity.pid,
    });`;
  interface Seen {
    pid: number;
    identity: Partial<ProcessIdentity>;
    own: string;
    gone: string;
    given: string;
    umask: number;
    pidSeen: number;
  }

  it("nothing is claimed, and the umask still read", () => {
    const seen = inMountNamespace<Seen>({
      mounts: [{ type: "tmpfs", target: "/proc" }],
      setup: "umask 027",
      script,
    });
    expect(seen.identity).toEqual({ pid: seen.pid });
    expect([seen.own, seen.gone]).toEqual(["unknown", "unknown"]);
    expect(seen.umask).toBe(0o027);
  });

  it.runIf(needs("other-user", "setpriv"))(
    "for the processes of others only, those are unknown",
    () => {
      const seen = inMountNamespace<Seen>({
        mounts: [],
        // A new instance: its options are its own.
        setup: "mount -t proc -o hidepid=2 proc /proc",
        user: nobody,
        script,
        input: processIdentity(),
      });
      expect([seen.own, seen.given]).toEqual(["alive", "unknown"]);
    },
  );
});
