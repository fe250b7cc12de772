// oxlint-disable vitest/expect-expect -- expectSameAsNode does
/** Every method in its three forms, on a real directory, against Node's own. */

import { constants } from "node:fs";
import { pathToFileURL } from "node:url";
import { describe as group, it } from "vitest";
import { expectSameAsNode, type At, type Fs } from "./same-as-node.ts";

type Case = readonly [method: string, args: (at: At) => unknown[]];
type Methods = Readonly<Record<string, (...args: unknown[]) => unknown>>;

const long = "x".repeat(300);
const old = new Date(1000);
const {
  COPYFILE_EXCL,
  COPYFILE_FICLONE,
  F_OK,
  R_OK,
  X_OK,
  O_CREAT,
  O_DIRECTORY,
  O_EXCL,
  O_NOFOLLOW,
  O_WRONLY,
} = constants;
const bytesOf = (path: string): Buffer => Buffer.from(path);
const aborted = AbortSignal.abort();

const cases: readonly Case[] = [
  // names
  ["rename", (at) => [at("file"), at("new")]],
  ["rename", (at) => [at("file"), at("empty")]],
  ["rename", (at) => [at("nothing"), at("new")]],
  ["rename", (at) => [at("file"), at("dir")]],
  ["rename", (at) => [at("dir"), at("full")]],
  ["rename", (at) => [at("full"), at("full/sub/x")]],
  ["rename", (at) => [bytesOf(at("file")), pathToFileURL(at("url"))]],
  ["rename", (at) => [at("file"), at(long)]],
  ["rename", (at) => [at("file"), undefined]],
  ["rename", (at) => [7, at("file")]],
  ["rename", (at) => [at("file"), at("with\0nul")]],
  ["link", (at) => [at("file"), at("second")]],
  ["link", (at) => [at("file"), at("empty")]],
  ["link", (at) => [at("dir"), at("second")]],
  ["link", (at) => [at("nothing"), at("second")]],
  ["link", () => []],
  ["unlink", (at) => [at("file")]],
  ["unlink", (at) => [at("link")]],
  ["unlink", (at) => [at("dir")]],
  ["unlink", (at) => [at("nothing")]],
  ["unlink", (at) => [at("file/x")]],
  ["unlink", (at) => [Buffer.from(at("file"))]],
  ["unlink", (at) => [new Uint8Array(Buffer.from(at("file")))]],
  ["unlink", () => [null]],
  ["unlink", () => [""]],
  ["unlink", () => [new URL("https://example.com/x")]],
  ["symlink", (at) => ["file", at("another")]],
  ["symlink", (at) => ["file", at("another"), "file"]],
  ["symlink", (at) => ["full", at("another"), "dir"]],
  ["symlink", (at) => ["file", at("another"), null]],
  ["symlink", (at) => ["file", at("another"), undefined]],
  ["symlink", (at) => ["x", at("file")]],
  ["symlink", (at) => [Buffer.from("file"), at("another")]],
  ["symlink", (at) => [pathToFileURL(at("file")), at("another")]],
  ["symlink", (at) => [undefined, at("another")]],
  ["readlink", (at) => [at("link")]],
  ["readlink", (at) => [at("link"), "buffer"]],
  ["readlink", (at) => [at("link"), { encoding: "hex" }]],
  ["readlink", (at) => [at("link"), "nonsense"]],
  ["readlink", (at) => [at("link"), null]],
  ["readlink", (at) => [at("link"), 7]],
  ["readlink", (at) => [at("file")]],
  ["realpath", (at) => [at("link")]],
  ["realpath", (at) => [at("dirlink/sub/../up")]],
  ["realpath", (at) => [at("link"), "buffer"]],
  ["realpath", (at) => [at("link"), { encoding: "buffer" }]],
  ["realpath", (at) => [at("nothing")]],
  ["realpath", (at) => [at("dangling")]],
  ["realpath", (at) => [at("loop")]],
  // directories
  ["mkdir", (at) => [at("new")]],
  ["mkdir", (at) => [at("new"), 0o700]],
  ["mkdir", (at) => [at("new"), "700"]],
  ["mkdir", (at) => [at("new"), { mode: 0o711 }]],
  ["mkdir", (at) => [at("new"), { mode: "711" }]],
  ["mkdir", (at) => [at("new"), { mode: -1 }]],
  ["mkdir", (at) => [at("new"), { mode: "8" }]],
  ["mkdir", (at) => [at("new"), { mode: 0.5 }]],
  ["mkdir", (at) => [at("new"), { recursive: "yes" }]],
  ["mkdir", (at) => [at("new"), null]],
  ["mkdir", (at) => [at("dir")]],
  ["mkdir", (at) => [at("a/b")]],
  ["mkdir", (at) => [at("a/b/c"), { recursive: true }]],
  ["mkdir", (at) => [at("a/b/c/"), { recursive: true }]],
  ["mkdir", (at) => [at("a//b"), { recursive: true }]],
  ["mkdir", (at) => [at("a/../b/c"), { recursive: true }]],
  ["mkdir", (at) => [`${at("dir")}/../x/y`, { recursive: true }]],
  ["mkdir", (at) => [bytesOf(at("a/b")), { recursive: true }]],
  ["mkdir", (at) => [at("dir"), { recursive: true }]],
  ["mkdir", (at) => [at("dir/x"), { recursive: true }]],
  ["mkdir", (at) => [at("a/b"), { recursive: true, mode: 0o700 }]],
  ["mkdir", (at) => [at("file"), { recursive: true }]],
  ["mkdir", (at) => [at("file/x"), { recursive: true }]],
  ["mkdir", (at) => [at("file/x/y"), { recursive: true }]],
  ["mkdir", (at) => [at("dirlink"), { recursive: true }]],
  ["mkdir", (at) => [at("dirlink/x/y"), { recursive: true }]],
  ["mkdir", (at) => [at("link"), { recursive: true }]],
  ["mkdir", (at) => [at("dangling"), { recursive: true }]],
  ["mkdir", (at) => [at(`a/${long}`), { recursive: true }]],
  ["mkdtemp", (at) => [at("temp-")]],
  ["mkdtemp", (at) => [at("temp-"), "buffer"]],
  ["mkdtemp", (at) => [at("temp-"), { encoding: "utf8" }]],
  ["mkdtemp", (at) => [Buffer.from(at("temp-"))]],
  ["mkdtemp", (at) => [at("nothing/temp-")]],
  ["mkdtemp", () => [7]],
  ["rmdir", (at) => [at("dir")]],
  ["rmdir", (at) => [at("full")]],
  ["rmdir", (at) => [at("file")]],
  ["rmdir", (at) => [at("nothing")]],
  ["rmdir", (at) => [at("full"), { recursive: true }]],
  ["rmdir", (at) => [at("nothing"), { recursive: true }]],
  ["rm", (at) => [at("file")]],
  ["rm", (at) => [at("link")]],
  ["rm", (at) => [at("dirlink"), { recursive: true }]],
  ["rm", (at) => [at("dangling")]],
  ["rm", (at) => [at("dir")]],
  ["rm", (at) => [at("nothing")]],
  ["rm", (at) => [at("nothing"), { force: true }]],
  ["rm", (at) => [at("nothing/x"), { force: true, recursive: true }]],
  ["rm", (at) => [at("file/x"), { force: true }]],
  ["rm", (at) => [at("dir"), { force: true }]],
  ["rm", (at) => [at("dir"), { recursive: true }]],
  ["rm", (at) => [at("full"), { recursive: true }]],
  ["rm", (at) => [at("full"), { recursive: true, force: true, maxRetries: 2, retryDelay: 1 }]],
  ["rm", (at) => [pathToFileURL(at("full")), { recursive: true }]],
  ["rm", (at) => [bytesOf(at("file")), { recursive: true }]],
  ["rm", (at) => [at("file"), { recursive: "yes" }]],
  ["rm", (at) => [at("file"), { force: 1 }]],
  ["rm", (at) => [at("file"), { maxRetries: -1 }]],
  ["rm", (at) => [at("file"), 7]],
  ["readdir", (at) => [at("full")]],
  ["readdir", (at) => [at("full"), "buffer"]],
  ["readdir", (at) => [at("full"), "hex"]],
  ["readdir", (at) => [at("full"), null]],
  ["readdir", (at) => [at("full"), { withFileTypes: true }]],
  ["readdir", (at) => [at("full"), { withFileTypes: true, encoding: "buffer" }]],
  ["readdir", (at) => [at("full"), { recursive: true }]],
  ["readdir", (at) => [at("full/"), { recursive: true }]],
  ["readdir", (at) => [at("dirlink"), { recursive: true }]],
  ["readdir", (at) => [at("full"), { recursive: true, withFileTypes: true }]],
  ["readdir", (at) => [at("full/"), { recursive: true, withFileTypes: true }]],
  ["readdir", (at) => [pathToFileURL(at("full")), { withFileTypes: true }]],
  ["readdir", (at) => [bytesOf(at("full")), { withFileTypes: true }]],
  ["readdir", (at) => [at("full"), { recursive: 1 }]],
  ["readdir", (at) => [at("full"), "nonsense"]],
  ["readdir", (at) => [at("file")]],
  ["readdir", (at) => [at("nothing")]],
  ["readdir", (at) => [at("nothing"), { recursive: true }]],
  ["readdir", (at) => [at("empty"), { recursive: true, withFileTypes: true }]],
  // what is known of a file
  ["stat", (at) => [at("link")]],
  ["stat", (at) => [at("file"), { bigint: true }]],
  ["stat", (at) => [at("nothing")]],
  ["stat", (at) => [at("file/x")]],
  ["stat", (at) => [at("loop")]],
  ["stat", (at) => [pathToFileURL(at("file"))]],
  ["stat", () => [7]],
  ["lstat", (at) => [at("link")]],
  ["lstat", (at) => [at("link"), { bigint: true }]],
  ["lstat", (at) => [at("link/")]],
  ["lstat", (at) => [at("nothing")]],
  ["statfs", (at) => [at("file")]],
  ["statfs", (at) => [at("file"), { bigint: true }]],
  ["statfs", (at) => [at("nothing")]],
  ["access", (at) => [at("file")]],
  ["access", (at) => [at("file"), R_OK]],
  ["access", (at) => [at("file"), X_OK]],
  ["access", (at) => [at("nothing"), F_OK]],
  ["access", (at) => [at("file"), 99]],
  ["access", (at) => [at("file"), "r"]],
  ["chmod", (at) => [at("file"), 0o600]],
  ["chmod", (at) => [at("file"), "640"]],
  ["chmod", (at) => [at("link"), 0o600]],
  ["chmod", (at) => [at("nothing"), 0o600]],
  ["chmod", (at) => [at("file")]],
  ["chmod", (at) => [at("file"), "rw"]],
  ["chown", (at) => [at("file"), process.getuid?.() ?? 0, process.getgid?.() ?? 0]],
  ["chown", (at) => [at("nothing"), 0, 0]],
  ["chown", (at) => [at("file"), "root", 0]],
  ["chown", (at) => [at("file"), -2, 0]],
  ["chown", (at) => [at("file"), -1, -1]],
  ["lchown", (at) => [at("link"), process.getuid?.() ?? 0, process.getgid?.() ?? 0]],
  ["lchown", (at) => [at("nothing"), 0, 0]],
  ["lchown", (at) => [at("link"), 0]],
  ["utimes", (at) => [at("file"), 1, 2]],
  ["utimes", (at) => [at("file"), old, "3.5"]],
  ["utimes", (at) => [at("link"), 1, 2]],
  ["utimes", (at) => [at("nothing"), 1, 2]],
  ["utimes", (at) => [at("file"), "then", 2]],
  ["utimes", (at) => [at("file"), 1]],
  ["lutimes", (at) => [at("link"), 1, 2]],
  ["lutimes", (at) => [at("nothing"), 1, 2]],
  ["truncate", (at) => [at("file"), 2]],
  ["truncate", (at) => [at("file")]],
  ["truncate", (at) => [at("file"), 8]],
  ["truncate", (at) => [at("nothing"), 2]],
  ["truncate", (at) => [at("dir"), 2]],
  ["truncate", (at) => [at("file"), -3]],
  ["truncate", (at) => [at("file"), "2"]],
  ["truncate", (at) => [at("file"), 1.5]],
  // whole files
  ["readFile", (at) => [at("file")]],
  ["readFile", (at) => [at("file"), "utf8"]],
  ["readFile", (at) => [at("file"), { encoding: "hex" }]],
  ["readFile", (at) => [at("file"), { encoding: null }]],
  ["readFile", (at) => [at("empty")]],
  ["readFile", (at) => [at("empty"), "utf8"]],
  ["readFile", () => ["/proc/self/oom_score_adj", "utf8"]],
  ["readFile", () => ["/dev/null"]],
  ["readFile", (at) => [at("new"), { flag: "a+" }]],
  ["readFile", (at) => [at("file"), { flag: "w+" }]],
  ["readFile", (at) => [at("file"), { flag: "nonsense" }]],
  ["readFile", (at) => [at("file"), "nonsense"]],
  ["readFile", (at) => [at("file"), { encoding: "nonsense" }]],
  ["readFile", (at) => [at("file"), 7]],
  ["readFile", (at) => [at("file"), true]],
  ["readFile", (at) => [at("file"), null]],
  ["readFile", (at) => [at("nothing")]],
  ["readFile", (at) => [at("dir")]],
  ["readFile", (at) => [at("link"), { flag: O_NOFOLLOW }]],
  ["readFile", () => [true]],
  ["writeFile", (at) => [at("file"), "new"]],
  ["writeFile", (at) => [at("new"), "ünï", "latin1"]],
  ["writeFile", (at) => [at("new"), "00ff", { encoding: "hex" }]],
  ["writeFile", (at) => [at("new"), Buffer.from("bytes"), { mode: 0o600 }]],
  ["writeFile", (at) => [at("new"), new Uint16Array([65, 66])]],
  ["writeFile", (at) => [at("new"), new DataView(new ArrayBuffer(3))]],
  ["writeFile", (at) => [at("new"), ""]],
  ["writeFile", (at) => [at("file"), "x", { flag: "r+" }]],
  ["writeFile", (at) => [at("file"), "x", { flag: "wx" }]],
  ["writeFile", (at) => [at("file"), "x", { flag: "a" }]],
  ["writeFile", (at) => [at("new"), "x", { flag: O_WRONLY | O_CREAT | O_EXCL }]],
  ["writeFile", (at) => [at("new"), "x", { flush: true }]],
  ["writeFile", (at) => [at("new"), "x", { flush: "yes" }]],
  ["writeFile", (at) => [at("new"), "x", { mode: "640" }]],
  ["writeFile", (at) => [at("new"), "x", { mode: "rw" }]],
  ["writeFile", (at) => [at("new"), "x", "nonsense"]],
  ["writeFile", (at) => [at("new"), "x", 7]],
  ["writeFile", (at) => [at("new"), "x".repeat(300_000)]],
  ["writeFile", (at) => [at("dir"), "x"]],
  ["writeFile", (at) => [at("nothing/x"), "x"]],
  ["writeFile", (at) => [at("new"), 7]],
  ["writeFile", (at) => [at("new"), {}]],
  ["writeFile", (at) => [at("new"), null]],
  ["writeFile", (at) => [at("new")]],
  ["appendFile", (at) => [at("file"), " more"]],
  ["appendFile", (at) => [at("new"), "x", { mode: 0o600 }]],
  ["appendFile", (at) => [at("file"), Buffer.from("x")]],
  ["appendFile", (at) => [at("file"), "x", { flag: "w" }]],
  ["appendFile", (at) => [at("file"), "x", { flush: true }]],
  ["appendFile", (at) => [at("dir"), "x"]],
  ["appendFile", (at) => [at("file"), 7]],
  ["copyFile", (at) => [at("file"), at("new")]],
  ["copyFile", (at) => [at("run.sh"), at("new")]],
  ["copyFile", (at) => [at("file"), at("run.sh")]],
  ["copyFile", (at) => [at("file"), at("empty"), COPYFILE_EXCL]],
  ["copyFile", (at) => [at("file"), at("new"), COPYFILE_EXCL]],
  ["copyFile", (at) => [at("file"), at("new"), COPYFILE_FICLONE]],
  ["copyFile", (at) => [at("file"), at("link")]],
  ["copyFile", (at) => [at("file"), at("file")]],
  ["copyFile", (at) => [at("link"), at("new")]],
  ["copyFile", (at) => [at("nothing"), at("new")]],
  ["copyFile", (at) => [at("dir"), at("new")]],
  ["copyFile", (at) => [at("file"), at("dir")]],
  ["copyFile", (at) => [at("file"), at("nothing/x")]],
  ["copyFile", (at) => [at("file"), at("new"), 99]],
  ["copyFile", (at) => [at("file"), at("new"), "x"]],
  ["copyFile", (at) => [at("file")]],
  // descriptors, in the forms that need none
  ["open", (at) => [at("nothing")]],
  ["open", (at) => [at("file"), "wx"]],
  ["open", (at) => [at("file"), O_DIRECTORY]],
  ["open", (at) => [at("link"), O_NOFOLLOW]],
  ["open", (at) => [at("dir"), "w"]],
  ["open", (at) => [at("file"), "nonsense"]],
  ["open", (at) => [at("file"), 1.5]],
  ["open", (at) => [at("new"), "w", "rw"]],
  ["open", (at) => [at("nothing/x"), "a"]],
  ["open", () => [{}]],
  ["opendir", (at) => [at("nothing")]],
  ["opendir", (at) => [at("file")]],
  ["opendir", () => [7]],
  // trees
  ["cp", (at) => [at("file"), at("new")]],
  ["cp", (at) => [at("file"), at("a/b/new")]],
  ["cp", (at) => [at("run.sh"), at("file")]],
  ["cp", (at) => [at("file"), at("run.sh"), { force: false }]],
  ["cp", (at) => [at("file"), at("run.sh"), { force: false, errorOnExist: true }]],
  ["cp", (at) => [at("file"), at("run.sh"), { errorOnExist: true }]],
  ["cp", (at) => [at("file"), at("run.sh"), { mode: COPYFILE_EXCL }]],
  ["cp", (at) => [at("full"), at("new")]],
  ["cp", (at) => [at("full"), at("new"), { recursive: true }]],
  ["cp", (at) => [at("full"), at("a/b/new"), { recursive: true }]],
  ["cp", (at) => [at("full"), at("dir"), { recursive: true }]],
  ["cp", (at) => [at("full"), at("new"), { recursive: true, verbatimSymlinks: true }]],
  ["cp", (at) => [at("full"), at("new"), { recursive: true, dereference: true }]],
  ["cp", (at) => [at("full"), at("new"), { recursive: true, preserveTimestamps: true }]],
  ["cp", (at) => [at("full"), at("new"), { recursive: true, filter: noDeep }]],
  ["cp", (at) => [at("file"), at("new"), { filter: () => false }]],
  ["cp", (at) => [at("file"), at("dir")]],
  ["cp", (at) => [at("full"), at("file"), { recursive: true }]],
  ["cp", (at) => [at("full"), at("full/sub/x"), { recursive: true }]],
  ["cp", (at) => [at("full"), at("full"), { recursive: true }]],
  ["cp", (at) => [at("file"), at("file")]],
  ["cp", (at) => [at("nothing"), at("new")]],
  ["cp", (at) => [at("link"), at("new")]],
  ["cp", (at) => [at("link"), at("file")]],
  ["cp", (at) => [at("link"), at("dangling")]],
  ["cp", (at) => [at("dangling"), at("new")]],
  ["cp", (at) => [at("dirlink"), at("new"), { recursive: true }]],
  ["cp", (at) => [pathToFileURL(at("full")), at("new"), { recursive: true }]],
  ["cp", (at) => [at("file"), at("file/x")]],
  ["cp", (at) => [at("file"), at("new"), { recursive: 7 }]],
  ["cp", (at) => [at("file"), at("new"), { filter: 7 }]],
  ["cp", (at) => [at("file"), at("new"), { dereference: true, verbatimSymlinks: true }]],
  ["cp", (at) => [at("file"), at("new"), 7]],
  ["cp", (at) => [at("file")]],
];

function noDeep(from: unknown): boolean {
  return !String(from).endsWith("deep");
}

const shown = ([method, args]: Case): string => {
  const text = args((name) => (name.length > 40 ? "…" : name)).map((arg) =>
    arg instanceof Uint8Array
      ? `<${Buffer.from(arg).toString()}>`
      : arg instanceof URL
        ? String(arg)
        : typeof arg === "bigint"
          ? `${arg}n`
          : arg instanceof DataView
            ? "a DataView"
            : (JSON.stringify(arg) ?? "undefined").slice(0, 60),
  );
  return `${method}(${text.join(", ")})`;
};

/** Where one form of Node differs from its others, or from the next version; ours follow the others. */
const quirks: Readonly<Record<string, readonly RegExp[]>> = {
  sync: [
    /^opendir\("(nothing|file)"/, // Node 20 names no path
    /^cp\("link", "dangling"/, // one form looks through the link, the others at it
  ],
  callback: [
    /^realpath\("(nothing|dangling|loop)"\)/, // in several calls, of which the error names one
    /^readdir\("(nothing|empty)", \{"recursive/, // thrown at once
  ],
  promise: [
    /^readdir\("full", \{"recursive":1/, // taken for true
    /^rmdir\("nothing", \{"recursive/, // deprecated, and gone in Node 24
  ],
};
const table = cases.map((one) => [shown(one), ...one] as const);
const allBut = (form: string): typeof table =>
  table.filter(([text]) => !quirks[form]!.some((quirk) => quirk.test(text)));
const methodsOf = (fs: Fs): Methods => fs as unknown as Methods;

group("sync", () => {
  it.each(allBut("sync"))("%s", async (_, method, args) => {
    await expectSameAsNode((fs, at) => {
      const result = methodsOf(fs)[`${method}Sync`]!(...args(at));
      return typeof result === "number" ? "a descriptor" : result;
    });
  });
});

group("callback", () => {
  it.each(allBut("callback"))("%s", async (_, method, args) => {
    await expectSameAsNode((fs, at) => {
      const given = args(at);
      return new Promise((resolve) => {
        // thrown at once, or handed over later: a program sees the difference
        methodsOf(fs)[method]!(...given, (...results: unknown[]) => {
          resolve({ results: results.at(-1) === undefined ? results.slice(0, -1) : results });
        });
      });
    });
  });
});

group("promise", () => {
  it.each(allBut("promise"))("%s", async (_, method, args) => {
    await expectSameAsNode((fs, at) => {
      const given = args(at);
      let promise: unknown;
      try {
        promise = methodsOf(fs.promises as unknown as Fs)[method]!(...given);
      } catch (error) {
        return { thrownAtOnce: error };
      }
      return promise instanceof Promise ? promise : { noPromise: promise };
    });
  });
});

group("cancelled before it starts", () => {
  const rows = ["readFile", "writeFile", "appendFile"] as const;
  it.each(rows)("%s", async (method) => {
    const options = { signal: aborted };
    const rest = method === "readFile" ? [options] : ["x", options];
    await expectSameAsNode((fs, at) =>
      methodsOf(fs.promises as unknown as Fs)[method]!(at("file"), ...rest),
    );
    await expectSameAsNode(
      (fs, at) =>
        new Promise((resolve) => {
          methodsOf(fs)[method]!(at("file"), ...rest, (...results: unknown[]) =>
            resolve({ results }),
          );
        }),
    );
  });
});
