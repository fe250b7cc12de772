import * as nodeFs from "node:fs";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { facesOf } from "../../src/calls/faces.ts";
import { MemoryBackend } from "../../src/memory/memory-backend.ts";

const memory = facesOf(new MemoryBackend({ tree: ["tmp/", "tmp/a = hello"] }));

/** What a program gets that promisifies, as many do. */
async function promisifiedResults(fs: typeof nodeFs, path: string): Promise<unknown[]> {
  const fd = await promisify(fs.open)(path, "r+");
  const buffer = Buffer.alloc(5);
  const results = [
    await promisify(fs.exists)(path),
    await promisify(fs.exists)(`${path}.none`),
    await promisify(fs.write)(fd, Buffer.from("HE"), 0, 2, 0),
    await promisify(fs.read)(fd, buffer, 0, 5, 0),
    await promisify(fs.writev)(fd, [Buffer.from("L"), Buffer.from("L")], 2),
    await promisify(fs.readv)(fd, [Buffer.alloc(5)], 0),
    await promisify(fs.readFile)(path, "utf8"),
  ];
  await promisify(fs.close)(fd);
  const failed = promisify(fs.read)(fd, buffer, 0, 5, 0);
  await expect(failed).rejects.toMatchObject({ code: "EBADF" });
  return results;
}

it("util.promisify gives what it gives of node:fs", async () => {
  const dir = nodeFs.mkdtempSync("/tmp/holdfast-promisify-");
  try {
    nodeFs.writeFileSync(`${dir}/a`, "hello");
    const real = await promisifiedResults(nodeFs, `${dir}/a`);
    const ours = await promisifiedResults(memory as typeof nodeFs, "/tmp/a");
    expect(ours).toEqual(real);
    expect(real[3]).toMatchObject({ bytesRead: 5 });
  } finally {
    nodeFs.rmSync(dir, { recursive: true });
  }
});
