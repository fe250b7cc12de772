/** Reading and editing as calls: errors, locks, permissions, what is checked before any I/O. */

import { chmodSync, existsSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { prove } from "../../../atomic/test/crash/prove.ts";
import { needs } from "../../../atomic/test/support/needs.ts";
import { updateJson } from "../../src/index.ts";
import { editJsonc, readJsonc, type JsoncEdit } from "../../src/jsonc.ts";
import { failureOf, forms, name, textIn, withText } from "./forms.ts";

const text = `{
  // the answer
  "a": 42, /* é */ "b": [1, 2,], // two
}
`;

describe.each(forms)("JSON with comments, $form", ({ read, edit }) => {
  it("is read without them", async () => {
    expect(await read(withText(text))).toEqual({ a: 42, b: [1, 2] });
    expect(await read(withText(`\ufeff// only\r\n1 // one`))).toBe(1);
    expect(await read(withText('{"// no": "/* comment */"}'))).toEqual({
      "// no": "/* comment */",
    });
    const value = await read(withText('{"__proto__": {"polluted": true}, // x\n}'));
    expect(Object.keys(value as object)).toEqual(["__proto__"]);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it("is as deep as it likes", async () => {
    const depth = 50_000;
    const dir = withText(`// deep\n${"[".repeat(depth)}${"]".repeat(depth)}`);
    expect(await read(dir)).toBeInstanceOf(Array);
    expect(await edit(dir, [{ path: [-1], value: 1 }])).toHaveLength(2);
  });

  it("is checked by a schema, and returned as that says", async () => {
    const validate = z.object({ a: z.number(), c: z.string().default("x") });
    const dir = withText(text);
    expect(await read(dir, { validate })).toEqual({ a: 42, c: "x" });
    const wrong = edit(dir, [{ path: ["a"], value: "no" }], { validate });
    expect(await failureOf(wrong)).toMatchObject({ code: "ERR_JSON_INVALID", effect: "none" });
    expect(textIn(dir)).toBe(text);
    expect(await edit(dir, [{ path: ["a"], value: 43 }], { validate })).toEqual({ a: 43, c: "x" });
    expect(textIn(dir)).toBe(text.replace("42", "43"));
  });

  it("that is wrong is shown, with the line as it stands in the file", async () => {
    const broken = '{\n  /* é */ "a": 1 "b": 2 // two\n}';
    const dir = withText(broken);
    for (const call of [() => read(dir), () => edit(dir, [{ path: ["a"], value: 2 }])]) {
      const error = (await failureOf(call())) as Record<string, unknown> & Error;
      expect(error).toMatchObject({ code: "ERR_JSON_SYNTAX", effect: "none", line: 2, column: 18 });
      expect(error["offset"]).toBe(Buffer.byteLength(broken.slice(0, broken.indexOf('"b"'))));
      expect(error["excerpt"]).toBe(`  /* é */ "a": 1 "b": 2 // two\n${" ".repeat(17)}^`);
      expect(error.message).toContain("line 2, column 18");
    }
    expect(textIn(dir)).toBe(broken);
    expect(readdirSync(dir)).toEqual([name]);
  });

  it.each([
    ["an empty file", ""],
    ["a comment alone", "// nothing\n"],
    ["a comment that does not end", '{"a": 1} /* open'],
    ["two commas", "[1,,]"],
    ["a comma alone", "[,]"],
    ["a comma behind the end", "[1],"],
    ["a colon and a comma", '{"a":,}'],
    ["a comma behind a key", '{"a",}'],
    ["one quote", "{'a': 1}"],
    ["no quotes", "{a: 1}"],
    ["a hash", "# no\n1"],
    ["a plus", "+1"],
    ["half a comment", "/ 1"],
    ["a comment in a number", "1/* */2"],
    ["a comma too many in a number", "[1,/* */,2]"],
  ])("that is wrong is an error: %s", async (_, wrong) => {
    const dir = withText(wrong);
    expect(await failureOf(read(dir))).toMatchObject({ code: "ERR_JSON_SYNTAX" });
    const changed = edit(dir, [{ path: ["a"], value: 1 }]);
    expect(await failureOf(changed)).toMatchObject({ code: "ERR_JSON_SYNTAX", effect: "none" });
    expect(textIn(dir)).toBe(wrong);
  });

  it("that has no value is told from one that has no comments either", async () => {
    const problems = [
      ["", "the file is empty"],
      ["\n ", "the file is empty but for white space"],
      ["// nothing\n/* yet */\n", "there is nothing but comments"],
    ] as const;
    for (const [content, problem] of problems) {
      const dir = withText(content);
      for (const call of [() => read(dir), () => edit(dir, [{ path: ["a"], value: 1 }])]) {
        expect(String(await failureOf(call()))).toContain(`: ${problem}`);
      }
      expect(textIn(dir)).toBe(content);
    }
  });

  it("that is not UTF-8, too large, or not there is an error", async () => {
    expect(await failureOf(read(withText(new Uint8Array([0x22, 0xff, 0x22]))))).toMatchObject({
      code: "ERR_JSON_SYNTAX",
    });
    expect(await failureOf(read(withText(text), { maxBytes: 8 }))).toMatchObject({
      code: "ERR_TOO_LARGE",
    });
    expect(await failureOf(read(withText(undefined)))).toMatchObject({ code: "ENOENT" });
    const dir = withText("{}");
    const edits = [{ path: ["a"], value: "long" }];
    expect(await failureOf(edit(dir, edits, { maxBytes: 8 }))).toMatchObject({
      code: "ERR_TOO_LARGE",
      effect: "none",
    });
    expect(textIn(dir)).toBe("{}");
  });

  it("refuses a key twice where that is asked for", async () => {
    const twice = withText('{"a": 1, // one\n"a": 2}');
    expect(await read(twice)).toEqual({ a: 2 });
    expect(await failureOf(read(twice, { duplicateKeys: "refuse" }))).toMatchObject({
      code: "ERR_JSON_SYNTAX",
      line: 2,
    });
  });

  it.runIf(needs("posix"))(
    "is not quoted where only its owner may read it, and stays private",
    async () => {
      const dir = withText('{"secret": "hunter2" /* mine */');
      chmodSync(join(dir, name), 0o600);
      const error = (await failureOf(read(dir))) as { excerpt?: string } & Error;
      expect(error.excerpt).toBeUndefined();
      expect(error.message).not.toContain("hunter2");
      writeFileSync(join(dir, name), '{"secret": "hunter2"}');
      const validate = (value: unknown): never => {
        throw new Error(`not ${JSON.stringify(value)}`);
      };
      const edits = [{ path: ["secret"], value: "hunter23" }];
      for (const call of [() => read(dir, { validate }), () => edit(dir, edits, { validate })]) {
        const invalid = (await failureOf(call())) as Error;
        expect(invalid).toMatchObject({ code: "ERR_JSON_INVALID" });
        expect(invalid.message).not.toContain("hunter2");
      }
      await edit(dir, [{ path: ["secret"], value: "other" }]);
      expect(statSync(join(dir, name)).mode & 0o777).toBe(0o600);
    },
  );

  it("has no place for an edit that would replace something on its way", async () => {
    const dir = withText(text);
    for (const path of [["a", "b"], ["b", "x"], [0], ["b", 5], ["new", 1]] as const) {
      const error = await failureOf(edit(dir, [{ path, value: 1 }]));
      expect(error).toMatchObject({ code: "ERR_JSON_INVALID", effect: "none" });
      expect((error as { issues: unknown[] }).issues).toHaveLength(1);
    }
    expect(textIn(dir)).toBe(text);
  });

  it("makes all edits or none", async () => {
    const dir = withText(text);
    const edits = [
      { path: ["a"], value: 1 },
      { path: ["a", "b"], value: 1 },
    ];
    expect(await failureOf(edit(dir, edits))).toMatchObject({ code: "ERR_JSON_INVALID" });
    expect(textIn(dir)).toBe(text);
  });

  it("leaves the file alone where nothing changes", async () => {
    const dir = withText(text);
    const before = statSync(join(dir, name), { bigint: true });
    expect(await edit(dir, [])).toEqual({ a: 42, b: [1, 2] });
    await edit(dir, [{ path: ["a"], value: 42 }]);
    expect(statSync(join(dir, name), { bigint: true }).ino).toBe(before.ino);
    const none = withText(undefined);
    expect(await edit(none, [{ path: ["a"], value: undefined }])).toBeUndefined();
    expect(existsSync(join(none, name))).toBe(false);
    expect(readdirSync(none)).toEqual([]);
  });

  it.each([
    ["no edits", undefined],
    ["an edit that is none", [undefined]],
    ["a path that is none", [{ path: "a.b", value: 1 }]],
    ["a key that is none", [{ path: [true], value: 1 }]],
    ["an index of 1.5", [{ path: [1.5], value: 1 }]],
    ["an index of -2", [{ path: [-2], value: 1 }]],
    ["the whole removed", [{ path: [], value: undefined }]],
    ["what is behind the last removed", [{ path: [-1], value: undefined }]],
  ])("refuses before any I/O: %s", async (_, edits) => {
    const dir = withText(undefined);
    const error = await failureOf(edit(dir, edits as unknown as JsoncEdit[]));
    expect(error).toMatchObject({ code: "ERR_INVALID_ARG" });
    expect(readdirSync(dir)).toEqual([]);
  });

  it("refuses options that mean nothing, and values that JSON does not have", async () => {
    const dir = withText("{ broken");
    for (const wrong of [{ space: 2 }, { bigint: "string" }, { sortKeys: true }, { nonsense: 1 }]) {
      expect(await failureOf(edit(dir, [], wrong as object))).toMatchObject({
        code: "ERR_INVALID_ARG",
      });
    }
    expect(await failureOf(read(dir, { bigint: "string" }))).toMatchObject({
      code: "ERR_INVALID_ARG",
    });
    const value = Number.NaN;
    expect(await failureOf(edit(dir, [{ path: ["a"], value }]))).toMatchObject({
      code: "ERR_JSON_UNSERIALIZABLE",
      effect: "none",
    });
  });
});

describe("editJsonc", () => {
  it("shares its lock with updateJson: no change is lost", async () => {
    const path = join(withText('{"n": 0}'), name);
    const edits = Array.from({ length: 10 }, (_, index) =>
      editJsonc(path, [{ path: [`k${index}`], value: index }]),
    );
    const updates = Array.from({ length: 10 }, () =>
      updateJson<{ n: number }>(path, (value) => ({ ...value!, n: value!.n + 1 })),
    );
    await Promise.all([...edits, ...updates]);
    const value = (await readJsonc(path)) as Record<string, number>;
    expect(value["n"]).toBe(10);
    expect(Object.keys(value)).toHaveLength(11);
  });

  it("leaves the old text or the new one after a power cut", async () => {
    const path = "/d/s.json";
    await prove({
      setup: (fs) => {
        fs.mkdirSync("/d");
        fs.writeFileSync(path, text);
      },
      run: async (fs, ack) => {
        await editJsonc(path, [{ path: ["a"], value: 7 }], { fileSystem: fs });
        ack("edited");
      },
      check: (fs, { acks }) => {
        const found = fs.readFileSync(path, "utf8");
        expect([text, text.replace("42", "7")]).toContain(found);
        expect(found === text && acks.length > 0).toBe(false);
      },
    });
  });

  it("is aborted before it writes", async () => {
    const dir = withText(text);
    const signal = AbortSignal.abort();
    const aborted = editJsonc(join(dir, name), [{ path: ["a"], value: 1 }], { signal });
    expect(await failureOf(aborted)).toMatchObject({ name: "AbortError", code: "ABORT_ERR" });
    expect(await failureOf(readJsonc(join(dir, name), { signal }))).toMatchObject({
      code: "ABORT_ERR",
    });
    expect(textIn(dir)).toBe(text);
  });

  it("works on a store of bytes", async () => {
    let bytes: Uint8Array | undefined = Buffer.from("[1] // one");
    const store = {
      read: async () => bytes,
      replace: async (content: Uint8Array) => void (bytes = content),
      exclusively: <Result>(work: () => Promise<Result>) => work(),
    };
    expect(await editJsonc(store, [{ path: [-1], value: 2 }])).toEqual([1, 2]);
    expect(Buffer.from(bytes).toString()).toBe("[1, 2] // one");
  });
});
