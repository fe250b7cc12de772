/** Several Node scripts in processes of their own, all running at the same time. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import {
  commandFor,
  environmentFor,
  packageRoot,
  type NodeScript,
} from "../support/node-script.ts";

/** A script that runs. */
export interface RunningScript {
  /** What it reported, when it has ended. */
  readonly report: Promise<unknown>;
  /** Ends its standard input: how it is told to stop. */
  finish(): void;
}

/** Starts a script like those of `runScript`, and does not wait for it. */
export function startScript(script: NodeScript): RunningScript {
  const [command, ...args] = commandFor(script.script);
  const child = spawn(command!, args, {
    cwd: packageRoot,
    env: environmentFor(script),
    stdio: ["pipe", "ignore", "pipe", "pipe"],
    timeout: script.timeoutMs ?? 60_000,
  });
  const report = (async () => {
    const [[status, signal], said, stderr] = await Promise.all([
      once(child, "close") as Promise<[number | null, NodeJS.Signals | null]>,
      text(child.stdio[3] as Readable),
      text(child.stderr!),
    ]);
    if (status !== 0 || said === "") {
      throw new Error(`the script ended with ${signal ?? status}\n${stderr}`);
    }
    return JSON.parse(said) as unknown;
  })();
  report.catch(() => {}); // looked at by whoever awaits it
  return { report, finish: () => child.stdin!.end() };
}
