/** What the compiler makes of calls: these are checked by it, and run only to show that they agree. */

import { type } from "arktype";
import * as v from "valibot";
import { describe, expectTypeOf, it } from "vitest";
import { z } from "zod";
import { openRoot, type Root } from "@holdfast/root";
import { readJsonLog, type JsonLogReader, type LogTarget } from "../../src/index.ts";

interface Entry {
  at: number;
  text: string;
}

const zod = z.object({ at: z.number().default(1), text: z.string() });
const valibot = v.object({ at: v.number(), text: v.string() });
const ark = type({ at: "number", text: "string" });
const plain = (value: unknown): Entry => value as Entry;
const later = async (value: unknown): Promise<Entry> => value as Entry;

/** Never called: the calls are for the compiler. */
async function reading(): Promise<void> {
  expectTypeOf(readJsonLog("a")).toEqualTypeOf<JsonLogReader>();
  expectTypeOf(readJsonLog<Entry>("a")).toEqualTypeOf<JsonLogReader<Entry>>();
  for (const reader of [
    readJsonLog("a", { validate: zod }),
    readJsonLog("a", { validate: valibot, policy: "strict" }),
    readJsonLog("a", { validate: ark }),
    readJsonLog("a", { validate: plain }),
    readJsonLog("a", { validate: later }),
  ]) {
    expectTypeOf(reader).toEqualTypeOf<JsonLogReader<Entry>>();
  }
  expectTypeOf(readJsonLog("a", { validate: ark })).toEqualTypeOf<JsonLogReader<Entry>>();
  const texts = readJsonLog("a", { validate: (value) => String(value) });
  for await (const { value } of texts) expectTypeOf(value).toEqualTypeOf<string>();
  // @ts-expect-error -- misspelt
  readJsonLog("a", { polciy: "strict" });
}

/** A wrapper of somebody's, generic itself. */
async function generic<T>(path: string, validate: (value: unknown) => T): Promise<T[]> {
  const values: T[] = [];
  for await (const { value } of readJsonLog(path, { validate })) values.push(value);
  return values;
}

describe("types", () => {
  it("are inferred from what validates", () => {
    for (const calls of [reading, generic]) expectTypeOf(calls).toBeFunction();
  });

  it("fit real roots", () => {
    expectTypeOf(openRoot).returns.resolves.toExtend<Root>();
    expectTypeOf<{ root: Root; path: string }>().toExtend<LogTarget>();
  });
});
