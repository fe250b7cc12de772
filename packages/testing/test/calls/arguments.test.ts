import nodeFs from "node:fs";
import { describe, expect, it } from "vitest";
import { createMemoryFileSystem } from "../../src/memory/create-memory-file-system.ts";

const { fs } = createMemoryFileSystem();

/** What is wrong with a value, in the words of Node and in ours. */
function both(call: (fs: typeof nodeFs) => unknown): string[] {
  return [nodeFs, fs as unknown as typeof nodeFs].map((each) => {
    try {
      call(each);
    } catch (error) {
      return (error as Error).message;
    }
    throw new Error("nothing was thrown");
  });
}

describe("an argument that means nothing is shown as Node shows it", () => {
  it.each([
    ["flags", "65"],
    ["flags", "it's"],
    ["flags", "x\ny"],
    ["flags", "q".repeat(200)],
    ["flags", {}],
  ])("%s: %j", (_, flags) => {
    const [nodes, ours] = both((each) => each.openSync("/a", flags as never));
    expect(ours).toBe(nodes);
  });

  it("a mode", () => {
    const [nodes, ours] = both((each) => each.chmodSync("/a", "99"));
    expect(ours).toBe(nodes);
  });

  it("a null byte", () => {
    const [nodes, ours] = both((each) => each.statSync("/a\0b"));
    expect(nodes).toMatch(/Received '\/a\\x00b'$/);
    expect(ours).toMatch(/Received '\/a\\x00b'$/);
  });
});
