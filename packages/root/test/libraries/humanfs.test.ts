import fsp from "node:fs/promises";
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { NodeHfsImpl, type Fsp } from "@humanfs/node";
import { describe, expect, it } from "vitest";
import { needs } from "../../../atomic/test/support/needs.ts";
import type { RootPromises } from "../../src/index.ts";
import { codeOf, makePlaces, plantLinks, treeOf } from "./places.ts";

// It asks for all of `node:fs/promises`, of which it uses what a root has: hence the cast.
const inRoot = (promises: RootPromises): NodeHfsImpl =>
  new NodeHfsImpl({ fsp: promises as unknown as Fsp });

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Every method that it has, and what each said. `at` makes a path of a name. */
async function work(hfs: NodeHfsImpl, at: (name: string) => string): Promise<unknown[]> {
  const said: unknown[] = [];
  const say = async (answer: Promise<unknown>): Promise<void> => {
    said.push(await answer.catch((error: NodeJS.ErrnoException) => error.code));
  };
  const text = async (name: string): Promise<unknown> => {
    const read = await hfs.bytes(at(name));
    return read && new TextDecoder().decode(read);
  };
  await hfs.write(at("a/deep/file.txt"), bytes("one")); // makes the directories
  await hfs.write(at("a/deep/file.txt"), bytes("two"));
  await hfs.append(at("a/deep/file.txt"), bytes(", three"));
  await hfs.append(at("b/new.txt"), bytes("new"));
  await say(text("a/deep/file.txt")); // all that lies under the buffer it is given
  await say(text("a/missing"));
  await say(text("a/deep"));
  await say(hfs.isFile(at("a/deep/file.txt")));
  await say(hfs.isFile(at("a/deep")));
  await say(hfs.isDirectory(at("a/deep")));
  await say(hfs.isDirectory(at("a/missing")));
  await say(hfs.isDirectory(at("a/deep/file.txt/x")));
  await say(hfs.size(at("a/deep/file.txt")));
  await say(hfs.size(at("missing")));
  await say(hfs.lastModified(at("a")).then((date) => date instanceof Date));
  await hfs.createDirectory(at("c/d/e"));
  await hfs.copy(at("b/new.txt"), at("c/copy.txt"));
  await say(hfs.copy(at("b/missing"), at("c/copy.txt")));
  await hfs.copyAll(at("a"), at("c/all"));
  await hfs.move(at("c/copy.txt"), at("c/moved.txt"));
  await say(hfs.move(at("c/d"), at("c/e")));
  await hfs.moveAll(at("c/d"), at("c/f"));
  await say(hfs.delete(at("c/moved.txt")));
  await say(hfs.delete(at("c/moved.txt")));
  await hfs.copyAll(at("c/all"), at("g"));
  await say(hfs.deleteAll(at("c/all")));
  await say(hfs.deleteAll(at("c/all")));
  const names: unknown[] = [];
  for await (const entry of hfs.list(at("c"))) names.push({ ...entry });
  said.push(names);
  await say(hfs.write(at("a/deep"), bytes("a directory has this name")));
  return said;
}

describe.runIf(needs("posix"))("@humanfs/node", () => {
  it("does the same in a root as on node:fs/promises", async () => {
    const { root, inside } = await makePlaces();
    const plain = await makePlaces();
    const said = await work(inRoot(root.promises), (name) => name);
    const saidPlain = await work(new NodeHfsImpl({ fsp }), (name) => join(plain.inside, name));
    expect(said).toEqual(saidPlain);
    expect(treeOf(inside)).toEqual(treeOf(plain.inside));
    expect(said[0]).toBe("two, three");
  });

  // Of `rm` it expects a code of Node, ERR_FS_EISDIR, and takes `rmdir` then. Ours is the errno.
  it("differs in delete() of an empty directory: that is refused", async () => {
    const { root } = await makePlaces();
    const plain = await makePlaces();
    const hfs = inRoot(root.promises);
    await hfs.createDirectory("empty");
    const plainPath = join(plain.inside, "empty");
    await new NodeHfsImpl({ fsp }).createDirectory(plainPath);
    expect(await new NodeHfsImpl({ fsp }).delete(plainPath)).toBe(true);
    expect(await codeOf(hfs.delete("empty"))).toBe("EISDIR");
    expect(await hfs.deleteAll("empty")).toBe(true);
  });

  it.each(["../outside/canary", "src/../../outside/canary", "to-file", "to-directory/a.txt"])(
    "reaches nothing at %s",
    async (path) => {
      const places = await makePlaces();
      const { root, outside, untouched } = places;
      plantLinks(places);
      await root.mkdir("src");
      await root.writeFile("mine", "mine");
      const hfs = inRoot(root.promises);
      const calls = [
        () => hfs.bytes(path),
        () => hfs.isFile(path),
        () => hfs.isDirectory(path),
        () => hfs.size(path),
        () => hfs.lastModified(path),
        () => hfs.write(path, bytes("x")),
        () => hfs.append(path, bytes("x")),
        () => hfs.copy("mine", path),
      ];
      for (const call of calls) expect(await codeOf(call())).toBe("ERR_PATH_ESCAPES");
      expect(treeOf(outside)).toEqual(untouched);
    },
  );

  it("reaches nothing by an absolute path, or a URL", async () => {
    const { root, outside, untouched } = await makePlaces();
    const hfs = inRoot(root.promises);
    const path = join(outside, "canary");
    expect(await codeOf(hfs.bytes(path))).toBe("ERR_PATH_ESCAPES");
    expect(await codeOf(hfs.write(path, bytes("x")))).toBe("ERR_PATH_ESCAPES");
    expect(await codeOf(hfs.deleteAll(outside))).toBe("ERR_PATH_ESCAPES");
    expect(await codeOf(hfs.moveAll(outside, "mine"))).toBe("ERR_PATH_ESCAPES");
    expect(await codeOf(hfs.bytes(new URL(`file://${path}`)))).not.toBe("ok");
    expect(await codeOf(hfs.deleteAll(new URL(`file://${outside}`)))).not.toBe("ok");
    expect(treeOf(outside)).toEqual(untouched);
  });

  it("copies and removes planted links as links", async () => {
    const places = await makePlaces();
    const { root, inside, outside, untouched } = places;
    plantLinks(places);
    const hfs = inRoot(root.promises);
    await hfs.createDirectory("tree");
    symlinkSync("../../outside/directory", join(inside, "tree", "out"));
    await hfs.copyAll("tree", "copy");
    expect(treeOf(join(inside, "copy"))).toEqual(["out -> ../../outside/directory"]);
    await hfs.deleteAll("tree");
    await hfs.deleteAll("copy");
    expect(await hfs.delete("to-directory")).toBe(true);
    expect(treeOf(outside)).toEqual(untouched);
  });
});
