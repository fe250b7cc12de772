/**
 * What a test needs of the machine. Nothing is skipped in silence: each file lists what it did not
 * run and why; and on CI, as root on Linux, where all of it is to be had, nothing is skipped at all.
 */

import { spawnSync } from "node:child_process";
import { basename } from "node:path";
import { asUser, nobody } from "./as-user.ts";
import { inMountNamespace } from "./in-mount-namespace.ts";
import { secondDeviceParent, tmpfsParent } from "./temp-dir.ts";

/** Says why something is not to be had, or `undefined` if it is. */
type Probe = () => string | undefined;

const isRoot: Probe = () => (process.getuid?.() === 0 ? undefined : "the tests do not run as root");

const probes = {
  linux: () => (process.platform === "linux" ? undefined : `this is ${process.platform}`),
  /** Modes, owners, symbolic links, signals. */
  posix: () => (process.platform === "win32" ? "this is Windows" : undefined),
  root: isRoot,
  /** Not Bun and not Deno: what is tested is Node's. */
  node: () =>
    process.versions["bun"] === undefined && process.versions["deno"] === undefined
      ? undefined
      : "this is not Node",
  tmpfs: () => (tmpfsParent() === undefined ? "there is no tmpfs at /dev/shm" : undefined),
  "second-device": () =>
    secondDeviceParent() === undefined ? "there is only one device to write to" : undefined,
  "mount-namespace": () =>
    isRoot() ?? reasonIfThrows(() => inMountNamespace({ mounts: [], script: "report(true)" })),
  /** A second user, who can read the built packages. */
  "other-user": () =>
    isRoot() ??
    reasonIfThrows(() =>
      asUser(nobody, { script: `await import("@holdfast/atomic"); report(true);` }),
    ),
  setpriv: () => reasonIfFails("setpriv", ["--version"]),
  strace: () => reasonIfFails("strace", ["-V"]),
} as const satisfies Record<string, Probe>;

export type Need = keyof typeof probes;

const answers = new Map<Need, string | undefined>();
const listed = new Set<string>();

/**
 * Whether a test that needs all of these can run: `describe.runIf(needs("root", "linux"))(…)`.
 * Otherwise one line says that it was skipped; on CI, as root on Linux, it throws.
 */
export function needs(...all: readonly Need[]): boolean {
  const reasons = all.flatMap((need) => {
    if (!answers.has(need)) answers.set(need, probes[need]());
    const reason = answers.get(need);
    return reason === undefined ? [] : [`${need}: ${reason}`];
  });
  return decide(reasons, callerOf(needs), {
    mayNotSkip:
      Boolean(process.env["CI"]) && process.platform === "linux" && process.getuid?.() === 0,
  });
}

/** What follows from the reasons against running: apart from the probes, so that it can be tested. */
export function decide(
  reasons: readonly string[],
  where: string,
  { mayNotSkip, list = console.log }: { mayNotSkip: boolean; list?: (line: string) => void },
): boolean {
  if (reasons.length === 0) return true;
  const line = `skipped: ${where}: ${reasons.join("; ")}`;
  if (mayNotSkip) throw new Error(`on CI nothing is skipped, but would be ${line}`);
  if (!listed.has(line)) list(line);
  listed.add(line);
  return false;
}

/** The test file that asks. */
function callerOf(asked: (...args: never[]) => unknown): string {
  const holder: { stack?: string } = {};
  Error.captureStackTrace(holder, asked);
  const file = /(?:file:\/\/|\()?([^\s()]+?\.test\.ts)/.exec(holder.stack ?? "")?.[1];
  return file === undefined ? "a test" : basename(file);
}

function reasonIfThrows(run: () => unknown): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    return (error as Error).message
      .trim()
      .replaceAll(/\s*\n\s*/g, " | ")
      .slice(0, 200);
  }
}

function reasonIfFails(command: string, args: readonly string[]): string | undefined {
  const { status, error } = spawnSync(command, args, { stdio: "ignore" });
  if (error !== undefined) return error.message;
  return status === 0 ? undefined : `${command} ends with ${status}`;
}
