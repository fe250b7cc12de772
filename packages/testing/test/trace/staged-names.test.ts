import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { NodeFileSystem } from "../../src/calls/node-file-system.ts";
import { createMemoryFileSystem } from "../../src/memory/create-memory-file-system.ts";
import { looksStaged } from "../../src/trace/name-patterns.ts";
import { traceFileSystem } from "../../src/trace/trace-file-system.ts";

const tree = ["state.json = old", "log = x", "s = 1", "s.3f2a9c1b = left", "l.3f2a9c1b => nowhere"];

function linesOf(program: (fs: NodeFileSystem) => void): string[] {
  const trace = traceFileSystem(createMemoryFileSystem({ tree }).fs);
  program(trace.fs);
  return trace.lines();
}

const letters = "abcdefghijklmnopqrstuvwxyz";

/** The same on each run, and all that a generator can give: digits alone, letters alone, both. */
const suffixes: readonly string[] = [
  "000000",
  "123456",
  "20240101",
  "abcdef",
  "backup",
  "deadbeef",
  "k3j9x2q1",
  ...Array.from({ length: 40 }, (_, n) =>
    createHash("sha256").update(String(n)).digest("hex").slice(0, 6),
  ),
  ...Array.from({ length: 20 }, (_, n) =>
    [...createHash("sha256").update(String(n)).digest().subarray(0, 8)]
      .map((byte) => (letters + letters.toUpperCase() + "0123456789").charAt(byte % 62))
      .join(""),
  ),
];

describe("what is on its way to another name is staged, whatever it is called", () => {
  it.each(suffixes)("renamed: state.json.%s", (suffix) => {
    const lines = linesOf((fs) => {
      fs.writeFileSync(`/state.json.${suffix}`, "new");
      fs.renameSync(`/state.json.${suffix}`, "/state.json");
    });
    expect(lines).toEqual(["open staged w", "write staged 3", "rename staged -> state.json"]);
  });

  it.each(suffixes)("removed again: state.json.%s", (suffix) => {
    const lines = linesOf((fs) => {
      fs.writeFileSync(`/state.json.${suffix}`, "new");
      fs.rmSync(`/state.json.${suffix}`);
    });
    expect(lines).toEqual(["open staged w", "write staged 3", "unlink staged"]);
  });

  it("linked, a symbolic link, a directory, a rename that failed", () => {
    const lines = linesOf((fs) => {
      fs.writeFileSync("/abc", "x", { flag: "a" });
      fs.linkSync("/abc", "/there");
      fs.symlinkSync("v2", "/next");
      fs.renameSync("/next", "/current");
      fs.mkdirSync("/made");
      fs.renameSync("/made", "/dir");
      fs.writeFileSync("/late", "x");
      expect(() => fs.renameSync("/late", "/no/where")).toThrow("ENOENT");
    });
    expect(lines).toEqual([
      "open staged a",
      "write staged 1",
      "link staged -> there",
      "symlink v2 -> staged 2",
      "rename staged 2 -> current",
      "mkdir staged 3",
      "rename staged 3 -> dir",
      "open staged 4 w",
      "write staged 4 1",
      "rename staged 4 -> no/where -> ENOENT",
    ]);
  });

  it("what is moved aside to be removed", () => {
    const lines = linesOf((fs) => {
      fs.renameSync("/s", "/s.3f2a9c1b");
      fs.rmSync("/s.3f2a9c1b");
    });
    expect(lines).toEqual(["rename s -> staged", "unlink staged"]);
  });
});

describe("names that were there before are shown", () => {
  it("rotation, backup", () => {
    const lines = linesOf((fs) => {
      fs.writeFileSync("/log", "more");
      fs.renameSync("/log", "/log.1");
      fs.writeFileSync("/s", "2", { flag: "r+" });
      fs.linkSync("/s", "/s.bak");
    });
    expect(lines).toEqual([
      "open log w",
      "write log 4",
      "rename log -> log.1",
      "write s 1",
      "link s -> s.bak",
    ]);
  });

  it("also if the program removed them first, or could not make them", () => {
    const lines = linesOf((fs) => {
      fs.rmSync("/s");
      fs.writeFileSync("/s", "2", { flag: "wx" });
      fs.renameSync("/s", "/t");
      expect(() => fs.writeFileSync("/log", "", { flag: "wx" })).toThrow("EEXIST");
      fs.renameSync("/log", "/log.1");
    });
    expect(lines).toEqual([
      "unlink s",
      "open s wx",
      "write s 1",
      "rename s -> t",
      "open log wx -> EEXIST",
      "rename log -> log.1",
    ]);
  });

  it("whatever they look like", () => {
    const lines = linesOf((fs) => {
      fs.writeFileSync("/s.3f2a9c1b", "2");
      fs.renameSync("/s.3f2a9c1b", "/s");
    });
    expect(lines).toEqual(["open s.3f2a9c1b w", "write s.3f2a9c1b 1", "rename s.3f2a9c1b -> s"]);
    const afterRefusal = linesOf((fs) => {
      expect(() => fs.writeFileSync("/s.3f2a9c1b", "2", { flag: "wx" })).toThrow("EEXIST");
      fs.writeFileSync("/s.3f2a9c1b", "");
      fs.rmSync("/s.3f2a9c1b");
      fs.writeFileSync("/s.3f2a9c1b", "");
    });
    expect(afterRefusal[0]).toBe("open s.3f2a9c1b wx -> EEXIST");
    expect(new Set(afterRefusal.slice(1))).toEqual(
      new Set(["open s.3f2a9c1b w", "unlink s.3f2a9c1b"]),
    );
  });

  it("if all that the trace knows is that an exclusive open found them", () => {
    const lines = linesOf((fs) => {
      fs.readFileSync("/s");
      expect(() => fs.writeFileSync("/s.3f2a9c1b", "2", { flag: "wx" })).toThrow("EEXIST");
    });
    expect(lines).toEqual(["open s.3f2a9c1b wx -> EEXIST"]);
  });

  it("a symbolic link too that leads nowhere, and through which a file is made", () => {
    const lines = linesOf((fs) => {
      fs.writeFileSync("/l.3f2a9c1b", "2");
      fs.renameSync("/l.3f2a9c1b", "/l");
    });
    expect(lines).toEqual(["open l.3f2a9c1b w", "write l.3f2a9c1b 1", "rename l.3f2a9c1b -> l"]);
  });

  it("locks, and what else has a name of its own", () => {
    const lines = linesOf((fs) => {
      for (const name of ["state.json.lock", "server.pid", "lock", "report.txt", "old"]) {
        fs.closeSync(fs.openSync(`/${name}`, "wx"));
        fs.rmSync(`/${name}`);
      }
    });
    expect(lines.filter((line) => line.startsWith("open"))).toEqual([
      "open state.json.lock wx",
      "open server.pid wx",
      "open lock wx",
      "open report.txt wx",
      "open old wx",
    ]);
  });
});

const ordinary = [
  "2024-01-01.log",
  "invoice-123456.pdf",
  "index-3f2a9c1b.js",
  "000001.log",
  "MANIFEST-000004",
  "1700000000.json",
  "IMG_20231224_153012.jpg",
  "utf8mb4",
  "report2024.txt",
  "template.tmpl",
  "temp-sensor.csv",
  `${"0123456789abcdef".repeat(4)}.blob`,
  "state.json.bak",
  "state.json.1",
  "state.json.20240101",
  "state.json.2024-01-01",
  "state.json.20240101-153012",
  "state.json.1700000000",
  "state.json.1700000000000",
  "state.json.000001",
  "state.json.backup",
  "state.json.sqlite3",
  "state.json.20240101.b2",
];

describe("what stays under its own name", () => {
  it.each(ordinary)("%s is shown", (name) => {
    expect(linesOf((fs) => fs.writeFileSync(`/${name}`, ""))).toEqual([`open ${name} w`]);
  });

  it.each([
    ".state.json.4711.tmp",
    "state.json.tmp-4711",
    "state.json.4711.9f8e7d6c.tmp",
    ".holdfast-4711-0-1-00000000-0b2f6d4e-9a1c-4b7d-8e3f-1a2b3c4d5e6f.tmp",
    "0b2f6d4e-9a1c-4b7d-8e3f-1a2b3c4d5e6f",
  ])("%s is not: it differs from run to run", (name) => {
    expect(linesOf((fs) => fs.writeFileSync(`/${name}`, ""))).toEqual([`open staged w`]);
  });

  it("a name that the trace knows, and random characters after it", () => {
    const lines = linesOf((fs) => {
      fs.readFileSync("/state.json");
      fs.writeFileSync("/state.json.3f2a9c", "");
    });
    expect(lines).toEqual(["open staged w"]);
  });
});

describe("names of staged files", () => {
  const others = new Set(["state.json", "s", "index.js", "house"]);

  it.each([...ordinary, "s.bak", "index-3f2a9c1b.js", "house.facade", "other.3f2a9c"])(
    "%s is none",
    (name) => expect(looksStaged(name, others)).toBe(false),
  );

  it.each([
    "state.json.tmp",
    "x-tmp",
    "x_tmp",
    "x.temp",
    "x.tmp-4711",
    "x.tmp.4711",
    "x.tmp4711",
    "x.tmp.json",
    ".x.tmp",
    "tmp-x",
    ".tmp_x",
    "x.part",
    ".x.swp",
    "x.new",
    "x~",
    "state.json.3f2a9c",
    ".state.json.4711.9f8e7d6c",
    "state.json-3F2A9C",
    "state.json.482915",
    "s_k3j9x2q1",
    "state.json.0b2f6d4e-9a1c-4b7d-8e3f-1a2b3c4d5e6f",
  ])("%s is one", (name) => expect(looksStaged(name, others)).toBe(true));

  it("finds what generators of random names make", () => {
    const hash = (n: number): string => createHash("sha256").update(`${n}`).digest("hex");
    // Of 6 hexadecimal digits one in 360 has letters alone; a few are numbers with leading zeros.
    const hex = Array.from({ length: 2000 }, (_, n) => hash(n).slice(0, 6));
    const missed = hex.filter((one) => !looksStaged(`state.json.${one}`, others));
    expect(missed.length).toBeGreaterThan(0);
    expect(missed.filter((one) => !/^[a-f]+$|^00\d+$/.test(one))).toEqual([]);
    const uuids = Array.from({ length: 500 }, (_, n) =>
      hash(n)
        .slice(0, 32)
        .replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-"),
    );
    expect(uuids.filter((one) => !looksStaged(`.state.json.${one}`, others))).toEqual([]);
  });
});
