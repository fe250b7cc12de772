import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { asUser, nobody } from "./as-user.ts";
import { inMountNamespace } from "./in-mount-namespace.ts";
import { needs } from "./needs.ts";
import { runScript } from "./node-script.ts";
import { tempDir } from "./temp-dir.ts";

describe("a script in its own process", () => {
  it("gets input and gives a report, bigints as strings", () => {
    const script = `import { sep } from "node:path"; report({ sep, twice: input.n * 2, big: 12n });`;
    expect(runScript({ script, input: { n: 21 } })).toEqual({
      sep: statSync("/").isDirectory() ? "/" : "\\",
      twice: 42,
      big: "12",
    });
  });

  it("finds the package that is tested", () => {
    const script = `const m = await import("@holdfast/fs"); report(typeof m.HoldfastError);`;
    expect(runScript({ script })).toBe("function");
  });

  it("reports more than a pipe holds", () => {
    expect(runScript<string>({ script: `report("x".repeat(input))`, input: 300_000 })).toHaveLength(
      300_000,
    );
  });

  it("fails if it throws, exits with an error, says nothing, or has a mistake in it", () => {
    expect(() => runScript({ script: `throw new Error("mine")` })).toThrow("mine");
    expect(() => runScript({ script: "report(1); process.exit(3)" })).toThrow("exit code 3");
    expect(() => runScript({ script: "1 + 1" })).toThrow("reported nothing");
    expect(() => runScript({ script: "report(" })).toThrow("SyntaxError");
  });
});

describe.runIf(needs("other-user"))("as another user", () => {
  it("has that user's rights and no group of root's", () => {
    const dir = tempDir();
    const path = join(dir, "secret");
    writeFileSync(path, "x", { mode: 0o600 });
    const script = `
      import { readFileSync } from "node:fs";
      let code;
      try { readFileSync(input) } catch (error) { code = error.code }
      report({ uid: process.getuid(), gid: process.getgid(), groups: process.getgroups(), code });`;
    expect(asUser(nobody, { script, input: path })).toEqual({
      uid: 65_534,
      gid: 65_534,
      groups: [65_534],
      code: "EACCES",
    });
  });
});

describe.runIf(needs("mount-namespace"))("in a mount namespace", () => {
  const script = `
    import { statSync, statfsSync, writeFileSync } from "node:fs";
    let code = "ok";
    try { writeFileSync(input + "/file", "x") } catch (error) { code = error.code }
    report({ dev: statSync(input).dev, type: statfsSync(input).type, code, uid: process.getuid() });`;
  interface Seen {
    dev: number;
    type: number;
    code: string;
    uid: number;
  }

  it("sees a tmpfs that nobody else sees, of a limited size if wanted", () => {
    const dir = tempDir();
    const seen = inMountNamespace<Seen>({
      mounts: [{ type: "tmpfs", target: dir }],
      script,
      input: dir,
    });
    expect(seen).toMatchObject({ type: 0x01021994, code: "ok" });
    expect(seen.dev).not.toBe(statSync(dir).dev);
    expect(() => statSync(join(dir, "file"))).toThrow("ENOENT");

    const full = `
      import { writeFileSync } from "node:fs";
      try { writeFileSync(input + "/big", Buffer.alloc(1 << 20)); report("fits") } catch (error) { report(error.code) }`;
    const mounts = [{ type: "tmpfs", target: dir, options: "size=64k" }] as const;
    expect(inMountNamespace({ mounts, script: full, input: dir })).toBe("ENOSPC");
  });

  it("sees a file bound over another, and a read-only place", () => {
    const dir = tempDir();
    writeFileSync(join(dir, "a"), "a");
    writeFileSync(join(dir, "b's"), "b");
    const read = `import { readFileSync } from "node:fs"; report(readFileSync(input, "utf8"));`;
    expect(
      inMountNamespace({
        mounts: [{ type: "bind", source: join(dir, "b's"), target: join(dir, "a") }],
        script: read,
        input: join(dir, "a"),
      }),
    ).toBe("b");
    expect(
      inMountNamespace<Seen>({ mounts: [{ type: "read-only", target: dir }], script, input: dir }),
    ).toMatchObject({ code: "EROFS" });
  });

  it.runIf(needs("other-user", "setpriv"))(
    "runs set-up commands, and the script as another user",
    () => {
      const dir = tempDir();
      const seen = inMountNamespace<Seen>({
        mounts: [{ type: "tmpfs", target: dir }],
        setup: `chmod 0755 '${dir}'`,
        user: nobody,
        script,
        input: dir,
      });
      // The way to it is closed to others too: temporary directories are 0700.
      expect(seen).toMatchObject({ code: "EACCES", uid: 65_534 });
    },
  );

  it("fails if a mount fails", () => {
    const mounts = [{ type: "bind", source: "/no/such", target: "/no/such" }] as const;
    expect(() => inMountNamespace({ mounts, script: "report(1)" })).toThrow("reported nothing");
  });
});
