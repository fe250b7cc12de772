/** Starts somebody else, in a process of his own, who makes two names change places again and again. */

import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync, readSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

type Verb = "exchange" | "renames" | "to and fro";

export interface AttackerOptions {
  /** A directory for the count, apart from what is attacked. */
  readonly folder: string;
  readonly verb: Verb;
  readonly names: readonly [string, string];
  /** The longest sleep between two attacks, in microseconds. Default: 0, none. */
  readonly pauseUs?: number;
}

const program = fileURLToPath(new URL("attacker.pl", import.meta.url));

/** Why there can be no attacker here; `undefined` if there can. */
export function whyNoAttacker(folder: string): string | undefined {
  for (const name of ["one", "two"]) mkdirSync(join(folder, name));
  const tally = join(folder, "probe");
  writeFileSync(tally, Buffer.alloc(8));
  const args = [program, tally, "exchange", "0", join(folder, "one"), join(folder, "two")];
  const { error, stderr } = spawnSync("perl", args, { timeout: 300, encoding: "utf8" });
  if (readFileSync(tally).readBigUInt64LE() > 0n) return undefined;
  return (stderr ?? "") + String(error ?? "nothing was exchanged");
}

export class Attacker {
  /** Whether what somebody puts at one of the names meanwhile can be renamed over. */
  readonly overwrites: boolean;
  private readonly child: ChildProcess;
  private readonly tally: number;
  private readonly buffer = Buffer.alloc(8);
  private stderr = "";
  private ended = false;
  private readonly end: Promise<void>;

  constructor({ folder, verb, names, pauseUs = 0 }: AttackerOptions) {
    this.overwrites = verb !== "exchange";
    const tally = join(folder, "tally");
    writeFileSync(tally, this.buffer);
    this.tally = openSync(tally, "r");
    this.child = spawn("perl", [program, tally, verb, String(pauseUs), ...names], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    this.child.stderr!.on("data", (data) => (this.stderr += String(data)));
    this.end = new Promise((resolve, reject) => {
      this.child.once("error", reject);
      this.child.once("close", () => {
        this.ended = true;
        resolve();
      });
    });
  }

  /** How many attacks have landed so far. */
  get landed(): number {
    readSync(this.tally, this.buffer, 0, 8, 0);
    return Number(this.buffer.readBigUInt64LE());
  }

  /** Resolves when it attacks. */
  async begun(): Promise<void> {
    for (let waited = 0; this.landed === 0; waited++) {
      if (this.ended || waited > 10_000) throw new Error(`no attack landed: ${this.stderr}`);
      await sleep(1);
    }
  }

  async stop(): Promise<void> {
    this.child.kill("SIGKILL");
    await this.end;
    closeSync(this.tally);
  }
}
