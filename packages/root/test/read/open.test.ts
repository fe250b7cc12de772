import fs from "node:fs";
import {
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { needs } from "../../../atomic/test/support/needs.ts";
import type { AuthorizeEvent } from "../../src/index.ts";
import { asynchronous, forms, formsByIdentity, ground, openDescriptors } from "./support/roots.ts";

const { constants } = fs;

function furnished(): ReturnType<typeof ground> {
  const places = ground();
  const { inside, outside } = places;
  mkdirSync(join(inside, "d"));
  writeFileSync(join(inside, "file"), "content");
  writeFileSync(join(inside, "d/file"), "below");
  writeFileSync(join(outside, "file"), "outside");
  symlinkSync("file", join(inside, "link"));
  symlinkSync("d", join(inside, "to-d"));
  symlinkSync("d/new", join(inside, "dangling"));
  symlinkSync("nowhere/new", join(inside, "far"));
  symlinkSync("file/", join(inside, "file-slash"));
  symlinkSync("new/", join(inside, "new-slash"));
  symlinkSync("../outside/file", join(inside, "out"));
  symlinkSync("../outside/new", join(inside, "dangling-out"));
  return places;
}

/** Uses what was opened and closes it: a number, or Node's handle. */
async function used<T>(opened: any, use: (fd: number) => T): Promise<T> {
  try {
    return use(typeof opened === "number" ? opened : opened.fd);
  } finally {
    if (typeof opened === "number") fs.closeSync(opened);
    else await opened.close();
  }
}
const contentOf = (fd: number): string => readFileSync(fd, "utf8");

describe.runIf(needs("linux")).each([...forms, ...formsByIdentity])("$name", (form) => {
  it("opens for reading by default: what Node opens", async () => {
    const { call } = await form.open(furnished().inside);
    const before = openDescriptors();
    for (const path of ["file", "link", "to-d/../file", Buffer.from("file")]) {
      const opened = await call("open", path);
      expect(typeof opened).toBe(form.sync ? "number" : "object");
      expect(await used(opened, contentOf)).toBe("content");
    }
    const kinds = await used(await call("open", "d"), (fd) => fs.fstatSync(fd).isDirectory());
    expect(kinds).toBe(true);
    expect(openDescriptors()).toBe(before);
  });

  it("every word for the flags does what it does in Node", async () => {
    const words = ["r", "rs", "sr", "r+", "rs+", "sr+", "w", "wx", "xw", "w+", "wx+", "xw+"];
    words.push("a", "ax", "xa", "as", "sa", "a+", "ax+", "xa+", "as+", "sa+");
    const act = (fd: number): string => {
      const told: string[] = [];
      for (const attempt of [
        () => fs.readSync(fd, Buffer.alloc(3), 0, 3, 0),
        () => fs.writeSync(fd, "+", 0),
        () => fs.fstatSync(fd).mode.toString(8),
      ]) {
        try {
          told.push(String(attempt()));
        } catch (error) {
          told.push((error as NodeJS.ErrnoException).code!);
        }
      }
      return told.join(" ");
    };
    const truncating = constants.O_RDONLY | constants.O_TRUNC;
    const flags: (string | number)[] = [...words, constants.O_RDWR];
    // Left to the system by POSIX; by identity a file is emptied through its handle, which says no.
    if (!form.name.includes("identity")) flags.push(truncating);
    for (const there of [true, false]) {
      for (const flag of flags) {
        const [mine, plain] = [furnished().inside, furnished().inside];
        const name = there ? "file" : "new";
        const { call } = await form.open(mine);
        const outcome = await call("open", name, flag, 0o640).then(
          (opened) => used(opened, act),
          ({ code }) => code,
        );
        const expected = await fs.promises.open(join(plain, name), flag, 0o640).then(
          (opened) => used(opened, act),
          ({ code }) => code,
        );
        expect(`${flag} ${there}: ${outcome}`).toBe(`${flag} ${there}: ${expected}`);
        const after = (inside: string) =>
          existsSync(join(inside, name)) ? readFileSync(join(inside, name), "utf8") : undefined;
        expect(`${flag} ${there}: ${after(mine)}`).toBe(`${flag} ${there}: ${after(plain)}`);
      }
    }
    const { call } = await form.open(furnished().inside);
    for (const wrong of ["", "z", "rw", "r++", "wr", -1, 1.5, {}]) {
      const refused = call("open", "file", wrong);
      await expect(refused).rejects.toMatchObject({ code: "ERR_INVALID_ARG" });
    }
    for (const wrong of ["9", "", -1, {}]) {
      const refused = call("open", "new", "w", wrong);
      await expect(refused).rejects.toMatchObject({ code: "ERR_INVALID_ARG" });
    }
    expect(
      await used(await call("open", "new", "w", "600"), (fd) => fs.fstatSync(fd).mode & 0o777),
    ).toBe(0o600);
  }, 60_000);

  it("creates like plain open, through a link that leads to nothing inside too", async () => {
    const files = ["new", "d/new", "to-d/new", "dangling", "link", "file", "far", "missing/new"];
    const dots = ["d", "d/", "new/", ".", "./", "d/.", "d/..", "d/../", "to-d", "to-d/"];
    for (const path of [
      ...files,
      ...dots,
      "file/",
      "link/",
      "file/new",
      "file-slash",
      "new-slash",
    ]) {
      for (const flag of ["w", "wx", "a+", constants.O_CREAT]) {
        const [mine, plain] = [furnished().inside, furnished().inside];
        const { call } = await form.open(mine);
        const before = openDescriptors();
        const outcome = await call("open", path, flag).then(
          (opened) => used(opened, () => "ok"),
          (error) => error.code,
        );
        expect(openDescriptors()).toBe(before);
        const expected = await fs.promises.open(`${plain}/${path}`, flag).then(
          (opened) => used(opened, () => "ok"),
          (error) => error.code,
        );
        expect(`${path} ${flag}: ${outcome}`).toBe(`${path} ${flag}: ${expected}`);
        const tree = (inside: string) =>
          (fs.readdirSync(inside, { recursive: true }) as string[]).toSorted();
        expect(tree(mine)).toEqual(tree(plain));
      }
    }
  }, 60_000);

  it("makes parents on request only", async () => {
    const { inside } = furnished();
    const { call } = await form.open(inside);
    await expect(call("open", "x/y/z", "w")).rejects.toMatchObject({ code: "ENOENT" });
    await used(await call("open", "x/y/z", "w", 0o600, { create: true }), (fd) =>
      fs.writeSync(fd, "new"),
    );
    expect(readFileSync(join(inside, "x/y/z"), "utf8")).toBe("new");
    const missing = call("open", "p/q", "r", 0o600, { create: true });
    await expect(missing).rejects.toMatchObject({ code: "ENOENT" });
    expect(existsSync(join(inside, "p"))).toBe(false);
  });

  it("R1 neither opens nor creates outside", async () => {
    const { inside, outside } = furnished();
    const { call } = await form.open(inside);
    const before = openDescriptors();
    for (const path of [
      "out",
      "dangling-out",
      "../outside/file",
      "d/../../outside/new",
      "/tmp/x",
    ]) {
      for (const flag of ["r", "w", "a", "r+", "w+"]) {
        const refused = call("open", path, flag, 0o600, { create: true });
        await expect(refused).rejects.toMatchObject({ code: "ERR_PATH_ESCAPES", path });
      }
    }
    // A link that is there exists, wherever it leads.
    for (const path of ["out", "dangling-out", "dangling", "link"]) {
      await expect(call("open", path, "wx")).rejects.toMatchObject({ code: "EEXIST" });
    }
    const noFollow = constants.O_RDONLY | constants.O_NOFOLLOW;
    for (const path of ["out", "link"]) {
      await expect(call("open", path, noFollow)).rejects.toMatchObject({ code: "ELOOP" });
    }
    expect(fs.readdirSync(outside)).toEqual(["file"]);
    expect(readFileSync(join(outside, "file"), "utf8")).toBe("outside");
    expect(openDescriptors()).toBe(before);
  });

  it("R6 hard links are refused by what the flags do", async () => {
    const { inside, outside } = furnished();
    linkSync(join(outside, "file"), join(inside, "alias"));
    // Not just now: that could be somebody who is creating it.
    await new Promise((resolve) => setTimeout(resolve, 60));
    const { call } = await form.open(inside);
    for (const flag of ["r", "r+", "w", "a", constants.O_RDONLY | constants.O_TRUNC]) {
      await expect(call("open", "alias", flag)).rejects.toMatchObject({ code: "ERR_HARDLINK" });
    }
    const reads = { hardlinks: "refuse-writes" };
    expect(await used(await call("open", "alias", "r", 0, reads), contentOf)).toBe("outside");
    for (const flag of ["r+", "w", "a", constants.O_RDONLY | constants.O_TRUNC]) {
      const refused = call("open", "alias", flag, 0, reads);
      await expect(refused).rejects.toMatchObject({ code: "ERR_HARDLINK" });
    }
    expect(readFileSync(join(outside, "file"), "utf8")).toBe("outside");
    await used(await call("open", "alias", "r+", 0, { hardlinks: "allow" }), (fd) =>
      fs.writeSync(fd, "x"),
    );
    expect(readFileSync(join(outside, "file"), "utf8")).toBe("xutside");
  });

  it("R7 FIFOs, sockets and devices are refused at once", async () => {
    const { inside } = furnished();
    expect(spawnSync("mkfifo", [join(inside, "fifo")]).status).toBe(0);
    const { call } = await form.open(inside);
    for (const flag of ["r", "w", "r+", "a"]) {
      await expect(call("open", "fifo", flag)).rejects.toMatchObject({ code: "ERR_NOT_FILE" });
    }
    await expect(call("open", "fifo", "wx")).rejects.toMatchObject({ code: "EEXIST" });
  });

  it("R9 rules are asked, once, for what the flags do where the links lead", async () => {
    const { inside } = furnished();
    mkdirSync(join(inside, "ro"));
    mkdirSync(join(inside, "wo"));
    writeFileSync(join(inside, "ro/file"), "kept");
    writeFileSync(join(inside, "wo/file"), "kept");
    symlinkSync("ro/new", join(inside, "to-ro"));
    const events: AuthorizeEvent[] = [];
    const authorize = (event: AuthorizeEvent): void => {
      events.push(event);
      if (event.path === "d/file") throw new Error("not this one");
    };
    const { call } = await form.open(inside, { authorize, deny: { write: ["ro"], read: ["wo"] } });
    const denied = { code: "ERR_DENIED", effect: "none" };
    expect(await used(await call("open", "ro/file"), contentOf)).toBe("kept");
    for (const flag of ["w", "r+", "a", constants.O_RDONLY | constants.O_TRUNC]) {
      await expect(call("open", "ro/file", flag)).rejects.toMatchObject(denied);
    }
    await expect(call("open", "to-ro", "w")).rejects.toMatchObject(denied);
    await expect(call("open", "ro/x", "wx")).rejects.toMatchObject(denied);
    for (const flag of ["r", "w", "r+"]) {
      await expect(call("open", "wo/file", flag)).rejects.toMatchObject(denied);
    }
    expect(events).toEqual([]);
    await used(await call("open", "link", "r"), contentOf);
    expect(events).toEqual([]);
    await used(await call("open", "link", "a"), () => {});
    await used(await call("open", "dangling", "w"), () => {});
    const method = form.sync ? "openSync" : "open";
    expect(events).toEqual([
      { method, path: "file" },
      { method, path: "d/new" },
    ]);
    await expect(call("open", "d/file", "w")).rejects.toMatchObject(denied);
    for (const path of ["ro/file", "wo/file"]) {
      expect(readFileSync(join(inside, path), "utf8")).toBe("kept");
    }
    expect(readFileSync(join(inside, "d/file"), "utf8")).toBe("below");
  });
});

describe.runIf(needs("linux"))("while others are at work", () => {
  it("what appears just before it is created is opened; what is a link then is not followed outside", async () => {
    for (const [appear, flag, outcome] of [
      [(path: string) => writeFileSync(path, "theirs"), "a", "ok"],
      [(path: string) => writeFileSync(path, "theirs"), "wx", "EEXIST"],
      [(path: string, out: string) => symlinkSync(out, path), "w", "ERR_PATH_ESCAPES"],
      [(path: string) => symlinkSync("d/file", path), "r+", "ENOENT"],
    ] as const) {
      const { inside, outside } = furnished();
      const open: typeof fs.promises.open = async (path, flags, mode) => {
        if (String(path).endsWith("/new") && Number(flags) & constants.O_CREAT) {
          if (!existsSync(join(inside, "new"))) appear(join(inside, "new"), join(outside, "file"));
        }
        return await fs.promises.open(path, flags, mode);
      };
      const fileSystem = { ...fs, promises: { ...fs.promises, open } } as never;
      const { call } = await asynchronous.open(inside, { fileSystem });
      const before = openDescriptors();
      const found = await call("open", "new", flag).then(
        (opened) => used(opened, () => "ok"),
        ({ code }) => code,
      );
      expect(found).toBe(outcome);
      expect(readFileSync(join(outside, "file"), "utf8")).toBe("outside");
      expect(openDescriptors()).toBe(before);
    }
  });

  it("R5 a file that is swapped for a link after it was found is the one that is opened", async () => {
    const { inside, outside } = furnished();
    const open: typeof fs.promises.open = async (path, flags, mode) => {
      const opened = await fs.promises.open(path, flags, mode);
      if (String(path).endsWith("/file") && !existsSync(join(inside, "moved"))) {
        renameSync(join(inside, "file"), join(inside, "moved"));
        symlinkSync(join(outside, "file"), join(inside, "file"));
      }
      return opened;
    };
    const fileSystem = { ...fs, promises: { ...fs.promises, open } } as never;
    const { call } = await asynchronous.open(inside, { fileSystem });
    await used(await call("open", "file", "w"), (fd) => fs.writeSync(fd, "new"));
    expect(readFileSync(join(inside, "moved"), "utf8")).toBe("new");
    expect(readFileSync(join(outside, "file"), "utf8")).toBe("outside");
  });

  it("a file that is just being created is waited for, not refused", async () => {
    const { inside } = furnished();
    onTestFinished(() => void vi.useRealTimers());
    vi.useFakeTimers({ toFake: ["Date"] });
    let finished = false;
    const open: typeof fs.promises.open = async (path, flags, mode) => {
      // The second look: by now whoever creates it has taken the first name away.
      if (String(path).endsWith("/file") && finished)
        fs.rmSync(join(inside, "staged"), { force: true });
      finished = String(path).endsWith("/file");
      return await fs.promises.open(path, flags, mode);
    };
    const fileSystem = { ...fs, promises: { ...fs.promises, open } } as never;
    const { call } = await asynchronous.open(inside, { fileSystem });
    for (const [ageMs, outcome] of [
      [10, "content"],
      [500, "ERR_HARDLINK"],
    ] as const) {
      finished = false;
      linkSync(join(inside, "file"), join(inside, "staged"));
      vi.setSystemTime(statSync(join(inside, "file")).ctimeMs + ageMs);
      const found = await call("open", "file").then(
        (opened) => used(opened, contentOf),
        ({ code }) => code,
      );
      expect(found).toBe(outcome);
    }
  });

  it("a signal ends it before anything is changed, and nothing stays open", async () => {
    const { inside } = furnished();
    const { call } = await asynchronous.open(inside);
    const before = openDescriptors();
    const signal = AbortSignal.abort();
    for (const flag of ["r", "w", "wx"]) {
      const ended = call("open", "new", flag, 0o600, { signal });
      await expect(ended).rejects.toMatchObject({ code: "ABORT_ERR", effect: "none" });
    }
    expect(existsSync(join(inside, "new"))).toBe(false);
    // It comes when the file has just been opened for reading.
    const controller = new AbortController();
    const open: typeof fs.promises.open = async (path, flags, mode) => {
      const opened = await fs.promises.open(path, flags, mode);
      if (Number(flags) & constants.O_CREAT) controller.abort();
      return opened;
    };
    const fileSystem = { ...fs, promises: { ...fs.promises, open } } as never;
    const late = await asynchronous.open(inside, { fileSystem });
    const opened = await late.call("open", "new", "wx", 0o600, { signal: controller.signal });
    await opened.close();
    expect(statSync(join(inside, "new")).mode & 0o777).toBe(0o600);
    await late.root.close();
    expect(openDescriptors()).toBe(before);
  });
});
