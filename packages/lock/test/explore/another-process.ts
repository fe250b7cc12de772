/**
 * Contenders that are processes of their own as far as memory goes: each is the package and all that it
 * is made of once more, from the source, and shares no queue and no registry with another one.
 */

import * as crypto from "node:crypto";
import * as fs from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { compileFunction } from "node:vm";
import { rolldown } from "rolldown";
import type * as lock from "./whole-package.ts";

export type LockPackage = typeof lock;

export interface ProcessOptions {
  /**
   * Names it, and is where its random numbers start: a schedule that is played twice must meet the same
   * names twice, or the explorer could not tell which calls depend on each other.
   */
  readonly name: string;
  /** `"elsewhere"`: of another boot, so that nobody here can judge it, nor it anybody here. */
  readonly boot?: "here" | "elsewhere";
}

const bootId = "/proc/sys/kernel/random/boot_id";
/** Who runs out later than this is a heartbeat that no schedule gets to. */
const neverMs = 1_000_000;
/** What takes listeners off `process` again, which here has none. */
const tidying = "uninstallIfIdle";

const parameters = ["exports", "require", "process", "Math", "setTimeout", "setInterval"] as const;
const evaluate = compileFunction(await bundled(), [...parameters], {
  filename: "another-process.cjs",
}) as (...args: unknown[]) => void;

async function bundled(): Promise<string> {
  const build = await rolldown({
    cwd: fileURLToPath(new URL("../..", import.meta.url)),
    input: "test/explore/whole-package.ts",
    platform: "node",
    external: /^node:/,
  });
  try {
    return (await build.generate({ format: "cjs" })).output[0].code;
  } finally {
    await build.close();
  }
}

/** A process that has just been started. */
export function anotherProcess({ name, boot = "here" }: ProcessOptions): LockPackage {
  const exported = {};
  const random = numbersFrom(name);
  const modules: Readonly<Record<string, unknown>> = {
    "node:crypto": { ...crypto, ...randomFrom(random) },
    "node:fs": boot === "here" ? fs : onAnotherBoot(),
  };
  const require = createRequire(import.meta.url);
  evaluate(
    exported,
    (id: string): unknown => modules[id] ?? require(id),
    quiet(process),
    Object.assign(Object.create(Math) as object, { random: () => random() / 2 ** 32 }),
    // The timers of the moment: the explorer puts its own in their place.
    (call: () => void, ms: number) => start(() => setTimeout(call, ms), ms, call),
    (call: () => void, ms: number) => start(() => setInterval(call, ms), ms, call),
  );
  return exported as LockPackage;
}

function start(timer: () => NodeJS.Timeout, ms: number, { name }: () => void): unknown {
  if (ms < neverMs && name !== tidying) return timer();
  const inert = { ref: () => inert, unref: () => inert, hasRef: () => false };
  return inert;
}

/** It never ends as long as the tests run, and there are thousands of it. */
function quiet(real: NodeJS.Process): NodeJS.Process {
  const names: ReadonlySet<PropertyKey> = new Set(["on", "once", "off", "prependListener"]);
  return new Proxy(real, {
    get: (target, key) => {
      const value: unknown = Reflect.get(target, key);
      if (names.has(key)) return () => real;
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}

function onAnotherBoot(): typeof fs {
  const readFileSync = (path: string, ...rest: []): unknown =>
    path === bootId ? "00000000-0000-4000-8000-000000000000\n" : fs.readFileSync(path, ...rest);
  const other = { ...fs, readFileSync } as typeof fs;
  return { ...other, default: other } as typeof fs;
}

/** The same numbers for the same name: mulberry32. */
function numbersFrom(name: string): () => number {
  let state = crypto.createHash("sha256").update(name).digest().readUInt32LE();
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
}

function randomFrom(random: () => number): Partial<typeof crypto> {
  const randomBytes = (size: number): Buffer =>
    Buffer.from(Array.from({ length: size }, () => random() & 0xff));
  const refuse = (): never => {
    throw new Error("another-process.ts: a source of random numbers that is not in hand");
  };
  return {
    randomBytes: randomBytes as typeof crypto.randomBytes,
    randomUUID: refuse,
    randomInt: refuse,
    randomFillSync: refuse,
    getRandomValues: refuse,
  };
}
