import { mkdtemp, readFile, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { openRoot, type Root } from "@holdfast/root";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createUploadServer } from "./main.ts";

let folder: string;
let uploads: Root;
let server: Server;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "example-10-"));
  uploads = await openRoot(folder, { symlinks: "refuse" });
  server = createUploadServer(uploads);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await uploads.close();
  await rm(folder, { recursive: true });
});

/** The path as it is: `fetch` would resolve the dots before the server saw them. */
async function send(
  method: string,
  path: string,
  body: Iterable<string | Buffer> = [],
): Promise<{ status: number; body: string }> {
  const { port } = server.address() as AddressInfo;
  return new Promise((resolve, reject) => {
    const sent = request({ host: "127.0.0.1", port, method, path }, (response) => {
      text(response).then((got) => resolve({ status: response.statusCode!, body: got }), reject);
    });
    sent.on("error", reject);
    for (const chunk of body) sent.write(chunk);
    sent.end();
  });
}

test("what is sent is there, as a whole, listed and served", async () => {
  expect(await send("PUT", "/a%20b.txt", ["one ", "two"])).toEqual({ status: 201, body: "" });
  expect(await readFile(join(folder, "a b.txt"), "utf8")).toBe("one two");
  expect(await send("GET", "/a%20b.txt")).toEqual({ status: 200, body: "one two" });
  expect(await send("GET", "/")).toEqual({ status: 200, body: "a b.txt" });
  expect((await send("GET", "/other")).status).toBe(404);
});

test("nothing is written over", async () => {
  await send("PUT", "/report", ["mine"]);
  expect((await send("PUT", "/report", ["yours"])).status).toBe(409);
  expect(await readFile(join(folder, "report"), "utf8")).toBe("mine");
});

test("what is too large leaves nothing", async () => {
  const megabyte = Buffer.alloc(1_000_000);
  expect((await send("PUT", "/full", [megabyte])).status).toBe(201);
  expect((await send("PUT", "/over", [megabyte, "!"])).status).toBe(413);
  expect(await readdir(folder)).toEqual(["full"]);
});

test("nor does a client that goes away in the middle", async () => {
  const { port } = server.address() as AddressInfo;
  const sent = request({ host: "127.0.0.1", port, method: "PUT", path: "/half" });
  sent.on("error", () => {}); // what it does to us is what this is about
  sent.write("half of it");
  while ((await readdir(folder)).length === 0) await delay(5); // the hidden file that it is written to
  sent.destroy();
  while ((await readdir(folder)).length > 0) await delay(5);
  expect((await send("GET", "/half")).status).toBe(404);
});

test.each([
  ["/../../etc/passwd", 400],
  ["/%2e%2e/%2e%2e/etc/passwd", 400],
  ["/..", 400],
  ["//etc/passwd", 400],
  ["/", 400],
  ["/%00", 400],
  ["/a/b", 404], // there is no directory, and none is made
  [`/${"x".repeat(300)}`, 400],
])("a name that is none: %s", async (path, status) => {
  expect((await send("PUT", path, ["content"])).status).toBe(status);
  expect(await readdir(folder)).toEqual([]);
});

test("a name that means a device elsewhere is a file here", async () => {
  const { status } = await send("PUT", "/con", ["content"]);
  expect(status).toBe(process.platform === "win32" ? 400 : 201);
});

test("a link that somebody has put there is not followed", async () => {
  const outside = await mkdtemp(join(tmpdir(), "example-10-outside-"));
  try {
    await writeFile(join(outside, "secret"), "canary");
    await symlink(join(outside, "secret"), join(folder, "link"));
    expect(await send("GET", "/link")).toEqual({ status: 404, body: "" });
    expect((await send("PUT", "/link", ["content"])).status).toBe(409);
    expect(await readFile(join(outside, "secret"), "utf8")).toBe("canary");
  } finally {
    await rm(outside, { recursive: true });
  }
});
