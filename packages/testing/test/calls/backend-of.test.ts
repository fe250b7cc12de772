/** What `backendOf` can be given: more than `node:fs` itself. */

import nodeFs from "node:fs";
import { memfs } from "memfs";
import { describe, expect, it } from "vitest";
import { tempDir } from "../../../atomic/test/support/temp-dir.ts";
import { facesOf } from "../../src/calls/faces.ts";
import type { FileSystemLike, NodeFileSystem } from "../../src/calls/node-file-system.ts";
import { backendOf } from "../../src/calls/real-backend.ts";

const over = (fs: object): NodeFileSystem => facesOf(backendOf(fs as FileSystemLike));

/** The recipe of a safe replacement, in each form. */
async function replaceWithPromises({ promises }: NodeFileSystem, dir: string): Promise<string> {
  const handle = await promises.open(`${dir}/staged`, "wx");
  await handle.writeFile("new");
  await handle.sync();
  await handle.close();
  await promises.rename(`${dir}/staged`, `${dir}/file`);
  const parent = await promises.open(dir, "r");
  await parent.sync();
  await parent.close();
  return await promises.readFile(`${dir}/file`, "utf8");
}

function replaceAtOnce(fs: NodeFileSystem, dir: string): string {
  const fd = fs.openSync(`${dir}/staged`, "wx");
  fs.writeSync(fd, "new");
  fs.fsyncSync(fd);
  fs.closeSync(fd);
  fs.renameSync(`${dir}/staged`, `${dir}/file`);
  return fs.readFileSync(`${dir}/file`, "utf8");
}

function replaceWithCallbacks(fs: NodeFileSystem, dir: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const failed = (error: unknown): boolean => {
      if (error !== null && error !== undefined) reject(error as Error);
      return error !== null && error !== undefined;
    };
    fs.open(`${dir}/staged`, "wx", (error, fd) => {
      if (failed(error)) return;
      fs.write(fd, "new", (writing) => {
        if (failed(writing)) return;
        fs.close(fd, (closing) => {
          if (failed(closing)) return;
          fs.rename(`${dir}/staged`, `${dir}/file`, (renaming) => {
            if (failed(renaming)) return;
            fs.readFile(`${dir}/file`, "utf8", (reading, text) => {
              if (!failed(reading)) resolve(text);
            });
          });
        });
      });
    });
  });
}

describe("memfs", () => {
  it("in every form", async () => {
    for (const replace of [replaceWithPromises, replaceAtOnce, replaceWithCallbacks]) {
      const { fs } = memfs({ "/dir/file": "old" });
      expect(await replace(over(fs), "/dir")).toBe("new");
      expect(fs.readdirSync("/dir")).toEqual(["file"]);
    }
  });

  it("with streams, trees and temporary directories", async () => {
    const { fs } = memfs({ "/dir/sub/file": "old" });
    const faces = over(fs);
    await new Promise((resolve) => {
      faces.createWriteStream("/dir/new").end("text", () => resolve(undefined));
    });
    expect(faces.readFileSync("/dir/new", "utf8")).toBe("text");
    await faces.promises.cp("/dir", "/copy", { recursive: true });
    expect(faces.readdirSync("/copy", { recursive: true })).toEqual(["new", "sub", "sub/file"]);
    const made = await faces.promises.mkdtemp("/dir/temp-");
    expect(faces.statSync(made).isDirectory()).toBe(true);
    faces.rmSync("/dir", { recursive: true });
    expect(faces.existsSync("/dir")).toBe(false);
  });
});

describe("promises only", () => {
  it("works with promises, and says what is missing in the other forms", async () => {
    const dir = tempDir();
    nodeFs.writeFileSync(`${dir}/file`, "old");
    const faces = over({ promises: nodeFs.promises });
    expect(await replaceWithPromises(faces, dir)).toBe("new");
    expect(() => faces.readFileSync(`${dir}/file`)).toThrow(
      new TypeError("fs.openSync is not a function"),
    );
  });

  it("has callbacks and streams, which need no other half", async () => {
    const dir = tempDir();
    nodeFs.writeFileSync(`${dir}/file`, "old");
    const faces = over({ promises: nodeFs.promises });
    expect(await replaceWithCallbacks(faces, dir)).toBe("new");
    let text = "";
    for await (const chunk of faces.createReadStream(`${dir}/file`, "utf8")) text += String(chunk);
    expect(text).toBe("new");
  });
});

describe("callbacks only", () => {
  it("is what promises are made of", async () => {
    const dir = tempDir();
    nodeFs.writeFileSync(`${dir}/file`, "old");
    const { promises: _, ...rest } = nodeFs;
    expect(await replaceWithPromises(over(rest), dir)).toBe("new");
  });
});

describe("an object that replaces some methods", () => {
  it("meets its own, in the form that it replaced", async () => {
    const dir = tempDir();
    const failure = Object.assign(new Error("mine"), { code: "ENOSPC" });
    const faces = over({
      ...nodeFs,
      promises: { ...nodeFs.promises, rename: () => Promise.reject(failure) },
    });
    await expect(replaceWithPromises(faces, dir)).rejects.toBe(failure);
    expect(replaceAtOnce(over({ ...nodeFs }), tempDir())).toBe("new");
  });

  it("may have handles without numbers", async () => {
    const calls: string[] = [];
    const handleOf = (path: string): object => ({
      write: (_: unknown, __: number, length: number) => {
        calls.push(`write ${path}`);
        return Promise.resolve({ bytesWritten: length });
      },
      sync: () => Promise.resolve(void calls.push(`sync ${path}`)),
      close: () => Promise.resolve(void calls.push(`close ${path}`)),
    });
    const open = (path: string): Promise<object> => Promise.resolve(handleOf(path));
    const faces = over({ promises: { open } });
    const [one, two] = [await faces.promises.open("/1", "w"), await faces.promises.open("/2", "w")];
    await one.writeFile("text");
    await two.writeFile("text");
    await one.sync();
    await one.close();
    await two.close();
    expect(calls).toEqual(["write /1", "write /2", "sync /1", "close /1", "close /2"]);
  });
});

it("refuses what is no object", () => {
  for (const value of [undefined, null, "fs", 7]) {
    expect(() => backendOf(value as never)).toThrow(
      expect.objectContaining({ name: "TypeError", code: "ERR_INVALID_ARG" }),
    );
  }
});
