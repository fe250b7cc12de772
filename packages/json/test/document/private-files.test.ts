/** What only its owner may read is not for logs: no message says what is in it. */

import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type } from "arktype";
import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { needs } from "../../../atomic/test/support/needs.ts";
import { twice, type Functions, type Outcome } from "./support/twice.ts";

const secret = "sk-SECRET";
const text = JSON.stringify({ user: { token: secret } });

const throwing = (value: unknown): never => {
  throw new Error(`this is no token: ${JSON.stringify(value)}`);
};
const later = async (value: unknown): Promise<never> => throwing(value);

const validators: readonly (readonly [name: string, validate: unknown, path: string])[] = [
  ["valibot", v.object({ user: v.object({ token: v.picklist(["a"]) }) }), "value.user.token"],
  ["arktype", type({ user: { token: "'a'" } }), "value.user.token"],
  [
    "zod",
    z.object({
      user: z.object({ token: z.string().refine(() => false, { error: (i) => `no: ${i.input}` }) }),
    }),
    "value.user.token",
  ],
  ["a function", throwing, '"validate" threw'],
];

const at = (
  mode: number,
  call: (json: Functions, path: string) => unknown,
  content: string | undefined = text,
): Promise<Outcome> =>
  twice(
    (json, dir) => call(json, join(dir, "a.json")),
    (dir) => {
      if (content === "") return;
      writeFileSync(join(dir, "a.json"), content);
      chmodSync(join(dir, "a.json"), mode);
    },
  );

function proveSilent({ error }: Outcome, path: string): void {
  expect(error).toMatchObject({ code: "ERR_JSON_INVALID", effect: "none" });
  expect(error?.message).toContain(path);
  expect(`${error?.message}${error?.stack}`).not.toContain(secret);
  expect(JSON.stringify(error?.["issues"])).toContain(secret);
}

describe.runIf(needs("posix"))("a private file", () => {
  it.each(validators)("is not quoted in messages about what %s says", async (_, validate, path) => {
    const calls: readonly ((json: Functions, path: string) => unknown)[] = [
      (json, file) => json.readJson(file, { validate }),
      (json, file) => json.readJsonIfExists(file, { validate }),
      (json, file) => json.updateJson(file, (value) => value, { validate }),
    ];
    for (const call of calls) {
      proveSilent(await at(0o600, call), path);
      const open = await at(0o644, call);
      expect(open.error?.message).toContain(secret);
    }
  });

  it("is not quoted where what would be written is refused", async () => {
    const validate = v.object({ user: v.object({ token: v.picklist(["a"]) }) });
    const change = (): unknown => JSON.parse(text);
    const good = JSON.stringify({ user: { token: "a" } });
    const changed = await at(0o600, (json, f) => json.updateJson(f, change, { validate }), good);
    proveSilent(changed, "value.user.token");
    const made = { validate, mode: 0o600 };
    proveSilent(await at(0, (json, f) => json.updateJson(f, change, made), ""), "value.user.token");
    proveSilent(await at(0o644, (json, f) => json.updateJson(f, change, made), good), "user.token");
    const open = await at(0, (json, f) => json.updateJson(f, change, { validate }), "");
    expect(open.error?.message).toContain(secret);
  });

  it("is not quoted either by what a promise says", async () => {
    const [json, path] = [await import("../../src/index.ts"), join((await at(0o600, () => 1)).dir)];
    const error: unknown = await json
      .readJson(join(path, "a.json"), { validate: later })
      .catch((thrown: unknown) => thrown);
    proveSilent({ error, dir: path, files: {} } as Outcome, '"validate" threw');
    expect((error as Error).cause).toBeInstanceOf(Error);
  });
});
