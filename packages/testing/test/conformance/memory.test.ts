import { describe, expect, test } from "vitest";
import { fileSystemCases } from "../../src/conformance.ts";
import { byGroup, failuresOf } from "./support/failures.ts";
import { everything, inMemory } from "./support/in-memory.ts";

const creation = ["creation modes", "modes", "files of others", "permissions of root"];

describe.each([
  { who: "root", uid: 0, umask: 0o022 },
  { who: "another user", uid: 65_534, umask: 0o077 },
  { who: "root without an umask", uid: 0, umask: 0, groups: creation },
  { who: "another user with the umask 027", uid: 1000, umask: 0o027, groups: creation },
])("the memory file system, as $who", ({ uid, umask, groups }) => {
  const cases = fileSystemCases({ uid, umask, have: everything });
  const wanted = byGroup(cases).filter(([group]) => groups?.includes(group) ?? true);
  test.each(wanted)("%s", { timeout: 30_000 }, async (_, some) => {
    expect(await failuresOf(some, (one) => inMemory(one, { uid, umask }))).toEqual([]);
  });
});
