import { AssertionError } from "node:assert";
import { isDeepStrictEqual } from "node:util";
import { invalidCombination } from "@holdfast/fs/steps";
import type { ConformanceCase, Face, Need, Place } from "./conformance-case.ts";
import { hasSync } from "./calls-through.ts";
import { ScriptRun } from "./script-run.ts";
import { observed, parseStep, type Step } from "./step.ts";

interface Source {
  readonly name: string;
  readonly group: string;
  readonly face: Face;
  readonly program: { readonly uid: number; readonly gid: number; readonly umask: number };
  readonly usual: readonly string[];
  readonly lines: readonly string[];
}

const byRoot = "root: ";

/** A case whose steps are lines of text. */
export class ScriptedCase implements ConformanceCase {
  readonly name: string;
  readonly group: string;
  readonly face: Face;
  readonly needs: readonly Need[];
  readonly script: readonly string[];
  readonly expected: readonly string[];
  readonly prepare?: (place: Pick<Place, "fs" | "dir">) => Promise<void>;
  readonly #steps: readonly Step[];
  readonly #usual: readonly Step[];

  constructor({ name, group, face, program, usual, lines }: Source) {
    this.name = name;
    this.group = group;
    this.face = face;
    const filled = lines.map((line) => fillIn(line, program));
    const before = filled.filter((line) => line.startsWith(byRoot));
    this.script = filled.filter((line) => !line.startsWith(byRoot));
    this.#steps = this.script.map(parseStep);
    this.#usual = usual.map(parseStep);
    this.expected = this.#steps.map((step) => observed(step, step.expected));
    this.needs = needsOf(this.script, before.length > 0);
    if (before.length > 0) {
      const steps = before.map((line) => parseStep(line.slice(byRoot.length)));
      this.prepare = (place) => this.#must(place, steps);
    }
  }

  async run(place: Place): Promise<readonly string[]> {
    const { dir, secondDevice, smallDevice } = place;
    if (typeof dir !== "string" || !dir.startsWith("/")) {
      throw invalidCombination(this.name, `"dir" must be an absolute path`);
    }
    if (this.needs.includes("second-device") && secondDevice === undefined) {
      throw invalidCombination(this.name, `"secondDevice" is needed`);
    }
    if (this.needs.includes("small-device") && smallDevice === undefined) {
      throw invalidCombination(this.name, `"smallDevice" is needed`);
    }
    await this.#must(place, this.#usual);
    return await new ScriptRun(place, this.face).run(this.#steps);
  }

  async check(place: Place): Promise<void> {
    const actual = await this.run(place);
    if (isDeepStrictEqual(actual, this.expected)) return;
    const lines = this.expected.flatMap((line, index) =>
      actual[index] === line ? [`  ${line}`] : [`- ${line}`, `+ ${actual[index]}`],
    );
    const message = `${this.name}\n\nexpected (-) and observed (+):\n\n${lines.join("\n")}\n`;
    throw new AssertionError({
      message,
      actual,
      expected: this.expected,
      operator: "conforms",
    });
  }

  /** What a case begins with has to be there: without it, it would be another case. */
  async #must(place: Place, steps: readonly Step[]): Promise<void> {
    const lines = await new ScriptRun(place, hasSync(place.fs) ? "sync" : this.face).run(steps);
    const failed = lines.filter((line, index) => line !== steps[index]!.text);
    if (failed.length > 0) {
      const message = `${this.name}\n\nwhat it begins with could not be made:\n\n${failed.join("\n")}\n`;
      throw new AssertionError({ message, actual: lines, expected: steps.map(({ text }) => text) });
    }
  }
}

/** Puts in who the program is: `{uid}`, `{gid}`, `{666~}` (what the umask leaves), ` | root: `. */
function fillIn(line: string, { uid, gid, umask }: Source["program"]): string {
  const [general = "", ofRoot] = line.split(" | root: ");
  const arrow = general.lastIndexOf(" -> ");
  const chosen =
    ofRoot === undefined || uid !== 0 ? general : `${general.slice(0, arrow)} -> ${ofRoot}`;
  return chosen
    .replaceAll("{uid}", String(uid))
    .replaceAll("{gid}", String(gid))
    .replaceAll(/\{([0-7]+)~\}/g, (_, mode: string) =>
      (Number.parseInt(mode, 8) & ~umask).toString(8),
    );
}

function needsOf(lines: readonly string[], preparation: boolean): Need[] {
  const says = (word: string): boolean => lines.some((line) => line.includes(` ${word}:`));
  return [
    ...(preparation ? (["preparation"] as const) : []),
    ...(says("second") ? (["second-device"] as const) : []),
    ...(says("small") ? (["small-device"] as const) : []),
    ...(says("fd") ? (["descriptor-paths"] as const) : []),
  ];
}
