import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { download } from "./main.ts";

const body = randomBytes(3 * 1024 * 1024);
const sha256 = createHash("sha256").update(body).digest("hex");
let folder: string;
let server: Server;
let origin: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "example-02-"));
  server = createServer((request, response) => {
    response.setHeader("content-length", body.length);
    if (request.url === "/whole") response.end(body);
    else response.write(body.subarray(0, body.length / 2), () => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(folder, { recursive: true });
});

test("a whole download is there", async () => {
  const receipt = await download(`${origin}/whole`, join(folder, "f.bin"), { sha256 });
  expect(receipt).toMatchObject({ method: "rename", created: true, bytes: body.length });
  expect(body.equals(await readFile(join(folder, "f.bin")))).toBe(true);
});

test.each(["broken connection", "wrong checksum"])("%s: the old file stays", async (what) => {
  const path = join(folder, "f.bin");
  await writeFile(path, "old");
  const broken = what === "broken connection";
  const call = download(`${origin}/${broken ? "half" : "whole"}`, path, {
    sha256: broken ? sha256 : "0".repeat(64),
  });
  await expect(call).rejects.toMatchObject({
    code: broken ? "ERR_CONTENT_SOURCE" : "ERR_HOOK",
    effect: "none",
  });
  expect(await readFile(path, "utf8")).toBe("old");
  expect(await readdir(folder)).toEqual(["f.bin"]);
});
