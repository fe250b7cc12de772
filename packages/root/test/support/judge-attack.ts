/** What must be true of a call that was attacked. */

import assert from "node:assert/strict";
import { isHoldfastError, type Containment, type HoldfastError } from "../../src/index.ts";
import type { AttackedProgram } from "./attacked-programs.ts";
import { canarySeconds, type World, type WorldFileSystem } from "./attack-world.ts";

/** How a call ended. */
export type Outcome = { readonly got: unknown } | { readonly error: unknown };

export interface Facts {
  readonly program: AttackedProgram;
  readonly containment: Containment;
  readonly outcome: Outcome;
  /** What the canaries were. */
  readonly canaries: readonly string[];
  /** What the rest would be if only the attacker had been there. */
  readonly untouched: readonly string[];
  /** Whether anybody attacked. */
  readonly attacked: boolean;
}

/** @throws if anything got out, or if the call does not say the truth about what it did */
export function judge(world: World, fs: WorldFileSystem, facts: Facts): void {
  const { program, containment, outcome, attacked, untouched } = facts;
  const error = "error" in outcome ? properError(outcome.error) : undefined;
  const detected =
    containment === "identity" &&
    error?.code === "ERR_CHANGED" &&
    (error.effect === "unknown" || error.effect === "partial");
  const seen = world.look(fs);
  if (!detected) assertStayedInside(seen, facts);
  if (!attacked) assert.equal(error?.code ?? "ok", program.ends ?? "ok", String(error));
  const briefs = seen.others.map(({ brief }) => brief);
  if (error === undefined) {
    const { mark } = program;
    const marked = (lines: readonly string[]): number =>
      lines.filter((line) => mark?.test(line)).length;
    const done = mark === undefined || marked(briefs) > marked(untouched);
    assert.ok(done, `nothing says ${String(mark)}`);
  } else if (error.effect === "none") {
    assertUnchanged(briefs, untouched, program, error);
  }
}

/** @throws if anything outside was changed or told */
export function assertStayedInside(
  seen: ReturnType<World["look"]>,
  { program, outcome, canaries }: Pick<Facts, "program" | "outcome" | "canaries">,
): void {
  if ("got" in outcome) assertKeepsSecrets(outcome.got);
  const [found, expected] = [seen.canaries, canaries].map((lines) =>
    program.names === true ? lines.map(withoutLinks) : lines,
  );
  assert.deepEqual(found, expected, "a canary was changed");
  const contents = seen.others.map(({ content }) => content);
  assertKeepsSecrets(contents.filter((content) => content !== "canary linked"));
}

function assertUnchanged(
  found: readonly string[],
  expected: readonly string[],
  { mayLeave }: AttackedProgram,
  error: HoldfastError,
): void {
  const gone = expected.filter((line) => !found.includes(line));
  // What could not be tidied away is named, and nothing else is there.
  const more = found.filter(
    (line) => !expected.includes(line) && !isNamed(line, error) && mayLeave?.test(line) !== true,
  );
  assert.deepEqual({ more, gone }, { more: [], gone: [] }, `effect "none", but ${error}`);
}

function isNamed(line: string, { leftovers }: HoldfastError): boolean {
  const path = line.slice(0, line.indexOf(" "));
  return leftovers.some((left) => path.endsWith(left.slice(left.lastIndexOf("/"))));
}

function properError(error: unknown): HoldfastError {
  if (isHoldfastError(error)) return error;
  throw new Error(`not an error of ours: ${String(error)}`, { cause: error });
}

const withoutLinks = (line: string): string =>
  line.includes("/linked.txt") ? line.replace(/nlink=\d+/, "") : line;

/** @throws if anything in it is of a canary: its content, the name of something, its stats */
function assertKeepsSecrets(got: unknown): void {
  for (const part of partsOf(got)) {
    if (typeof part === "string") assert.ok(!part.includes("canary"), `it gave away ${part}`);
    else assert.notEqual(part, canarySeconds * 1000, "it gave away the stats of a canary");
  }
}

function* partsOf(value: unknown): Generator<string | number> {
  if (typeof value === "bigint") yield Number(value);
  else if (typeof value === "number" || typeof value === "string") yield value;
  else if (value instanceof Date) yield value.getTime();
  else if (value instanceof Uint8Array) yield Buffer.from(value).toString("latin1");
  else if (typeof value === "object" && value !== null) {
    for (const part of Object.values(value)) yield* partsOf(part);
  }
}
