import { describe, expect, it } from "vitest";
import {
  durableAsAcknowledged,
  prefixOfAppends,
  removedStaysRemoved,
} from "../../src/checks/acknowledged.ts";
import { allOf, type Check } from "../../src/checks/check.ts";
import { neverMissing, oldOrNew } from "../../src/checks/files.ts";
import { insideRoot, noOpenHandles, noStagedFiles } from "../../src/checks/surroundings.ts";
import { exploreCrashes } from "../../src/crash/explore-crashes.ts";
import { assertPassed } from "../../src/scenario/assert-passed.ts";
import { createMemoryFileSystem } from "../../src/memory/create-memory-file-system.ts";
import type { Scenario, Seen } from "../../src/scenario/scenario.ts";

/** What a check says of a tree; `undefined` if it is content. */
async function verdict<Ack>(
  check: Check<Ack>,
  tree: readonly string[],
  seen: Partial<Seen<Ack>> = {},
): Promise<string | undefined> {
  const { fs } = createMemoryFileSystem({ tree });
  try {
    await check(fs, { acks: [], end: "done", leaks: [], ...seen });
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

describe("oldOrNew", () => {
  const check = oldOrNew("/state", ["old text", "new text"]);
  const expected = 'expected one of "old text", "new text"';

  it.each([["state = old text"], ["state = new text"]])("is content with %s", async (line) => {
    expect(await verdict(check, [line])).toBeUndefined();
  });

  it.each([
    ["state = other", '/state: found "other"; '],
    ['state = ""', "/state: found nothing (0 bytes); "],
    ["state = zeros:8", "/state: found 8 zeros; "],
    ["state = new", '/state: found "new" (the first 3 of the 8 bytes of "new text"); '],
    ["other = old text", "/state: found no file; "],
    ["state = base64:/w==", "/state: found 1 bytes, 0xff; "],
  ])("says what is wrong with %s", async (line, message) => {
    expect(await verdict(check, [line])).toBe(message + expected);
  });

  it("says what is torn", async () => {
    const two = oldOrNew("/state", ["aaaaaa", "aabbbb", Buffer.from("ccdddd")]);
    expect(await verdict(two, ['state = "aabb\\u0000\\u0000"'])).toMatch(
      '("aabbbb" with zeros from byte 4 on)',
    );
    expect(await verdict(two, ["state = aaaabb"])).toMatch(
      '(4 bytes of "aaaaaa", then the rest of "aabbbb")',
    );
  });

  it("blames the latest version that fits", async () => {
    const three = oldOrNew("/state", ['{"n":1}', '{"n":2}', '{"n":33}']);
    expect(await verdict(three, ['state = "{\\"n\\":"'])).toMatch(
      `(the first 5 of the 8 bytes of ${JSON.stringify('{"n":33}')})`,
    );
    const equal = oldOrNew("/state", ["aaxxxx", "aayyyy"]);
    expect(await verdict(equal, ['state = "aa\\u0000\\u0000\\u0000\\u0000"'])).toMatch(
      '("aayyyy" with zeros from byte 2 on)',
    );
    const mixed = oldOrNew("/state", ["1111dd", "2222dd", "3333cc"]);
    expect(await verdict(mixed, ["state = 33dd"])).not.toMatch("the rest of");
    expect(await verdict(mixed, ["state = 3333dd"])).toMatch(
      '(4 bytes of "3333cc", then the rest of "2222dd")',
    );
    // a beginning explains more than a mixture with something later
    const both = oldOrNew("/state", ["abcdef", "axxx", "Zbcd"]);
    expect(await verdict(both, ["state = abcd"])).toMatch('the first 4 of the 6 bytes of "abcdef"');
  });

  it("allows that it is missing, if it may", async () => {
    expect(await verdict(oldOrNew("/state", [undefined, "new"]), [])).toBeUndefined();
    expect(await verdict(oldOrNew("/state", [undefined]), ["state = x"])).toBe(
      '/state: found "x"; expected no file',
    );
  });

  it("shows only the beginning of what is long", async () => {
    const message = await verdict(oldOrNew("/state", ["x"]), [`state = ${"y".repeat(1000)}`]);
    expect(message).toMatch(/found "y{40}…" \(1000 bytes\)/);
  });

  it("lets other failures through", async () => {
    expect(await verdict(check, ["state/"])).toMatch(/^EISDIR/);
  });
});

describe("neverMissing", () => {
  it("says what is there instead", async () => {
    expect(await verdict(neverMissing("/d/state"), ["d/state = x"])).toBeUndefined();
    expect(await verdict(neverMissing("/d/state"), ["d/state => nowhere"])).toBeUndefined();
    expect(await verdict(neverMissing("/d/state"), ["d/state.tmp = x"])).toBe(
      "/d/state is missing; /d has state.tmp",
    );
    expect(await verdict(neverMissing("/d/state"), ["d/"])).toBe(
      "/d/state is missing; /d is empty",
    );
    expect(await verdict(neverMissing("/d/state"), [])).toBe(
      "/d/state is missing; /d is missing, too",
    );
  });
});

describe("durableAsAcknowledged", () => {
  const file = durableAsAcknowledged({ path: "/state", order: ["v0", "v1", "v2"] });

  it.each([
    ["v0", []],
    ["v2", []],
    ["v1", ["v1"]],
    ["v2", ["v1"]],
    ["v2", ["v1", "v2"]],
  ])("is content with %s after %j", async (found, acks) => {
    expect(await verdict(file, [`state = ${found}`], { acks })).toBeUndefined();
  });

  it("says what went back", async () => {
    expect(await verdict(file, ["state = v0"], { acks: ["v1"] })).toBe(
      '/state has gone back to "v0"; "v1" had been acknowledged\nthe values in turn: "v0", "v1", "v2"',
    );
    expect(await verdict(file, ["state = v1"], { acks: ["v2", "v1"] })).toMatch(
      'gone back to "v1"',
    );
  });

  it("says what it never was", async () => {
    expect(await verdict(file, ["state = v"], { acks: [] })).toBe(
      '/state is "v" (the first 1 of the 2 bytes of "v2"), which it never was\nthe values in turn: "v0", "v1", "v2"',
    );
    expect(await verdict(file, [], { acks: ["v1"] })).toMatch(
      '/state is no file, which it never was; "v1" had been acknowledged',
    );
  });

  it("knows files that are made and removed", async () => {
    const made = durableAsAcknowledged({ path: "/state", order: [undefined, "v1"] });
    expect(await verdict(made, [])).toBeUndefined();
    expect(await verdict(made, [], { acks: ["v1"] })).toMatch("/state has gone back to no file");
  });

  it("of a new file: there and whole once it is acknowledged, before that missing or whole", async () => {
    const fresh = durableAsAcknowledged({ path: "/d/new", order: [undefined, "content"] });
    expect(await verdict(fresh, [])).toBeUndefined();
    expect(await verdict(fresh, ["d/"])).toBeUndefined();
    expect(await verdict(fresh, ["d/new = content"])).toBeUndefined();
    expect(await verdict(fresh, ["d/new = content"], { acks: ["content"] })).toBeUndefined();
    for (const acks of [[], ["content"]]) {
      expect(await verdict(fresh, ["d/new = con"], { acks })).toMatch("which it never was");
      expect(await verdict(fresh, ['d/new = ""'], { acks })).toMatch("which it never was");
    }
    expect(await verdict(fresh, ["d/"], { acks: ["content"] })).toBe(
      '/d/new has gone back to no file; "content" had been acknowledged\nthe values in turn: no file, "content"',
    );

    const create = (flushDirectory: boolean): Scenario<string> => ({
      setup: (fs) => fs.mkdirSync("/d"),
      run: (fs, ack) => {
        fs.writeFileSync("/d/.new", "content", { flush: true });
        fs.renameSync("/d/.new", "/d/new");
        if (flushDirectory) fs.fsyncSync(fs.openSync("/d", "r"));
        ack("content");
      },
      check: fresh as Check<string>,
    });
    assertPassed(await exploreCrashes(create(true)));
    const { failures } = await exploreCrashes(create(false));
    expect(failures[0]!.message).toMatch("/d/new has gone back to no file");
  });

  it("reads whatever the program reads", async () => {
    const counter = durableAsAcknowledged({
      read: async (fs) => JSON.parse(await fs.promises.readFile("/n", "utf8")) as { n: number },
      order: [{ n: 0 }, { n: 1 }, { n: 2 }],
    });
    expect(await verdict(counter, ['n = {"n":1}'], { acks: [{ n: 1 }] })).toBeUndefined();
    expect(await verdict(counter, ['n = {"n":1}'], { acks: [{ n: 2 }] })).toMatch(
      "what was read has gone back to { n: 1 }; { n: 2 } had been acknowledged",
    );
    expect(await verdict(counter, ['n = {"n":9}'])).toMatch("{ n: 9 }, which it never was");
  });

  it("takes a value that comes back for the later one", async () => {
    const back = durableAsAcknowledged({ path: "/s", order: ["a", "b", "a"] });
    expect(await verdict(back, ["s = a"], { acks: ["a", "b"] })).toBeUndefined();
  });

  it("refuses an acknowledgement that it does not know", async () => {
    expect(await verdict(file, ["state = v0"], { acks: ["v9"] })).toMatch(
      '"v9" was acknowledged, which is not one of',
    );
  });
});

describe("prefixOfAppends", () => {
  const check = prefixOfAppends("/log", ["one\n", "two\n", "three\n"]);

  it("is content with the first so many, at least as many as were acknowledged", async () => {
    expect(await verdict(check, [])).toBeUndefined();
    expect(await verdict(check, ['log = "one\\n"'], { acks: ["one\n"] })).toBeUndefined();
    expect(
      await verdict(check, ['log = "one\\ntwo\\nthree\\n"'], { acks: ["one\n"] }),
    ).toBeUndefined();
  });

  it("says what is lost, and what is too much", async () => {
    expect(await verdict(check, ['log = "one\\n"'], { acks: ["one\n", "two\n"] })).toBe(
      '/log begins with 1 of the 3 records, and 2 had been acknowledged\nfound "one\\n"',
    );
    expect(await verdict(check, ['log = "one\\ntw"'])).toBe(
      '/log begins with 1 of the 3 records, and goes on with "tw"',
    );
    expect(await verdict(check, ['log = "two\\n"'])).toMatch("begins with 0 of the 3 records");
    expect(await verdict(check, [], { acks: ["three\n"] })).toMatch("3 had been acknowledged");
  });
});

describe("removedStaysRemoved", () => {
  it("says what came back, once it was acknowledged", async () => {
    const check = removedStaysRemoved("/old", "removed");
    expect(await verdict(check, ["old = x"], { acks: [] })).toBeUndefined();
    expect(await verdict(check, ["old = x"], { acks: ["something else"] })).toBeUndefined();
    expect(await verdict(check, [], { acks: ["removed"] })).toBeUndefined();
    expect(await verdict(check, ["old = x"], { acks: ["removed"] })).toBe(
      '/old is back, after its removal had been acknowledged: it holds "x"',
    );
    expect(await verdict(removedStaysRemoved("/old"), ["old/"], { acks: [1] })).toBe(
      "/old is back, after its removal had been acknowledged",
    );
  });
});

describe("noStagedFiles", () => {
  it("knows the names of staged files", async () => {
    const check = noStagedFiles("/d");
    const fine = ["state.json", "template", "temperature.log", "v2", "2024-01-01.log"];
    fine.push("invoice-123456.pdf", "index-3f2a9c1b.js", "000001.log", "state.json.20240101");
    const tree = fine.map((name) => `d/${name} = `);
    expect(await verdict(check, tree)).toBeUndefined();
    const staged = ["a.tmp", ".a.swp", "a~", "tmp-x", "a.part", "a.temp", "x.tmp-1"];
    staged.push(".state.json.4711.9f8e7d6c", "state.json.3f2a9c", "state.json.482915");
    for (const name of staged) {
      expect(await verdict(check, [...tree, `d/${name} = `])).toBe(`left behind in /d: ${name}`);
    }
  });

  it("takes a pattern, also a global one", async () => {
    const check = noStagedFiles("/", { pattern: /^new/g });
    expect(await verdict(check, ["a.tmp = "])).toBeUndefined();
    expect(await verdict(check, ["new1 = ", "new2 = "])).toBe("left behind in /: new1, new2");
  });

  it("allows them after a crash, unless recovery must have removed them", async () => {
    const seen = { end: "crash" } as const;
    expect(await verdict(noStagedFiles("/"), ["a.tmp = "], seen)).toBeUndefined();
    expect(await verdict(noStagedFiles("/", { afterCrash: "refuse" }), ["a.tmp = "], seen)).toMatch(
      "a.tmp",
    );
    expect(await verdict(noStagedFiles("/"), ["a.tmp = "], { end: new Error("x") })).toMatch(
      "a.tmp",
    );
  });
});

it("noOpenHandles", async () => {
  expect(await verdict(noOpenHandles(), [])).toBeUndefined();
  expect(await verdict(noOpenHandles(), [], { leaks: ["/a", "/b"] })).toBe("left open: /a, /b");
});

describe("insideRoot", () => {
  const outside = ["etc/passwd = hidden", "var/jail/x = ", "var/log = ok"];
  const check = insideRoot("/var/jail", { outside, secrets: ["hidden"] });

  it("is content with whatever happens inside", async () => {
    expect(await verdict(check, ["etc/passwd = hidden", "var/log = ok"])).toBeUndefined();
    expect(await verdict(check, [...outside, "var/jail/new/y = text"])).toBeUndefined();
  });

  it("needs no lines for the directories that lead to it", async () => {
    const lone = insideRoot("/var/jail", { outside: [] });
    expect(await verdict(lone, ["var/jail/x = "])).toBeUndefined();
    expect(await verdict(lone, ["var/jail/x = ", "var/other/"])).toMatch("+ var/other/");
  });

  it("finds what was changed, made or removed outside", async () => {
    expect(await verdict(check, ["etc/passwd = new", "var/jail/", "var/log = ok"])).toBe(
      "changed outside of /var/jail (- expected, + found): - etc/passwd = hidden; + etc/passwd = new",
    );
    expect(await verdict(check, [...outside, "var/jail2/x = "])).toMatch("+ var/jail2/x");
    expect(await verdict(check, ["var/jail/", "var/log = ok"])).toMatch("- etc/passwd = hidden");
  });

  it("finds what came in, or was told", async () => {
    expect(await verdict(check, [...outside, "var/jail/copy = it is hidden"])).toBe(
      '/var/jail/copy has what is secret: "hidden"',
    );
    expect(await verdict(check, outside, { acks: [{ text: "hidden" }] })).toBe(
      'acknowledged what is secret: "hidden"',
    );
  });
});

describe("allOf", () => {
  const both = allOf(neverMissing("/a"), neverMissing("/b"));

  it("says what all of them say", async () => {
    expect(await verdict(both, ["a = ", "b = "])).toBeUndefined();
    expect(await verdict(both, ["a = "])).toBe("/b is missing; / has a");
    expect(await verdict(both, [])).toBe("/a is missing; / is empty\n/b is missing; / is empty");
  });

  it("waits for those that take their time, and throws what one of them threw", async () => {
    const error = new RangeError("mine");
    const slow: Check = () => Promise.reject(error);
    const { fs } = createMemoryFileSystem();
    await expect(allOf(slow)(fs, { acks: [], end: "done", leaks: [] })).rejects.toBe(error);
  });
});

describe("in a scenario", () => {
  const scenario: Scenario<string> = {
    setup: (fs) => fs.writeFileSync("/state", "old"),
    run: (fs, ack) => {
      const fd = fs.openSync("/state.tmp", "wx");
      fs.writeFileSync(fd, "new", { flush: true });
      fs.closeSync(fd);
      fs.renameSync("/state.tmp", "/state");
      const directory = fs.openSync("/", "r");
      fs.fsyncSync(directory);
      fs.closeSync(directory);
      ack("new");
    },
    check: allOf(
      neverMissing("/state"),
      oldOrNew("/state", ["old", "new"]),
      durableAsAcknowledged({ path: "/state", order: ["old", "new"] }),
      noStagedFiles("/"),
      noOpenHandles(),
    ),
  };

  it("hold for the recipe, and find what is left out of it", async () => {
    expect((await exploreCrashes(scenario)).failures).toEqual([]);
    const early: Scenario<string> = {
      ...scenario,
      run: (fs, ack) => {
        ack("new");
        return scenario.run(fs, () => undefined);
      },
    };
    const { failures } = await exploreCrashes(early);
    expect(failures[0]?.message).toBe('/state has gone back to "old"; "new" had been acknowledged');
  });
});

it("refuses what makes no sense, before anything is run", () => {
  const invalid = expect.objectContaining({ name: "TypeError", code: "ERR_INVALID_ARG" }) as Error;
  for (const make of [
    () => oldOrNew("", ["x"]),
    () => oldOrNew("/x", []),
    () => oldOrNew("/x", [7 as never]),
    () => neverMissing(undefined as never),
    () => durableAsAcknowledged(undefined as never),
    () => durableAsAcknowledged({ order: ["x"] } as never),
    () => durableAsAcknowledged({ path: "/x", read: () => "x", order: ["x"] } as never),
    () => durableAsAcknowledged({ path: "/x", order: [] }),
    () => durableAsAcknowledged({ read: () => 1, order: [] }),
    () => durableAsAcknowledged({ read: 7 as never, order: [1] }),
    () => prefixOfAppends("/x", []),
    () => removedStaysRemoved(7 as never),
    () => noStagedFiles("/", { pattern: "x" as never }),
    () => noStagedFiles("/", { afterCrash: "x" as never }),
    () => insideRoot("", { outside: [] }),
    () => insideRoot("/x", { outside: ["no line"] }),
  ]) {
    expect(make).toThrow(invalid);
  }
});
