import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { stageFileAtomic } from "../../src/index.ts";
import { forms } from "./forms.ts";
import { sweepScenario, type Rule, type Scenario } from "./sweep.ts";
import { beginning, creating, renaming } from "./sweep-rules.ts";

const old = "the old content, which is longer";

const staged: Scenario["perform"] = async (_form, { content, ...options }) => {
  const file = await stageFileAtomic(options);
  try {
    await file.write(content.slice(0, 5));
    await file.write(content.slice(5));
    return await file.commit();
  } catch (error) {
    // If this fails too, its error is the one that names the staged file.
    await file.discard();
    throw error;
  }
};

/** Others were told of the staged file: it must still be there when it is committed. */
const missing: Rule = {
  why: "nothing is there any more, not the staged file either",
  when: (f) =>
    f.name === "lstat" && f.on === "target" && f.mode === "sticky" && f.errno === "ENOENT",
  outcome: { effect: "none" },
};

const scenarios: readonly Scenario[] = [
  {
    name: "over an existing file",
    old,
    prepare: (dir) => writeFileSync(join(dir, "file"), old),
    perform: staged,
    method: "rename",
    rules: [missing, ...beginning, ...renaming],
  },
  {
    name: "a new file",
    perform: staged,
    method: "rename",
    rules: [
      missing,
      {
        why: "that nothing is there is what is so",
        when: (f) => f.name === "lstat" && f.on === "target" && f.mode === "after",
        outcome: { succeeds: true },
      },
      ...creating,
      ...beginning,
      ...renaming,
    ],
  },
];

it.each(scenarios)("A24: stage and commit, every call fails: $name", async (scenario) => {
  expect(await sweepScenario(scenario, forms[0]!)).toBeGreaterThan(150);
});
