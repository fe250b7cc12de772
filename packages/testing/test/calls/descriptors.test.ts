// oxlint-disable vitest/expect-expect -- expectSameAsNode does
/** What takes a descriptor, in the synchronous form and with callbacks, against Node's own. */

import { describe as group, it } from "vitest";
import { expectSameAsNode, type At, type Fs } from "./same-as-node.ts";

type Methods = Readonly<Record<string, (...args: unknown[]) => unknown>>;
type Case = readonly [method: string, ...args: unknown[]];

const bytes = (): Buffer => Buffer.alloc(4, ".");

/** Each is made on a file that holds "hello", opened for reading and writing. */
const cases: readonly (() => Case)[] = [
  () => ["read", bytes()],
  () => ["read", bytes(), 1, 2],
  () => ["read", bytes(), 1, 2, 3],
  () => ["read", bytes(), 1, 2, 3n],
  () => ["read", bytes(), 0, 4, null],
  () => ["read", bytes(), 0, 4, -1],
  () => ["read", bytes(), { offset: 1, length: 2, position: 1 }],
  () => ["read", bytes(), { length: 2 }],
  () => ["read", new Uint16Array(2)],
  () => ["read", new DataView(new ArrayBuffer(3))],
  () => ["read", bytes(), 0, 0],
  () => ["read", bytes(), 4, 0],
  () => ["read", bytes(), 4, 1],
  () => ["read", bytes(), 0, 9],
  () => ["read", bytes(), 0, -1],
  () => ["read", bytes(), 0, 4, 99],
  () => ["read", bytes(), 0, 4, -5],
  () => ["read", bytes(), 0, 4, "x"],
  () => ["read", Buffer.alloc(0)],
  () => ["read", Buffer.alloc(0), 0, 5],
  () => ["read", "text"],
  () => ["write", "abc"],
  () => ["write", "abc", 3],
  () => ["write", "abc", null, "latin1"],
  () => ["write", "616263", 0, "hex"],
  () => ["write", "616", 0, "hex"],
  () => ["write", "é", 0, "nonsense"],
  () => ["write", ""],
  () => ["write", Buffer.from("abcd")],
  () => ["write", Buffer.from("abcd"), 2],
  () => ["write", Buffer.from("abcd"), 1, 2],
  () => ["write", Buffer.from("abcd"), 1, 2, 4],
  () => ["write", Buffer.from("abcd"), { offset: 2, position: 1 }],
  () => ["write", Buffer.from("abcd"), 9],
  () => ["write", Buffer.from("abcd"), 0, 9],
  () => ["write", new Uint16Array([65, 66])],
  () => ["write", new DataView(new ArrayBuffer(2))],
  () => ["write", 7],
  () => ["write", {}],
  () => ["readv", [bytes(), bytes()]],
  () => ["readv", [bytes(), bytes()], 2],
  () => ["readv", [bytes()], null],
  () => ["readv", [7]],
  () => ["readv", "x"],
  () => ["writev", [Buffer.from("ab"), Buffer.from("cd")]],
  () => ["writev", [Buffer.from("ab"), Buffer.from("cd")], 3],
  () => ["writev", [7]],
  () => ["fstat"],
  () => ["fstat", { bigint: true }],
  () => ["fchmod", 0o600],
  () => ["fchmod", "640"],
  () => ["fchmod"],
  () => ["fchown", process.getuid?.() ?? 0, process.getgid?.() ?? 0],
  () => ["fchown", "root", 0],
  () => ["futimes", 1, 2],
  () => ["futimes", new Date(3000), "4"],
  () => ["futimes", {}, 2],
  () => ["ftruncate"],
  () => ["ftruncate", 2],
  () => ["ftruncate", 9],
  () => ["ftruncate", -2],
  () => ["ftruncate", "2"],
  () => ["fsync"],
  () => ["fdatasync"],
  () => ["close"],
  () => ["readFile"],
  () => ["readFile", "utf8"],
  () => ["readFile", { encoding: "hex" }],
  () => ["writeFile", "abc"],
  () => ["writeFile", Buffer.from("abc"), { flush: true }],
  () => ["appendFile", "abc"],
];

const title = ([method, ...args]: Case): string =>
  `${method}(${["fd", ...args].map((arg) => (typeof arg === "bigint" ? `${arg}n` : JSON.stringify(arg))).join(", ")})`;
const table = cases.map((make) => [title(make()), make] as const);
const methodsOf = (fs: Fs): Methods => fs as unknown as Methods;

/** Reads what is at the position that the call left behind, and what came into the buffer. */
const after = (fs: Fs, fd: number, args: readonly unknown[], result: unknown): unknown => {
  let next: unknown;
  try {
    next = fs.readSync(fd, Buffer.alloc(1), 0, 1, null);
  } catch (error) {
    next = (error as NodeJS.ErrnoException).code;
  }
  return { result, args, next };
};

const open = (fs: Fs, at: At): number => fs.openSync(at("file"), "r+");

/** Closes it whatever happens; what `close` itself closed is closed already. */
function shut(fs: Fs, fd: number): void {
  try {
    fs.closeSync(fd);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EBADF") throw error;
  }
}

group("sync", () => {
  it.each(table)("%s", async (_, make) => {
    await expectSameAsNode((fs, at) => {
      const [method, ...args] = make();
      const fd = open(fs, at);
      try {
        const result = methodsOf(fs)[`${method}Sync`]!(fd, ...args);
        return after(fs, fd, args, result);
      } finally {
        shut(fs, fd);
      }
    });
  });
});

/** Without a position, Node's callbacks take only options; ours take what the other forms take. */
const withPosition = table.filter(([text]) => !/^read\(.*\}, \d, -?\d\)$/.test(text));

group("callback", () => {
  it.each(withPosition)("%s", async (_, make) => {
    await expectSameAsNode(async (fs, at) => {
      const [method, ...args] = make();
      const fd = open(fs, at);
      try {
        const results = await new Promise<unknown[]>((resolve) => {
          methodsOf(fs)[method]!(fd, ...args, (...given: unknown[]) => resolve(given));
        });
        return after(
          fs,
          fd,
          args,
          results.filter((one) => one !== undefined),
        );
      } finally {
        shut(fs, fd);
      }
    });
  });

  it("read(fd, { buffer, … }) and read(fd) with Node's own buffer", async () => {
    await expectSameAsNode(async (fs, at) => {
      const fd = open(fs, at);
      try {
        const read = async (...args: unknown[]): Promise<unknown> =>
          new Promise((resolve) => {
            methodsOf(fs)["read"]!(fd, ...args, (error: unknown, count: number, into: Buffer) => {
              resolve([error, count, into.length, into.toString("utf8", 0, 8)]);
            });
          });
        return [await read({ buffer: bytes(), length: 2 }), await read()];
      } finally {
        shut(fs, fd);
      }
    });
  });
});

group("a descriptor that is none", () => {
  const names = ["close", "fsync", "fdatasync", "fstat", "ftruncate"] as const;
  it.each(names)("%s", async (name) => {
    for (const fd of ["3", -1, 1.5, undefined, 2 ** 31]) {
      await expectSameAsNode((fs) => methodsOf(fs)[`${name}Sync`]!(fd));
      await expectSameAsNode(
        (fs) =>
          new Promise((resolve) => {
            methodsOf(fs)[name]!(fd, (...results: unknown[]) => resolve({ results }));
          }),
      );
    }
  });

  it("that is not open", async () => {
    await expectSameAsNode((fs) => fs.fsyncSync(999_999));
    await expectSameAsNode((fs) => fs.writeSync(999_999, "x"));
    await expectSameAsNode(
      (fs) => new Promise((resolve) => fs.fdatasync(999_999, (error) => resolve({ error }))),
    );
  });
});

group("without a callback", () => {
  it.each(["open", "read", "stat", "writeFile", "exists"])("%s", async (name) => {
    await expectSameAsNode((fs, at) => methodsOf(fs)[name]!(at("file")));
  });
});

group("exists", () => {
  it.each(["file", "dangling", "nothing", "dirlink"])("%s", async (name) => {
    await expectSameAsNode((fs, at) => fs.existsSync(at(name)));
    await expectSameAsNode(
      // oxlint-disable-next-line typescript/no-deprecated -- programs use it all the same
      (fs, at) => new Promise((resolve) => fs.exists(at(name), (...all) => resolve(all))),
    );
  });

  it("what is no path is not there", async () => {
    await expectSameAsNode((fs) => fs.existsSync(undefined as never));
    await expectSameAsNode(
      // oxlint-disable-next-line typescript/no-deprecated -- programs use it all the same
      (fs) => new Promise((resolve) => fs.exists(7 as never, (...all) => resolve(all))),
    );
  });
});

group("throwIfNoEntry", () => {
  it.each(["file", "nothing", "file/x", "loop"])("%s", async (name) => {
    await expectSameAsNode((fs, at) => [fs.statSync(at(name), { throwIfNoEntry: false })]);
    await expectSameAsNode((fs, at) => [fs.lstatSync(at(name), { throwIfNoEntry: false })]);
    await expectSameAsNode((fs, at) => [fs.statSync(at(name), { throwIfNoEntry: true })]);
  });
});

it("realpath.native", async () => {
  await expectSameAsNode((fs, at) => fs.realpathSync.native(at("link")));
  for (const name of ["link", "nothing"]) {
    await expectSameAsNode(
      (fs, at) =>
        new Promise((resolve) => {
          fs.realpath.native(at(name), (...all) => resolve(all.filter((one) => one !== undefined)));
        }),
    );
  }
});
