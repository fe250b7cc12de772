/** The parser is an optional peer: with it, by import and by require; without it, an error that says so. */

import { describe, expect, it } from "vitest";
import { runScript } from "../../../atomic/test/support/node-script.ts";
import { needs } from "../../../atomic/test/support/needs.ts";
import { name, textIn, withText } from "./forms.ts";

const entry = new URL("../../dist/jsonc.js", import.meta.url).pathname;

describe.runIf(needs("node"))("the package as it is installed", () => {
  it("edits, loaded by import and by require", () => {
    const dir = withText('{ "a": 1 } // one\n');
    const found = runScript<unknown[]>({
      input: { entry, path: `${dir}/${name}` },
      script: `
        import { createRequire } from "node:module";
        const imported = await import(input.entry);
        const required = process.features.require_module
          ? createRequire(import.meta.url)(input.entry)
          : imported;
        required.editJsoncSync(input.path, [{ path: ["b"], value: 2 }]);
        report(await imported.editJsonc(input.path, [{ path: ["a"], value: undefined }]));`,
    });
    expect(found).toEqual({ b: 2 });
    expect(textIn(dir)).toBe('{ "b": 2 } // one\n');
  });

  it("says so where the parser is missing, and changes nothing", () => {
    const dir = withText('{ "a": 1 } // one\n');
    const found = runScript<{ code: string; effect: string; message: string }[]>({
      input: { entry, path: `${dir}/${name}` },
      script: `
        import Module from "node:module";
        const resolve = Module._resolveFilename;
        Module._resolveFilename = function (request, ...rest) {
          if (request !== "jsonc-parser") return resolve.call(this, request, ...rest);
          throw Object.assign(new Error("Cannot find module"), { code: "MODULE_NOT_FOUND" });
        };
        const { readJsonc, editJsoncSync } = await import(input.entry);
        const errors = [];
        const note = ({ code, effect, message }) => errors.push({ code, effect, message });
        await readJsonc(input.path).catch(note);
        try { editJsoncSync(input.path, [{ path: ["a"], value: 2 }]); } catch (error) { note(error); }
        report(errors);`,
    });
    expect(found.map(({ code, effect }) => `${code} ${effect}`)).toEqual([
      "ERR_UNSUPPORTED none",
      "ERR_UNSUPPORTED none",
    ]);
    expect(found[0]!.message).toContain("npm install jsonc-parser");
    expect(textIn(dir)).toBe('{ "a": 1 } // one\n');
  });
});
