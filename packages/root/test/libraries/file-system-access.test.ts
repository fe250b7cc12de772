import * as nodeFs from "node:fs";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { nodeToFsa } from "memfs/lib/node-to-fsa/index.js";
import { describe, expect, it } from "vitest";
import { needs } from "../../../atomic/test/support/needs.ts";
import type { RootPromises } from "../../src/index.ts";
import { codeOf, makePlaces, plantLinks, treeOf } from "./places.ts";

type Files = Parameters<typeof nodeToFsa>[0];
type Directory = Awaited<ReturnType<ReturnType<typeof nodeToFsa>["getDirectoryHandle"]>>;

const mode = "readwrite";

/** The file system of browsers. Its type asks also for synchronous calls, which this mode never makes. */
const inRoot = (promises: RootPromises): Directory =>
  nodeToFsa({ promises, constants: nodeFs.constants } as unknown as Files, ".", { mode });

const onNode = (directory: string): Directory =>
  nodeToFsa(nodeFs as unknown as Files, directory, { mode });

async function write(directory: Directory, name: string, ...chunks: string[]): Promise<void> {
  const file = await directory.getFileHandle(name, { create: true });
  const stream = await file.createWritable();
  for (const chunk of chunks) await stream.write(chunk);
  await stream.close();
}

async function read(directory: Directory, name: string): Promise<string> {
  const file = await (await directory.getFileHandle(name)).getFile();
  return `${file.name} ${file.size} ${await file.text()}`;
}

async function work(top: Directory): Promise<unknown[]> {
  const said: unknown[] = [];
  const docs = await top.getDirectoryHandle("docs", { create: true });
  const deep = await docs.getDirectoryHandle("deep", { create: true });
  await write(docs, "a.txt", "one ", "two");
  await write(deep, "b.txt", "to go");
  await write(docs, "c.txt", "first");
  await write(docs, "c.txt", "a second version");
  said.push(await read(docs, "a.txt"), await read(docs, "c.txt"));
  const given = await (await docs.getFileHandle("c.txt")).createWritable();
  await given.write("never seen");
  await given.abort();
  said.push(await read(docs, "c.txt"));
  for (const missing of ["x.txt", "deep"]) {
    said.push(await docs.getFileHandle(missing).catch((error: DOMException) => error.name));
  }
  await deep.removeEntry("b.txt"); // of directories it cannot do so: Node 26 refuses what it asks for
  const listed: string[] = [];
  for await (const [name, { kind }] of docs.entries()) listed.push(`${kind} ${name}`);
  said.push(listed.toSorted());
  return said;
}

describe.runIf(needs("posix"))("File System Access of memfs", () => {
  it("does the same in a root as on node:fs", async () => {
    const { root, inside } = await makePlaces();
    const plain = await makePlaces();
    const said = await work(inRoot(root.promises));
    expect(said).toEqual(await work(onNode(plain.inside)));
    expect(treeOf(inside)).toEqual(treeOf(plain.inside));
    expect(said[0]).toBe("a.txt 7 one two");
  });

  // It opens an empty file, copies into that, and goes on in what it opened. A copy of ours appears as a
  // whole, under the name, and what was opened is not it.
  it("differs where a copy is made over a file that is open", async () => {
    const plain = await makePlaces();
    const { root } = await makePlaces();
    const kept: string[] = [];
    for (const top of [inRoot(root.promises), onNode(plain.inside)]) {
      await write(top, "a.txt", "one two");
      const file = await top.getFileHandle("a.txt");
      const stream = await file.createWritable({ keepExistingData: true });
      await stream.write({ type: "write", position: 4, data: "TWO" });
      await stream.close();
      kept.push(await read(top, "a.txt"));
    }
    expect(kept).toEqual(["a.txt 7 one two", "a.txt 7 one TWO"]);
  });

  it("reaches nothing through planted links", async () => {
    const places = await makePlaces();
    const { root, inside, outside, untouched } = places;
    plantLinks(places);
    const top = inRoot(root.promises);
    expect(await codeOf(top.getDirectoryHandle("to-directory"))).toBe("ERR_PATH_ESCAPES");
    for (const name of ["to-file", "to-nothing"]) {
      expect(await codeOf(top.getFileHandle(name, { create: true }))).toBe("ERR_PATH_ESCAPES");
      expect(await codeOf(top.removeEntry(name))).toBe("ERR_PATH_ESCAPES"); // it looks where they lead
    }
    // Handles go by name: what was a file when it was asked for can be a link when it is used.
    writeFileSync(join(inside, "mine"), "mine");
    const mine = await top.getFileHandle("mine");
    await root.unlink("mine");
    symlinkSync("../outside/canary", join(inside, "mine"));
    expect(await codeOf(mine.getFile())).toBe("ERR_PATH_ESCAPES");
    // What is written goes to a file of its own, which takes the name of the link.
    const stream = await mine.createWritable();
    await stream.write("ours");
    await stream.close();
    expect(readFileSync(join(inside, "mine"), "utf8")).toBe("ours");
    expect(treeOf(outside)).toEqual(untouched);
  });

  it.each([
    ["an absolute path", (outside: string) => outside],
    ["dots", () => "../outside"],
    ["dots further on", () => "src/../../outside"],
  ])("is not led out by %s", async (_name, lead) => {
    const { root, inside, outside, untouched } = await makePlaces();
    mkdirSync(join(inside, "src"));
    const files = { promises: root.promises, constants: nodeFs.constants } as unknown as Files;
    const top = nodeToFsa(files, lead(outside), { mode });
    expect(await codeOf(top.getFileHandle("canary"))).toBe("ERR_PATH_ESCAPES");
    expect(await codeOf(top.getFileHandle("new", { create: true }))).toBe("ERR_PATH_ESCAPES");
    expect(await codeOf(top.removeEntry("directory", { recursive: true }))).toBe(
      "ERR_PATH_ESCAPES",
    );
    expect(await codeOf(top.keys().next())).toBe("ERR_PATH_ESCAPES");
    expect(treeOf(outside)).toEqual(untouched);
  });
});
