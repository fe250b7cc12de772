import { Operation, Refusal, runAsync, runSync } from "@holdfast/fs/steps";
import { type } from "arktype";
import * as v from "valibot";
import { describe, expect, expectTypeOf, test } from "vitest";
import { z } from "zod";
import type { JsonInvalidError } from "../../src/document/errors.ts";
import type { StandardSchema, Validate } from "../../src/document/schema.ts";
import { readValidate, validateValue } from "../../src/document/validate-value.ts";

const op = "readJson";

/** A value checked in both runs. */
function sync<Value>(validate: Validate<Value> | undefined, value: unknown): Value {
  const operation = new Operation({ op, path: "a.json" });
  return runSync(validateValue(validate, value, operation), operation);
}
function async<Value>(
  validate: Validate<Value> | undefined,
  value: unknown,
  signal?: AbortSignal,
): Promise<Value> {
  const operation = new Operation({ op, path: "a.json", signal });
  return runAsync(validateValue(validate, value, operation), operation);
}

/** What both runs throw. */
async function invalid(validate: Validate<unknown>, value: unknown): Promise<JsonInvalidError> {
  const [error, other] = [thrownBy(() => sync(validate, value)), await rejection(validate, value)];
  expect(other.message).toBe(error.message);
  expect(other.issues).toEqual(error.issues);
  expect(error).toMatchObject({ code: "ERR_JSON_INVALID", kind: "state", op, path: "a.json" });
  expect(error.effect).toBe("none");
  return error;
}

async function rejection(validate: Validate<unknown>, value: unknown): Promise<JsonInvalidError> {
  return async(validate, value).then(
    () => expect.unreachable(),
    (error: unknown) => error as JsonInvalidError,
  );
}

function thrownBy(run: () => unknown): JsonInvalidError {
  try {
    run();
  } catch (error) {
    return error as JsonInvalidError;
  }
  return expect.unreachable();
}

interface Settings {
  name: string;
  users: { born: number }[];
}

const libraries: readonly (readonly [string, StandardSchema<Settings>])[] = [
  ["zod", z.object({ name: z.string(), users: z.array(z.object({ born: z.number() })) })],
  ["valibot", v.object({ name: v.string(), users: v.array(v.object({ born: v.number() })) })],
  ["arktype", type({ name: "string", users: type({ born: "number" }).array() })],
];

describe.each(libraries)("%s", (_, schema) => {
  test("takes a value that is right", async () => {
    const value = { name: "a", users: [{ born: 1 }] };
    expect(sync(schema, value)).toEqual(value);
    await expect(async(schema, value)).resolves.toEqual(value);
  });

  test("says what is wrong, and where", async () => {
    const error = await invalid(schema, { name: 1, users: [{ born: 1 }, { born: "x" }] });
    expect(error.issues).toHaveLength(2);
    expect(error.issues.map(({ path }) => path)).toEqual(
      expect.arrayContaining([["name"], ["users", 1, "born"]]),
    );
    expect(error.issues.every(({ message }) => message.length > 5)).toBe(true);
    expect(error.message).toContain("value.name: ");
    expect(error.message).toContain("value.users[1].born: ");
    expect(error.message).toMatch(
      /the value is not what the schema asks for: .*nothing was changed/,
    );
  });
});

test("what a schema makes of a value is what counts", async () => {
  const defaults = z.object({ port: z.coerce.number().default(80) });
  expect(sync(defaults, {})).toEqual({ port: 80 });
  expect(sync(v.object({ port: v.optional(v.number(), 80) }), {})).toEqual({ port: 80 });
  expect(sync(type({ port: "number = 80" }), {})).toEqual({ port: 80 });
  const morph = type("string.numeric.parse");
  expect(sync(morph, "12")).toBe(12);
  await expect(async(defaults, { port: "8080" })).resolves.toEqual({ port: 8080 });
  expectTypeOf(sync(defaults, {})).toEqualTypeOf<{ port: number }>();
});

const asynchronous: readonly (readonly [string, Validate<string>])[] = [
  ["zod", z.string().refine((text) => Promise.resolve(text === "good"))],
  [
    "valibot",
    v.pipeAsync(
      v.string(),
      v.checkAsync((text) => Promise.resolve(text === "good")),
    ),
  ],
  [
    "a function",
    async (value) => {
      await Promise.resolve();
      if (value === "good") return value;
      throw new Error("it is not good");
    },
  ],
];

describe.each(asynchronous)("asynchronous: %s", (_, validate) => {
  test("is waited for", async () => {
    await expect(async(validate, "good")).resolves.toBe("good");
    const error = await rejection(validate, "bad");
    expect(error).toMatchObject({ code: "ERR_JSON_INVALID", issues: [{ path: [] }] });
  });

  test("is refused in a synchronous run", () => {
    for (const value of ["good", "bad"]) {
      const error = thrownBy(() => sync(validate, value));
      expect(error).toBeInstanceOf(TypeError);
      expect(error).toMatchObject({ code: "ERR_INVALID_ARG" });
      expect(error.message).toMatch(
        /readJson: "validate" answers with a promise, and a synchronous/,
      );
    }
  });
});

test("a function returns the value, or throws", async () => {
  expect(sync((value) => [value], 1)).toEqual([1]);
  expect(sync(() => undefined, 1)).toBeUndefined();
  await expect(async((value) => [value], 1)).resolves.toEqual([1]);
  const cause = new RangeError("no\n\u001b[31mgood");
  const error = await invalid(() => {
    throw cause;
  }, 1);
  expect(error.cause).toBe(cause);
  expect(error.issues).toEqual([{ path: [], message: cause.message }]);
  expect(error.message).toContain('"validate" threw: no\\u000a\\u001b[31mgood');
});

test.each([undefined, null, "text", { message: 1 }, Object.create(null)])(
  "what is thrown need not be an error: %j",
  async (cause) => {
    const error = await invalid(() => {
      throw cause;
    }, 1);
    expect(error.cause).toBe(cause);
    expect(error.issues).toEqual([{ path: [], message: expect.any(String) }]);
  },
);

test("without a schema the value is as it is", async () => {
  // oxlint-disable-next-line unicorn/no-thenable -- it is what is tested
  const value = { then: () => {} };
  expect(sync(undefined, value)).toBe(value);
  expect(sync((each) => each, 1)).toBe(1);
  await expect(async(undefined, 1)).resolves.toBe(1);
});

const standard = (validate: (value: unknown) => unknown): Validate<unknown> =>
  ({ "~standard": { version: 1, vendor: "test", validate } }) as Validate<unknown>;

test("paths are flat, whatever the schema says them with", async () => {
  const symbol = Symbol("s");
  const issues = [
    { message: "one", path: [{ key: "a" }, 0, { key: symbol }, "b c"] },
    { message: "two" },
    { message: "three", path: undefined },
    { message: "four", path: [] },
  ];
  const error = await invalid(
    standard(() => ({ issues })),
    1,
  );
  expect(error.issues).toEqual([
    { path: ["a", 0, symbol, "b c"], message: "one" },
    { path: [], message: "two" },
    { path: [], message: "three" },
    { path: [], message: "four" },
  ]);
  expect(error.message).toContain(
    'value.a[0][Symbol(s)]["b c"]: one; value: two; value: three; and 1 more; nothing was changed',
  );
});

test("a schema is asked as a method of its own", () => {
  const schema = {
    "~standard": {
      answer: 42,
      validate(): unknown {
        return { value: this.answer };
      },
    },
  };
  expect(sync(schema as unknown as Validate<number>, 1)).toBe(42);
});

test.each([undefined, null, 5, { issues: 5 }, { issues: [null] }])(
  "a schema that answers %j is no schema that can be used",
  async (answer) => {
    const error = await invalid(
      standard(() => answer),
      1,
    );
    expect(error.cause).toBeInstanceOf(TypeError);
  },
);

test("a schema that throws has said no", async () => {
  const cause = new Error("broken");
  const error = await invalid(
    standard(() => {
      throw cause;
    }),
    1,
  );
  expect(error.cause).toBe(cause);
  const later = await rejection(
    standard(() => Promise.reject(cause)),
    1,
  );
  expect(later).toMatchObject({ code: "ERR_JSON_INVALID", cause });
});

test("an abort ends the wait, and is no verdict", async () => {
  const controller = new AbortController();
  const never = async(() => new Promise<never>(() => {}), 1, controller.signal);
  controller.abort(new Error("enough"));
  await expect(never).rejects.toMatchObject({ code: "ABORT_ERR", name: "AbortError" });
});

test.each([null, 5, "x", {}, { "~standard": 1 }, { "~standard": {} }, { parse: () => 1 }])(
  "%j is no schema",
  (validate) => {
    for (const run of [
      () => sync(validate as never, 1),
      () => readValidate(op, "validate", validate as never),
    ]) {
      const error = thrownBy(run);
      expect(error).toBeInstanceOf(TypeError);
      expect(error.message).toMatch(
        /^readJson: "validate" must be a Standard Schema or a function/,
      );
      expect(error.code).toBe("ERR_INVALID_ARG");
    }
  },
);

test("long messages are cut, and a value is not in the message", async () => {
  const error = await invalid(
    standard(() => ({ issues: [{ message: "m".repeat(5000), path: ["p".repeat(5000)] }] })),
    { secret: "hunter2" },
  );
  expect(error.message.length).toBeLessThan(500);
  expect(error.message).not.toContain("hunter2");
  expect(error.issues[0]?.message).toHaveLength(5000);
  expect(() => {
    validateValue(
      standard(() => ({ issues: [] })),
      1,
    ).next();
  }).toThrow(Refusal as never);
});
