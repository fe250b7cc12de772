/** Node scripts that tests run in a process of their own, and that report with JSON. */

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** Where scripts run, so that `import … from "@holdfast/atomic"` means the built package. */
export const packageRoot: string = fileURLToPath(new URL("../..", import.meta.url));

export interface NodeScript {
  /**
   * An ES module, in JavaScript. It may import packages, reads `input`, and calls `report(value)`
   * once; bigints arrive as strings.
   */
  readonly script: string;
  /** Anything that JSON can carry. */
  readonly input?: unknown;
  readonly env?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
}

/** How the process is started. */
export interface Launch {
  /** Put before the command line of the runtime. */
  readonly prefix?: readonly string[];
  readonly uid?: number;
  readonly gid?: number;
}

const prelude = `
import { writeSync as $write } from "node:fs";
const input = JSON.parse(process.env.HOLDFAST_TEST_INPUT);
const report = (value) => {
  const text = JSON.stringify(value ?? null, (_, v) => (typeof v === "bigint" ? String(v) : v));
  const bytes = Buffer.from(text + "\\n");
  for (let done = 0; done < bytes.length; ) done += $write(3, bytes, done);
};
`;

/** The command line that runs a script: Node's, or that of the runtime the tests run on. */
export function commandFor(script: string): string[] {
  const text = prelude + script;
  if (process.versions["bun"] !== undefined) return [process.execPath, "-e", text];
  if (process.versions["deno"] !== undefined) return [process.execPath, "eval", text];
  return [process.execPath, "--input-type=module", "-e", text];
}

export function environmentFor({ input, env }: NodeScript): Record<string, string | undefined> {
  return { ...process.env, ...env, HOLDFAST_TEST_INPUT: JSON.stringify(input ?? null) };
}

/** Runs a script to its end and returns what it reported; throws if it failed or said nothing. */
export function runScript<Report>(script: NodeScript, launch: Launch = {}): Report {
  const [command, ...args] = [...(launch.prefix ?? []), ...commandFor(script.script)];
  const ended = spawnSync(command!, args, {
    cwd: packageRoot,
    env: environmentFor(script),
    stdio: ["ignore", "pipe", "pipe", "pipe"],
    encoding: "utf8",
    timeout: script.timeoutMs ?? 30_000,
    ...(launch.uid !== undefined && { uid: launch.uid }),
    ...(launch.gid !== undefined && { gid: launch.gid }),
  });
  if (ended.error !== undefined) throw ended.error;
  const said = ended.output[3] ?? "";
  if (ended.status !== 0 || said === "") {
    const how = ended.signal === null ? `exit code ${ended.status}` : ended.signal;
    const what = said === "" ? "reported nothing" : "failed after its report";
    throw new Error(`the script ${what} (${how})\n${ended.stderr}${ended.stdout}`);
  }
  return JSON.parse(said) as Report;
}
