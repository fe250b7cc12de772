import type { Stats } from "node:fs";
import { callsThrough, hasSync, type MakeCall } from "./calls-through.ts";
import type { Face, Place } from "./conformance-case.ts";
import { failureOf } from "./error-shape.ts";
import { fingerprint, treeOf } from "./snapshot.ts";
import { expectsFailure, observed, type Step } from "./step.ts";
import { severalCalls, singleCalls, type Situation } from "./step-calls.ts";
import type { Path } from "../calls/call.ts";
import { pathOf, shownName } from "./words.ts";

/** One run of a script: its variables, and the calls that are made for it. */
export class ScriptRun implements Situation {
  readonly call: MakeCall;
  readonly #place: Place;
  /** For looking at what a step did, without waiting where that can be had. */
  readonly #look: MakeCall;
  readonly #descriptors = new Map<string, unknown>();
  /** A number that was closed may be somebody else's by now: it is not closed again. */
  readonly #closed = new Set<string>();
  /** The paths of the step that is done. */
  #paths: Path[] = [];
  #realDir = "";

  constructor(place: Place, face: Face) {
    this.#place = place;
    this.call = callsThrough(place.fs, face);
    this.#look = hasSync(place.fs) ? callsThrough(place.fs, "sync") : this.call;
  }

  /** Does all steps, and says what came of each. */
  async run(steps: readonly Step[]): Promise<string[]> {
    this.#realDir = String(await this.#look("realpath", this.#place.dir));
    const lines: string[] = [];
    for (const step of steps) lines.push(observed(step, await this.#outcome(step)));
    await this.#closeAll();
    return lines;
  }

  path(word: string): Path {
    return this.given(this.#resolve(word));
  }

  given(path: Path): Path {
    this.#paths.push(path);
    return path;
  }

  descriptor(name: string): unknown {
    if (!this.#descriptors.has(name)) throw new Error(`nothing was opened as ${name}`);
    return this.#descriptors.get(name);
  }

  shown(path: string | Buffer): string {
    const text = shownName(path);
    for (const base of [this.#place.dir, this.#realDir]) {
      if (text === base) return ".";
      if (text.startsWith(`${base}/`)) return text.slice(base.length + 1);
    }
    return text;
  }

  #resolve(word: string): Path {
    const { dir, secondDevice, smallDevice } = this.#place;
    if (word.startsWith("second:")) return pathOf(word.slice(7), secondDevice!);
    if (word.startsWith("small:")) return pathOf(word.slice(6), smallDevice!);
    if (word.startsWith("fd:")) return this.#descriptorPath(word.slice(3));
    return word === "." ? dir : pathOf(word, dir);
  }

  /** `"f/x"`: `x` in what is open as `f`, wherever that is by now. */
  #descriptorPath(word: string): Path {
    const [name = "", ...rest] = word.split("/");
    const open = this.descriptor(name);
    const number = typeof open === "number" ? open : (open as { readonly fd: number }).fd;
    const path = `/proc/self/fd/${number}`;
    return rest.length === 0 ? path : pathOf(rest.join("/"), path);
  }

  /** `undefined` if nothing in particular is expected, and it went well. */
  async #outcome(step: Step): Promise<string | undefined> {
    const before = expectsFailure(step) ? await this.#fingerprint() : undefined;
    try {
      const result = await this.#do(step);
      if (step.expected === undefined) return undefined;
      if (result === undefined) return "ok";
      return typeof result === "string" ? result : JSON.stringify(result);
    } catch (error) {
      const failure = failureOf(
        error,
        step.call,
        step.call in singleCalls ? this.#paths : undefined,
      );
      if (before === undefined || before === (await this.#fingerprint())) return failure;
      return `${failure}, but changed something`;
    }
  }

  async #do({ call, words, keepAs }: Step): Promise<unknown> {
    this.#paths = [];
    switch (call) {
      case "tree":
        return await treeOf(this.#look, String(this.#resolve(words[0] ?? ".")));
      case "same":
        return await this.#same(words);
      case "touches":
        return await this.#touches(words);
      default:
        return await this.#make({ call, words, keepAs });
    }
  }

  async #make({ call, words, keepAs }: Pick<Step, "call" | "words" | "keepAs">): Promise<unknown> {
    const does = singleCalls[call] ?? severalCalls[call];
    if (does === undefined) throw new TypeError(`a script says ${call}`);
    if (call === "close") this.#closed.add(words[0]!);
    const result = await does(this, ...words);
    if (call !== "open") return result;
    this.#descriptors.set(keepAs ?? `unnamed ${this.#descriptors.size}`, result);
    return undefined; // which number it is says nothing
  }

  /** `same a b`: whether two names lead to one inode. */
  async #same(words: readonly string[]): Promise<string> {
    const [one, other] = await Promise.all(
      words.map(async (word) => (await this.#look(lookingAt(word), this.#resolve(word))) as Stats),
    );
    return one!.dev === other!.dev && one!.ino === other!.ino ? "same" : "different";
  }

  /**
   * `touches d f : unlink d/f`: which times (of modification, of status change) of `d` and `f` a call
   * changes. They are set to long ago first; those of status change cannot be set, so this waits until
   * the clock of the file system has gone on.
   */
  async #touches(words: readonly string[]): Promise<string> {
    const at = words.indexOf(":");
    const [call = "", ...rest] = words.slice(at + 1);
    const watched = words.slice(0, at).map((word) => ({ word, path: this.#resolve(word) }));
    for (const { word, path } of watched) {
      await this.#look(isDescriptor(word) ? "utimes" : "lutimes", path, 1, 1);
    }
    await new Promise((resolve) => setTimeout(resolve, clockTickMs));
    const before = await this.#times(watched);
    const failure = await this.#failureOf(call, rest);
    const after = await this.#times(watched);
    const touched = watched.flatMap(({ word }, index) => {
      const [old, fresh] = [before[index], after[index]];
      if (fresh === undefined) return [`${word}:gone`];
      return [
        ...(old?.mtimeMs === fresh.mtimeMs ? [] : [`${word}:mtime`]),
        ...(old?.ctimeMs === fresh.ctimeMs ? [] : [`${word}:ctime`]),
      ];
    });
    const all = touched.length === 0 ? "nothing" : touched.join(" ");
    return failure === undefined ? all : `${failure}, ${all}`;
  }

  /** Makes a call only for what it does besides. */
  async #failureOf(call: string, words: readonly string[]): Promise<string | undefined> {
    try {
      await this.#make({ call, words, keepAs: undefined });
      return undefined;
    } catch (error) {
      return failureOf(error, call, call in singleCalls ? this.#paths : undefined);
    }
  }

  #times(
    watched: readonly { readonly word: string; readonly path: Path }[],
  ): Promise<(Stats | undefined)[]> {
    return Promise.all(
      watched.map(async ({ word, path }) => {
        try {
          return (await this.#look(lookingAt(word), path)) as Stats;
        } catch {
          return undefined; // gone is an answer
        }
      }),
    );
  }

  async #fingerprint(): Promise<string> {
    const { dir, secondDevice } = this.#place;
    const here = await fingerprint(this.#look, dir);
    return secondDevice === undefined ? here : here + (await fingerprint(this.#look, secondDevice));
  }

  async #closeAll(): Promise<void> {
    for (const [name, file] of this.#descriptors) {
      // Left open on purpose: the case is over, and not about this call.
      if (!this.#closed.has(name)) await this.call("close", file).catch(() => {});
    }
  }
}

/** `"fd:f"`: what is meant is what is open, and not its name in `/proc`. */
const isDescriptor = (word: string): boolean => /^fd:[^/]*$/.test(word);

const lookingAt = (word: string): string => (isDescriptor(word) ? "stat" : "lstat");

// The tick of CONFIG_HZ=100, twice: before Linux 6.13 times go on at ticks only.
const clockTickMs = 20;
