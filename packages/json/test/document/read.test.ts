/** Reading documents that are really on a disk. */

import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { fail, injectFaults, op, rule } from "@holdfast/testing";
import * as nodeFs from "node:fs";
import { needs } from "../../../atomic/test/support/needs.ts";
import { tempDir } from "../../../atomic/test/support/temp-dir.ts";
import { isJsonInvalidError, isJsonSyntaxError } from "../../src/index.ts";
import { endOf, halves, twice, type Outcome } from "./support/twice.ts";

const file = (dir: string): string => join(dir, "a.json");

/** Reads a file with this content. */
const reading = (content: string | Uint8Array, options: object = {}): Promise<Outcome> =>
  twice(
    (json, dir) => json.readJson(file(dir), options),
    (dir) => writeFileSync(file(dir), content),
  );

describe("readJson", () => {
  it("returns the value, by a path and by a URL", async () => {
    expect((await reading('{"a":[1,true,null,"x"]}')).value).toEqual({ a: [1, true, null, "x"] });
    const byUrl = await twice(
      (json, dir) => json.readJson(pathToFileURL(file(dir))),
      (dir) => writeFileSync(file(dir), "7"),
    );
    expect(byUrl.value).toBe(7);
  });

  it("follows a link", async () => {
    const { value } = await twice(
      (json, dir) => json.readJson(join(dir, "link")),
      (dir) => {
        writeFileSync(file(dir), "7");
        symlinkSync("a.json", join(dir, "link"));
      },
    );
    expect(value).toBe(7);
  });

  it("J1 says that nothing is there", async () => {
    const { error } = await twice((json, dir) => json.readJson(file(dir)));
    expect(error).toMatchObject({ code: "ENOENT", effect: "none", op: "readJson" });
    const dangling = await twice(
      (json, dir) => json.readJson(join(dir, "link")),
      (dir) => symlinkSync("a.json", join(dir, "link")),
    );
    expect(dangling.error).toMatchObject({ code: "ENOENT" });
  });

  it.each(["", " ", "\n\t \r\n", "\ufeff"])("J1 refuses an empty file: %j", async (text) => {
    const { error } = await reading(text);
    expect(isJsonSyntaxError(error) && error.effect).toBe("none");
  });

  it("J1 takes a byte order mark, and no invalid UTF-8", async () => {
    expect((await reading('\ufeff{"a":1}')).value).toEqual({ a: 1 });
    const { error } = await reading(Buffer.from([0x22, 0x61, 0xff, 0x22]));
    expect(error).toMatchObject({ code: "ERR_JSON_SYNTAX", line: 1, column: 3, offset: 2 });
  });

  it("J1 makes __proto__ a property", async () => {
    const { value } = await reading('{"__proto__":{"polluted":true}}');
    expect(Object.keys(value as object)).toEqual(["__proto__"]);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect((value as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it("J1 takes the last of two keys, or refuses them", async () => {
    expect((await reading('{"a":1,"a":2}')).value).toEqual({ a: 2 });
    const { error } = await reading('{"a":1,"a":2}', { duplicateKeys: "refuse" });
    expect(error).toMatchObject({ code: "ERR_JSON_SYNTAX", offset: 7 });
  });

  it("J1 reads 100,000 levels", async () => {
    for (const json of halves) {
      const dir = tempDir();
      writeFileSync(file(dir), "[".repeat(100_000) + "]".repeat(100_000));
      let value = await json.readJson(file(dir));
      let depth = 0;
      for (; Array.isArray(value); value = value[0]) depth++;
      expect(depth).toBe(100_000);
    }
  });

  it("J1 reads at most 64 MiB, and at most `maxBytes`", async () => {
    const { error } = await twice(
      (json, dir) => json.readJson(file(dir)),
      (dir) => {
        writeFileSync(file(dir), "1");
        truncateSync(file(dir), 64 * 1024 * 1024 + 1);
      },
    );
    expect(error).toMatchObject({ code: "ERR_TOO_LARGE", effect: "none" });
    expect((await reading("[1,2]", { maxBytes: 5 })).value).toEqual([1, 2]);
    expect((await reading("[1,2]", { maxBytes: 4 })).error).toMatchObject({
      code: "ERR_TOO_LARGE",
    });
    expect((await reading("[1,2]", { maxBytes: Infinity })).value).toEqual([1, 2]);
  });

  it.runIf(needs("linux"))("counts where a file does not say how long it is", async () => {
    const limited = await twice((json) => json.readJson("/proc/self/status", { maxBytes: 10 }));
    expect(limited.error).toMatchObject({ code: "ERR_TOO_LARGE" });
    const read = await twice((json) => json.readJson("/proc/sys/kernel/pid_max"));
    expect(read.value).toBeTypeOf("number");
  });

  it("keeps integers that a number cannot hold", async () => {
    const text = "[12345678901234567890]";
    expect((await reading(text, { bigint: "string" })).value).toEqual(["12345678901234567890"]);
    expect((await reading(text, { bigint: "bigint" })).value).toEqual([12345678901234567890n]);
  });

  it("says where the text stops being JSON, and shows the line", async () => {
    const { error } = await reading('{\n  "a": 1\n  "b": 2\n}\n');
    expect(error).toMatchObject({ code: "ERR_JSON_SYNTAX", line: 3, column: 3, offset: 13 });
    expect(error?.["excerpt"]).toBe('  "b": 2\n  ^');
    expect(error?.message).toContain('"b": 2');
    expect(error?.message).toContain("line 3, column 3");
  });

  it.runIf(needs("posix"))("shows nothing of a file that only its owner may read", async () => {
    const secret = (mode: number): Promise<Outcome> =>
      twice(
        (json, dir) => json.readJson(file(dir)),
        (dir) => {
          writeFileSync(file(dir), '{"token": "sesame" oops}');
          chmodSync(file(dir), mode);
        },
      );
    const { error } = await secret(0o600);
    expect(error).toMatchObject({ code: "ERR_JSON_SYNTAX", line: 1, column: 20 });
    expect(error?.["excerpt"]).toBeUndefined();
    expect(JSON.stringify(error) + error?.message + error?.stack).not.toMatch(/sesame|oops/);
    for (const mode of [0o640, 0o604, 0o644]) {
      expect((await secret(mode)).error?.["excerpt"]).toContain("sesame");
    }
    expect((await secret(0o400)).error?.["excerpt"]).toBeUndefined();
  });

  it("refuses what is no file", async () => {
    const directory = await twice((json, dir) => json.readJson(dir));
    expect(directory.error).toMatchObject({ code: "EISDIR", effect: "none" });
  });

  it.runIf(needs("posix"))("never waits for a FIFO, and reads no device or socket", async () => {
    const fifo = await twice(
      (json, dir) => json.readJson(join(dir, "fifo")),
      (dir) => execFileSync("mkfifo", [join(dir, "fifo")]),
    );
    expect(fifo.error).toMatchObject({ code: "ERR_NOT_FILE", effect: "none" });
    const device = await twice((json) => json.readJson("/dev/null"));
    expect(device.error).toMatchObject({ code: "ERR_NOT_FILE" });
    const servers: ReturnType<typeof createServer>[] = [];
    const socket = await twice(
      (json, dir) => json.readJson(join(dir, "s")),
      async (dir) => {
        const server = createServer();
        servers.push(server);
        await new Promise<void>((listening) => server.listen(join(dir, "s"), listening));
      },
    );
    for (const server of servers) server.close();
    expect(socket.error).toMatchObject({ code: "ERR_NOT_FILE" });
  });

  it("has the value checked, by a function and by a schema", async () => {
    const big = (value: unknown): number => {
      if (typeof value === "number" && value > 5) return value * 2;
      throw new RangeError("too small");
    };
    expect((await reading("7", { validate: big })).value).toBe(14);
    const { error } = await reading("3", { validate: big });
    expect(isJsonInvalidError(error) && error.issues).toEqual([{ path: [], message: "too small" }]);
    expect(error?.cause).toBeInstanceOf(RangeError);
  });

  it("waits for a function that is asynchronous; a synchronous call refuses it", async () => {
    const [async, sync] = halves;
    const { dir } = await reading("7");
    const validate = async (value: unknown): Promise<string> => `<${String(value)}>`;
    expect(await async!.readJson(file(dir), { validate })).toBe("<7>");
    const { error } = await endOf(() => sync!.readJson(file(dir), { validate }));
    expect(error).toMatchObject({ code: "ERR_INVALID_ARG" });
  });

  it("ends by its signal", async () => {
    const { dir } = await reading("7");
    const reason = new Error("enough");
    const { error } = await endOf(() =>
      halves[0]!.readJson(file(dir), { signal: AbortSignal.abort(reason) }),
    );
    expect(error).toMatchObject({ name: "AbortError", code: "ABORT_ERR", cause: reason });
  });
});

describe("readJsonIfExists", () => {
  it("returns undefined where nothing has that name, and what is there otherwise", async () => {
    expect(await twice((json, dir) => json.readJsonIfExists(file(dir)))).not.toHaveProperty(
      "error",
    );
    expect((await twice((json, dir) => json.readJsonIfExists(file(dir)))).value).toBeUndefined();
    const { value } = await twice(
      (json, dir) => json.readJsonIfExists(file(dir)),
      (dir) => writeFileSync(file(dir), "null"),
    );
    expect(value).toBeNull();
  });

  it("J3 never takes what cannot be read for missing or empty", async () => {
    const faults = [
      ...(["EIO", "EMFILE", "EACCES", "ENFILE", "ELOOP"] as const).map((errno) =>
        rule(op("open"), fail(errno)),
      ),
      rule(op("read"), fail("EIO")),
      rule(op("fstat"), fail("EIO")),
    ];
    for (const fault of faults) {
      for (const json of halves) {
        const dir = tempDir();
        writeFileSync(file(dir), "7");
        const fileSystem = injectFaults(nodeFs, [fault]);
        const { error } = await endOf(() => json.readJsonIfExists(file(dir), { fileSystem }));
        expect(error).toMatchObject({ kind: "system", effect: "none" });
        expect(error).not.toMatchObject({ code: "ENOENT" });
      }
      expect(fault.hits).toBe(2);
    }
  });

  it("throws what is no file, and what is no JSON", async () => {
    const directory = await twice(
      (json, dir) => json.readJsonIfExists(file(dir)),
      (dir) => mkdirSync(file(dir)),
    );
    expect(directory.error).toMatchObject({ code: "EISDIR" });
    const below = await twice(
      (json, dir) => json.readJsonIfExists(join(file(dir), "b.json")),
      (dir) => writeFileSync(file(dir), "7"),
    );
    expect(below.error).toMatchObject({ code: "ENOTDIR" });
    const empty = await twice(
      (json, dir) => json.readJsonIfExists(file(dir)),
      (dir) => writeFileSync(file(dir), ""),
    );
    expect(empty.error).toMatchObject({ code: "ERR_JSON_SYNTAX" });
  });
});
