import fs from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  forms,
  formsByIdentity,
  ground,
  openDescriptors,
  type Form,
} from "../read/support/roots.ts";

describe.each([...forms, ...formsByIdentity])("openRoot of a root, $name", (form: Form) => {
  const { open, sync, name } = form;
  const method = (what: string): string => (sync ? `${what}Sync` : what);
  const code = async (act: () => unknown): Promise<unknown> => {
    try {
      await act();
      return "ok";
    } catch (error) {
      return (error as { code?: unknown }).code;
    }
  };

  it("is a root of its own: `..` ends there, and it outlives the larger one", async () => {
    const { inside } = ground();
    fs.mkdirSync(join(inside, "d/e"), { recursive: true });
    fs.writeFileSync(join(inside, "secret"), "secret");
    fs.writeFileSync(join(inside, "d/f"), "mine");
    fs.symlinkSync("../secret", join(inside, "d/up"));
    fs.symlinkSync(join(inside, "d/f"), join(inside, "d/absolute"));
    fs.symlinkSync(join(inside, "secret"), join(inside, "d/absolute-up"));
    fs.symlinkSync("d", join(inside, "link"));
    const before = openDescriptors();
    const { root, call } = await open(inside);
    const sub = await call("openRoot", "link/");
    expect(sub.containment).toBe(root.containment);
    await root.close();
    const read = (path: string): Promise<unknown> => code(() => sub[method("readFile")](path));
    expect(await read("f")).toBe("ok");
    expect(await read("absolute")).toBe("ok");
    for (const path of ["../secret", "up", "absolute-up", "e/../../secret"]) {
      expect(await read(path)).toBe("ERR_PATH_ESCAPES");
    }
    await sub[method("writeFile")]("g", "new");
    expect(fs.readFileSync(join(inside, "d/g"), "utf8")).toBe("new");
    await sub.close();
    expect(openDescriptors()).toBe(before);
    expect(await read("f")).toBe("ERR_CLOSED");
  });

  it("leaves the larger one open when it is closed, also the root itself", async () => {
    const { inside } = ground();
    fs.writeFileSync(join(inside, "f"), "");
    const { call } = await open(inside);
    const sub = await call("openRoot", ".");
    await sub[method("readFile")]("f");
    await sub.close();
    expect((await call("readFile", "f")).length).toBe(0);
  });

  it.each([
    ["missing", "ENOENT"],
    ["f", "ENOTDIR"],
    ["../x", "ERR_PATH_ESCAPES"],
    ["out", "ERR_PATH_ESCAPES"],
    ["closed", "ERR_DENIED"],
    ["closed/in", "ERR_DENIED"],
  ])("refuses %s: %s", async (path, expected) => {
    const { inside, outside } = ground();
    fs.mkdirSync(join(inside, "closed/in"), { recursive: true });
    fs.writeFileSync(join(inside, "f"), "");
    fs.symlinkSync(outside, join(inside, "out"));
    const { call } = await open(inside, { deny: { read: ["closed"] } });
    const before = openDescriptors();
    await expect(call("openRoot", path)).rejects.toMatchObject({ code: expected, effect: "none" });
    expect(openDescriptors()).toBe(before);
  });

  it("keeps the rules of the larger one, and adds to them", async () => {
    const { inside } = ground();
    fs.mkdirSync(join(inside, "d/shut"), { recursive: true });
    for (const path of ["d/secret", "d/own", "d/shut/f", "d/free"]) {
      fs.writeFileSync(join(inside, path), "x");
    }
    const { call } = await open(inside, {
      deny: { read: ["d/secret", "free"], write: ["d/shut", "d/x/y"] },
      maxReadBytes: 10,
    });
    const sub = await call("openRoot", "d", { deny: { read: ["own"] }, maxReadBytes: 1 });
    const read = (path: string): Promise<unknown> => code(() => sub[method("readFile")](path));
    expect(await read("secret")).toBe("ERR_DENIED");
    expect(await read("own")).toBe("ERR_DENIED");
    expect(await read("free")).toBe("ok");
    expect(await read("shut/f")).toBe("ok");
    const write = (path: string): Promise<unknown> =>
      code(() => sub[method("writeFile")](path, "new"));
    expect(await write("shut/f")).toBe("ERR_DENIED");
    expect(await write("free")).toBe("ok");
    expect(await read("free")).toBe("ERR_TOO_LARGE");
    expect((await call("readFile", "d/own")).length).toBe(1);
    const shut = await call("openRoot", "d/shut");
    expect(await code(() => shut[method("readFile")]("f"))).toBe("ok");
    expect(await code(() => shut[method("writeFile")]("f", "new"))).toBe("ERR_DENIED");
    expect(await code(() => shut[method("writeFile")]("g", "new"))).toBe("ERR_DENIED");
    for (const one of [sub, shut]) await one.close();
  });

  it("tells the host where things happen, from the larger root", async () => {
    const { inside, outside } = ground();
    fs.mkdirSync(join(inside, "d/e"), { recursive: true });
    const told: unknown[] = [];
    const { call } = await open(inside, {
      authorize: ({ path }) => void told.push(path),
      audit: ({ path, dest, result }) => void told.push([path, dest, result]),
    });
    const sub = await call("openRoot", "d");
    const subsub = await sub[method("openRoot")]("e");
    told.length = 0;
    await subsub[method("writeFile")]("f", "x");
    await code(() => subsub[method("readFile")]("../f"));
    await subsub[method("copyOut")]("f", join(outside, "f"));
    await sub[method("rm")]("e/f");
    expect(told).toEqual([
      "d/e/f",
      ["d/e/f", undefined, "ok"],
      ["d/e/../f", undefined, "ERR_PATH_ESCAPES"],
      ["d/e/f", join(outside, "f"), "ok"],
      "d/e/f",
      ["d/e/f", undefined, "ok"],
    ]);
    for (const one of [sub, subsub]) await one.close();
  });

  it.runIf(!name.includes("identity") && process.platform === "linux")(
    "stays in the directory that was opened, whatever has its name",
    async () => {
      const { inside, outside } = ground();
      fs.mkdirSync(join(inside, "d"));
      fs.writeFileSync(join(outside, "f"), "secret");
      const { call } = await open(inside);
      const sub = await call("openRoot", "d");
      fs.renameSync(join(inside, "d"), join(inside, "moved"));
      fs.symlinkSync(outside, join(inside, "d"));
      await sub[method("writeFile")]("f", "mine");
      expect(fs.readFileSync(join(inside, "moved/f"), "utf8")).toBe("mine");
      expect(fs.readFileSync(join(outside, "f"), "utf8")).toBe("secret");
      await sub.close();
    },
  );
});
