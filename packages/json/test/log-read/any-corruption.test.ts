import { Buffer } from "node:buffer";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readAll, unaccounted, type ReadLog } from "./reading.ts";

const json = fc.jsonValue({ maxDepth: 3, stringUnit: "grapheme" });
const bracketed = fc.oneof(
  fc.string({ unit: fc.constantFrom("{", "}", "[", "]", '"', ",", ":", "\\", "ä", "😀", " ") }),
  fc.string({ unit: "grapheme" }),
);
const value = fc
  .oneof(
    fc.dictionary(bracketed, fc.oneof(json, bracketed), { minKeys: 1 }),
    fc.array(fc.oneof(json, bracketed)),
    json,
  )
  .map((one): unknown => JSON.parse(JSON.stringify(one)));

/** What happens to a line on its way. */
type Damage =
  | { readonly kind: "none" }
  | { readonly kind: "cut" | "glue"; readonly at: number }
  | { readonly kind: "flip"; readonly at: number; readonly bit: number }
  | { readonly kind: "insert"; readonly at: number; readonly bytes: Uint8Array };

const damage: fc.Arbitrary<Damage> = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Damage>({ kind: "none" }) },
  fc.record({ kind: fc.constantFrom("cut", "glue"), at: fc.nat() }),
  fc.record({ kind: fc.constant("flip" as const), at: fc.nat(), bit: fc.nat(7) }),
  fc.record({
    kind: fc.constant("insert"),
    at: fc.nat(),
    bytes: fc.oneof(
      fc.uint8Array({ minLength: 1, maxLength: 12 }),
      bracketed.map((text) => Buffer.from(text)),
    ),
  }),
);

const line = fc.record({
  value,
  damage,
  end: fc.constantFrom("\n", "\n", "\r\n", "\n\n", "\r\n \n"),
});

interface Written {
  readonly content: Buffer;
  /** Lines that nothing happened to, and whose neighbours did not run into them. */
  readonly intact: readonly { readonly value: unknown; readonly offset: number }[];
}

interface Line {
  readonly value: unknown;
  readonly damage: Damage;
  readonly end: string;
}

function write(lines: readonly Line[]): Written {
  const parts: Buffer[] = [];
  const intact: { value: unknown; offset: number }[] = [];
  let offset = 0;
  let isFresh = true;
  for (const { value: one, damage: what, end } of lines) {
    const whole = Buffer.from(JSON.stringify(one) + end);
    const bytes = damaged(whole, what);
    const isIntact = bytes === whole;
    if (isIntact && isFresh) intact.push({ value: one, offset });
    parts.push(bytes);
    offset += bytes.length;
    isFresh = isIntact || bytes.at(-1) === 0x0a;
  }
  return { content: Buffer.concat(parts), intact };
}

function damaged(whole: Buffer, what: Damage): Buffer {
  if (what.kind === "none") return whole;
  const text = whole.length - (whole.at(-2) === 0x0d ? 2 : 1);
  const at = what.at % whole.length;
  if (what.kind === "cut") return Buffer.concat([whole.subarray(0, at)]);
  // Also without its line end alone.
  if (what.kind === "glue") return Buffer.concat([whole.subarray(0, text)]);
  if (what.kind === "insert") {
    return Buffer.concat([whole.subarray(0, at), what.bytes, whole.subarray(at)]);
  }
  const flipped = Buffer.from(whole);
  flipped[at]! ^= what.kind === "flip" ? 1 << what.bit : 0;
  return flipped;
}

function parsedOrNothing(text: string): unknown[] {
  try {
    return [JSON.parse(text)];
  } catch {
    return [];
  }
}

function assertAccount(log: ReadLog, content: Buffer): void {
  // What is left over are empty lines, and a mark at the start.
  for (const [start, end] of unaccounted(log, content.length)) {
    const rest = content.subarray(start, end).toString();
    expect(start === 0 ? rest.replace("\ufeff", "") : rest).toMatch(/^\s*$/);
  }
  const { report } = log;
  expect(report.records).toBe(log.records.length);
  expect(report.droppedBytes).toBe(report.dropped.reduce((sum, { length }) => sum + length, 0));
  for (const { value: one, offset, length } of log.records) {
    const raw = content.subarray(offset, offset + length);
    expect(JSON.parse(raw.toString())).toEqual(one);
  }
}

const runs = Number(process.env["HOLDFAST_LOG_RUNS"] ?? 1);

describe("any damage", () => {
  for (const policy of ["recover", "skip"] as const) {
    test(`${policy} reads every line that is whole`, { timeout: 120_000 * runs }, async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(line, { minLength: 1, maxLength: 8 }), async (lines) => {
          const { content, intact } = write(lines);
          const log = await readAll(content, { policy });
          assertAccount(log, content);
          const found = new Map(log.records.map(({ value: one, offset }) => [offset, one]));
          for (const { value: one, offset } of intact) {
            // A number or a word without a line end may have been longer.
            const isAtEnd = !content.subarray(offset).includes(0x0a);
            if (isAtEnd && (typeof one !== "object" || one === null)) continue;
            expect(found.has(offset), `at ${offset} of ${content.toString()}`).toBe(true);
            expect(found.get(offset)).toEqual(one);
          }
        }),
        { numRuns: 800 * runs },
      );
    });
  }

  test("any bytes at all", { timeout: 120_000 * runs }, async () => {
    const units = ["{", "}", "[", "]", '"', ",", ":", "\\", "1", "e", "\n", " ", "true", '{"a":'];
    const any = fc.oneof(
      fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
      fc
        .string({ unit: fc.constantFrom(...units), maxLength: 80 })
        .map((text) => Buffer.from(text)),
    );
    await fc.assert(
      fc.asyncProperty(any, async (content) => {
        for (const policy of ["recover", "skip"] as const) {
          assertAccount(await readAll(content, { policy }), content);
        }
      }),
      { numRuns: 1500 * runs },
    );
  });

  test(
    "a search finds what JSON.parse takes, and nothing else",
    { timeout: 120_000 * runs },
    async () => {
      await fc.assert(
        fc.asyncProperty(value, fc.nat(), bracketed, async (one, place, text) => {
          const whole = JSON.stringify([one]);
          const at = place % (whole.length + 1);
          const joined = whole.slice(0, at) + text + whole.slice(at);
          const changed = Buffer.from(joined).toString(); // a pair may have been taken apart
          // Without a newline it is a record only if the search says so, not JSON.parse.
          const log = await readAll(changed);
          const parsed = parsedOrNothing(changed);
          expect(parsed.length === 0 ? log.report.recovered : log.values).toEqual(
            parsed.length === 0 ? log.records.length : parsed,
          );
        }),
        { numRuns: 800 * runs },
      );
    },
  );
});
