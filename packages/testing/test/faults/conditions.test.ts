import { constants } from "node:fs";
import { describe, expect, it, vi } from "vitest";
import { callFacts, callNames, type Call, type CallName } from "../../src/calls/call.ts";
import {
  after,
  and,
  not,
  nth,
  op,
  or,
  path,
  randomly,
  reads,
  writes,
  type Condition,
} from "../../src/faults/condition.ts";

const { O_RDONLY, O_WRONLY, O_CREAT, O_TRUNC } = constants;
let index = 0;

/** A call as an interception shows it. */
const call = (name: CallName, ...paths: string[]): Call => ({
  index: ++index,
  name,
  args: name === "open" ? [paths[0], O_RDONLY, 0o666] : [...paths],
  paths,
  via: name,
  face: "sync",
});

const opening = (flags: number): Call => ({ ...call("open", "a"), args: ["a", flags, 0o666] });

/** Which of the calls it matches, by their numbers from 1. */
function matched(condition: Condition, calls: readonly Call[]): number[] {
  const matches = condition.begin("linux");
  return calls.flatMap((one, at) => (matches(one) ? [at + 1] : []));
}

const matchesPath = (glob: string, ...paths: string[]): boolean =>
  path(glob).begin("linux")(call("rename", ...paths));

describe("op", () => {
  it("matches by name", () => {
    const calls = [call("open", "a"), call("rename", "a", "b"), call("unlink", "a")];
    expect(matched(op("rename"), calls)).toEqual([2]);
    expect(matched(op("unlink", "open"), calls)).toEqual([1, 3]);
  });

  it("refuses what is no call", () => {
    expect(() => op("writeFile" as CallName)).toThrow(/op: "name" must be one of open, close, /);
    expect(() => op(...([] as unknown as [CallName]))).toThrow(TypeError);
  });
});

describe("path", () => {
  it.each([
    ["a.json", "a.json", true],
    ["a.json", "d/a.json", false],
    ["*.json", "a.json", true],
    ["*.json", ".a.json", true],
    ["*.json", "d/a.json", false],
    ["*.json", "axjson", false],
    ["**/*.json", "a.json", true],
    ["**/*.json", "/a.json", true],
    ["**/*.json", "/d/e/a.json", true],
    ["**/*.json", "/d/e/a.json.tmp", false],
    ["/d/**", "/d/e/f", true],
    ["/d/**", "/dd/e", false],
    ["/d/**/f", "/d/f", true],
    ["/d/**/f", "/d/e/e/f", true],
    ["/d/**/f", "/d/ef", false],
    ["/d/*/f", "/d/e/e/f", false],
    ["/d/*/f", "/d/f", false],
    ["a?c", "abc", true],
    ["a?c", "a/c", false],
    ["a?c", "ac", false],
    ["a?c", "a😀c", true],
    ["a+(b)$^.|e", "a+(b)$^.|e", true],
    [String.raw`\[id\].\{json\}`, "[id].{json}", true],
    [String.raw`\[id\]`, "i", false],
    [String.raw`a\*\?\\b`, String.raw`a*?\b`, true],
    [String.raw`a\*`, "ab", false],
    ["*", "line\nbreak", true],
    ["**", "/any/thing", true],
  ])("%s against %s: %s", (glob, given, expected) => {
    expect(matchesPath(glob, given)).toBe(expected);
  });

  it("is about either path of a call that takes two", () => {
    expect(matchesPath("b", "a", "b")).toBe(true);
    expect(matchesPath("a", "a", "b")).toBe(true);
    expect(matchesPath("c", "a", "b")).toBe(false);
  });

  it("takes both separators on Windows", () => {
    const windows = path("**/*.json").begin("win32");
    expect(windows(call("unlink", String.raw`C:\d\a.json`))).toBe(true);
    expect(matchesPath("**/*.json", String.raw`C:\d\a.json.b`)).toBe(false);
  });

  it("refuses what is no glob", () => {
    expect(() => path("")).toThrow(TypeError);
    expect(() => path(/a/ as never)).toThrow(/"glob" must be/);
  });

  it.each(["/*.{json,txt}", "/[ab].json", "a]", "{", "a}", String.raw`\\[a]`])(
    "refuses what it would not understand: %s",
    (glob) => {
      const error = expect.objectContaining({
        name: "TypeError",
        code: "ERR_INVALID_ARG",
        message: expect.stringMatching(/\*\*.*\*.*\?.*\\/) as string,
      }) as Error;
      expect(() => path(glob)).toThrow(error);
    },
  );

  it("refuses a backslash before nothing, or before a letter: it is no separator", () => {
    for (const glob of ["a\\", String.raw`C:\d\*`]) expect(() => path(glob)).toThrow(TypeError);
  });
});

describe("reads and writes", () => {
  it("tell an open that only looks from one that changes", () => {
    const opens = [opening(O_RDONLY), opening(O_WRONLY), opening(O_WRONLY | O_CREAT)];
    opens.push(opening(O_WRONLY | O_TRUNC));
    expect(matched(reads(), opens)).toEqual([1, 2]);
    expect(matched(writes(), opens)).toEqual([3, 4]);
  });

  it("share the other calls between them, all but close", () => {
    for (const name of callNames) {
      const { changes } = callFacts[name];
      if (changes === "depends") continue;
      const one = [call(name, "a")];
      expect(matched(writes(), one)).toEqual(changes ? [1] : []);
      expect(matched(reads(), one)).toEqual(changes || name === "close" ? [] : [1]);
    }
  });
});

describe("what counts", () => {
  const three = [1, 2, 3, 4, 5].map(() => call("stat", "a"));

  it("counts every call by itself", () => {
    expect(matched(nth(3), three)).toEqual([3]);
    expect(matched(after(3), three)).toEqual([4, 5]);
    expect(matched(after(0), three)).toEqual([1, 2, 3, 4, 5]);
  });

  it("counts in an and those that the rest matches, in whatever order it stands", () => {
    const calls = ["stat", "unlink", "stat", "unlink", "stat", "unlink"].map((name) =>
      call(name as CallName, "a"),
    );
    expect(matched(and(op("unlink"), nth(2)), calls)).toEqual([4]);
    expect(matched(and(nth(2), op("unlink")), calls)).toEqual([4]);
    expect(matched(and(after(1), op("unlink"), not(nth(3))), calls)).toEqual([4]);
    expect(matched(and(path("a"), and(nth(1), op("unlink"))), calls)).toEqual([2]);
  });

  it("shows every call to each part of an or", () => {
    expect(matched(or(nth(1), nth(3), and(op("stat"), nth(4))), three)).toEqual([1, 3, 4]);
    expect(matched(or(op("stat"), nth(2)), three)).toEqual([1, 2, 3, 4, 5]);
    expect(matched(and(or(op("unlink"), nth(2)), op("stat")), three)).toEqual([2]);
  });

  it("begins anew wherever it is used", () => {
    const second = and(op("stat"), nth(2));
    expect(matched(second, three)).toEqual([2]);
    expect(matched(second, three)).toEqual([2]);
  });

  it.each([[() => nth(0)], [() => nth(1.5)], [() => after(-1)], [() => after(Number.NaN)]])(
    "refuses %s",
    (make) => {
      expect(make).toThrow(RangeError);
    },
  );
});

describe("not, and, or", () => {
  const calls = [call("stat", "a"), call("stat", "b"), call("unlink", "a"), call("unlink", "b")];

  it("are what they say", () => {
    expect(matched(not(op("stat")), calls)).toEqual([3, 4]);
    expect(matched(and(op("stat"), path("b")), calls)).toEqual([2]);
    expect(matched(or(op("unlink"), path("a")), calls)).toEqual([1, 3, 4]);
    expect(matched(and(not(path("a")), not(op("stat"))), calls)).toEqual([4]);
    expect(matched(and(), calls)).toEqual([1, 2, 3, 4]);
    expect(matched(or(), calls)).toEqual([]);
  });

  it("print as they are written", () => {
    const whole = and(op("open", "stat"), or(path("**/*.json"), not(nth(2))), after(1), reads());
    const text = 'and(op("open", "stat"), or(path("**/*.json"), not(nth(2))), after(1), reads())';
    expect(String(whole)).toBe(text);
    expect(`${writes()}`).toBe("writes()");
  });

  it("refuse what is no condition", () => {
    for (const make of [not, and, or]) expect(() => make("stat" as never)).toThrow(TypeError);
  });
});

describe("randomly", () => {
  const calls = Array.from({ length: 30 }, () => call("stat", "a"));

  it("hits the same calls in every process, by its seed", () => {
    // Written down from another process.
    expect(matched(randomly({ seed: 7, probability: 0.3 }), calls)).toEqual([
      3, 7, 10, 13, 16, 17, 19, 20, 21, 27, 29, 30,
    ]);
    expect(matched(randomly({ seed: 8, probability: 0.3 }), calls)).toEqual([
      8, 11, 12, 13, 14, 20, 25, 27, 28,
    ]);
  });

  it("hits about as often as it is to", () => {
    const many = Array.from({ length: 10_000 }, () => call("stat", "a"));
    const hits = matched(randomly({ seed: 1, probability: 0.2 }), many).length;
    expect(hits).toBeGreaterThan(1800);
    expect(hits).toBeLessThan(2200);
    expect(matched(randomly({ seed: 1, probability: 1 }), calls)).toHaveLength(30);
  });

  it("makes a seed if it has none, and prints it", () => {
    const told: string[] = [];
    const write = vi.spyOn(process.stderr, "write").mockImplementation((line) => {
      told.push(String(line));
      return true;
    });
    const made = randomly({ probability: 0.5 });
    const others = Array.from({ length: 20 }, () => String(randomly({ probability: 0.5 })));
    write.mockRestore();
    const seed = Number(/^randomly: seed (\d+)\n$/.exec(told[0]!)?.[1]);
    expect(String(made)).toBe(`randomly({ seed: ${seed}, probability: 0.5 })`);
    expect(matched(made, calls)).toEqual(matched(randomly({ seed, probability: 0.5 }), calls));
    expect(new Set(others).size).toBeGreaterThan(15);
  });

  it.each([0, -1, 1.1, Number.NaN])("refuses the probability %s", (probability) => {
    expect(() => randomly({ seed: 1, probability })).toThrow(RangeError);
  });

  it("refuses a seed that is no integer", () => {
    expect(() => randomly({ seed: 0.5, probability: 1 })).toThrow(/"seed" must be an integer/);
  });
});
