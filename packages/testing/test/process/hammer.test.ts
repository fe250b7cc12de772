import {
  lstatSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  rmdirSync,
  symlinkSync,
  writeFileSync,
  existsSync,
} from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it, vi } from "vitest";
import { hammer } from "../../src/process.ts";
import { needs } from "../../../atomic/test/support/needs.ts";
import { tempDir } from "../../../atomic/test/support/temp-dir.ts";

vi.setConfig({ testTimeout: 120_000 });

const prepare = (dir: string): void => {
  mkdirSync(join(dir, "box"));
  mkdirSync(join(dir, "secret"));
  symlinkSync("secret", join(dir, "link"));
};

const missing = (error: unknown): boolean =>
  ["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code!);

/** Checks, then uses: what an attacker waits for. */
function saveIntoBox(dir: string): void {
  try {
    if (lstatSync(join(dir, "box")).isSymbolicLink()) return;
    writeFileSync(join(dir, "box/file"), "");
  } catch (error) {
    if (!missing(error)) throw error;
  }
}

describe.runIf(needs("posix", "node"))("a hammer", () => {
  it("gets through a check and a use apart, by exchanging a directory and a link", async () => {
    const run = hammer({
      prepare,
      attack: { exchange: ["box", "link"] },
      times: 200_000,
      act: ({ dir }) => {
        saveIntoBox(dir);
        if (existsSync(join(dir, "secret/file"))) throw new Error("written outside of the box");
      },
    });
    await expect(run).rejects.toThrow("written outside of the box");
  });

  it("counts, and ends after a whole attack", async () => {
    let left: string[] = [];
    let dir = "";
    let round = -1;
    const report = await hammer({
      prepare: (made) => {
        prepare(made);
        dir = made;
      },
      attack: { exchange: ["box", "link"] },
      times: 300,
      minContested: 5,
      act: async (moment) => {
        expect(moment).toEqual({ dir, round: ++round });
        await new Promise((resolve) => setTimeout(resolve, 1));
        left = readdirSync(dir);
      },
    });
    expect(report.acts).toBe(300);
    expect(report.contested).toBeGreaterThanOrEqual(5);
    expect(report.contested).toBeLessThanOrEqual(300);
    expect(report.landed).toBeGreaterThanOrEqual(report.contested);
    expect(report.tried).toBeGreaterThanOrEqual(report.landed);
    expect(left.length).toBeGreaterThan(0);
    expect(existsSync(dir)).toBe(false);
  });

  it("takes the attack as source text, or as the URL of a module; also an async one", async () => {
    const text = `import { writeFileSync } from "node:fs"; import { join } from "node:path";
      export async function attack({ dir, round }) { writeFileSync(join(dir, "attacked"), String(round)); }`;
    const file = join(tempDir(), "attack.mjs");
    writeFileSync(file, text);
    for (const attack of [text, pathToFileURL(file)]) {
      let found = false;
      const { contested } = await hammer({
        attack,
        times: 100,
        act: async ({ dir }) => {
          await new Promise((resolve) => setTimeout(resolve, 1));
          found = existsSync(join(dir, "attacked"));
        },
      });
      expect(contested).toBeGreaterThan(0);
      expect(found).toBe(true);
    }
  });

  it.each([
    ["returns false", `export const attack = () => false;`, /0 of \d+ attacks landed at all/],
    [
      "throws",
      `export const attack = () => { throw new Error("a missed blow"); };`,
      /a missed blow/,
    ],
  ])("is an error if no attack lands: it %s", async (_, attack, message) => {
    const act = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1));
    await expect(hammer({ attack, times: 50, act })).rejects.toThrow(message);
  });

  it.each([
    ["is no module", "this is no module", /SyntaxError/],
    ["exports no attack", "export const other = 1;", /exports no function "attack"/],
    ["ends its process", "export const attack = () => process.exit(0);", /the attacker ended/],
  ])("is an error if the attack %s", async (_, attack, message) => {
    const act = async (): Promise<void> => {
      await new Promise((resolve) => setTimeout(resolve, 5));
    };
    await expect(hammer({ attack, times: 200, act })).rejects.toThrow(message);
  });

  it("works on a real path", async () => {
    await hammer({
      attack: `export const attack = () => true;`,
      times: 100,
      act: async ({ dir }) => {
        expect(realpathSync(dir)).toBe(dir);
        await new Promise((resolve) => setTimeout(resolve, 1));
      },
    });
  });

  it("rejects if the attacker cannot be started", async () => {
    const gone = (dir: string): void => rmdirSync(dir);
    const run = hammer({ prepare: gone, attack: "", times: 1, act: () => {} });
    await expect(run).rejects.toThrow("ENOENT");
  });
});
