import * as nodeFs from "node:fs";
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { isHoldfastError } from "@holdfast/fs";
import { injectFaults, traceFileSystem } from "@holdfast/testing";
import { asUser, nobody } from "../../../atomic/test/support/as-user.ts";
import { needs } from "../../../atomic/test/support/needs.ts";
import { onTmpfs, tempDir } from "../../../atomic/test/support/temp-dir.ts";
import { openJsonLog } from "../../src/log/open-json-log.ts";
import { contentOf } from "./log-lines.ts";

const parent = (): string => (needs("tmpfs") ? onTmpfs() : tempDir());
const neighbour = '{"neighbour":"ü"}\n';

function quarantinesIn(dir: string): string[] {
  return readdirSync(dir).filter((name) => name.startsWith("log.torn-"));
}

describe("an end without newline, when nobody else has the log open", () => {
  it("is moved away at every byte position of a torn record, and completed at the last", async () => {
    const record = Buffer.from('{"id":12,"text":"a\\"}{ü€😀","list":[1,{"x":null}]}');
    const dir = parent();
    for (let cut = 1; cut <= record.length; cut++) {
      const path = join(dir, `at-${cut}`, "log");
      mkdirSync(join(dir, `at-${cut}`));
      writeFileSync(path, neighbour);
      appendFileSync(path, record.subarray(0, cut));
      const log = await openJsonLog(path, { durability: "none" });
      const isWhole = cut === record.length;
      expect(log.healed).toMatchObject({
        offset: Buffer.byteLength(neighbour),
        length: cut,
        outcome: isWhole ? "completed" : "quarantined",
      });
      await log.append("next");
      await log.close();
      const whole = isWhole ? `${record.toString()}\n` : "";
      expect(contentOf(path)).toBe(`${neighbour}${whole}"next"\n`);
      const moved = quarantinesIn(join(path, ".."));
      expect(moved).toHaveLength(isWhole ? 0 : 1);
      const kept = moved.map((name) => readFileSync(join(path, "..", name)));
      expect(kept).toEqual(isWhole ? [] : [record.subarray(0, cut)]);
      expect(log.healed?.quarantine).toBe(isWhole ? undefined : join(path, "..", moved[0]!));
    }
  });

  it.each([
    ['"text"', "completed"],
    ["true", "completed"],
    ["null", "completed"],
    ["[]", "completed"],
    ["{}\r", "completed"],
    // What is left of 123 is a number too.
    ["12", "quarantined"],
    ["-1.5e3", "quarantined"],
    ["tru", "quarantined"],
    ["{}{", "quarantined"],
    ["   ", "quarantined"],
    ["\0\0\0\0", "quarantined"],
    ['"\u{fffd}', "quarantined"],
  ] as const)(
    "a scalar is completed if it cannot be a part of another: %j is %s",
    async (end, outcome) => {
      const path = join(parent(), "log");
      for (const before of ["", neighbour]) {
        writeFileSync(path, before + end);
        const log = await openJsonLog(path);
        expect(log.healed?.outcome).toBe(outcome);
        await log.close();
        expect(contentOf(path)).toBe(before + (outcome === "completed" ? `${end}\n` : ""));
      }
    },
  );

  it("bytes that are no UTF-8, and one that is longer than a record may be, are moved", async () => {
    const path = join(parent(), "log");
    writeFileSync(path, Buffer.from([0x22, 0xff, 0x22]));
    const first = await openJsonLog(path);
    expect(first.healed?.outcome).toBe("quarantined");
    await first.close();
    const long = `"${"x".repeat(3_000_000)}"`;
    writeFileSync(path, neighbour + long);
    const log = await openJsonLog(path, { maxRecordBytes: 1000 });
    expect(log.healed).toMatchObject({ outcome: "quarantined", length: long.length });
    expect(contentOf(log.healed!.quarantine!)).toBe(long);
    await log.close();
    expect(contentOf(path)).toBe(neighbour);
  });

  it("what is moved stays as private as it was, also beside a log with a very long name", async () => {
    const dir = parent();
    const path = join(dir, "ü".repeat(124));
    writeFileSync(path, '{"secret":', { mode: 0o600 });
    chmodSync(path, 0o640);
    const log = await openJsonLog(path);
    expect(statSync(log.healed!.quarantine!).mode & 0o777).toBe(0o640);
    await log.close();
    expect(readdirSync(dir)).toHaveLength(2);
  });

  it("nothing is done to a log that ends as it should, or is empty", async () => {
    const path = join(parent(), "log");
    for (const content of ["", "\n", neighbour, "garbage\n"]) {
      writeFileSync(path, content);
      const log = await openJsonLog(path);
      expect(log.healed).toBeUndefined();
      await log.close();
      expect(contentOf(path)).toBe(content);
    }
  });

  it("is on the device beside the log before it is cut off", async () => {
    const path = join(parent(), "log");
    writeFileSync(path, "{");
    const trace = traceFileSystem(nodeFs);
    const log = await openJsonLog(path, { fileSystem: trace.fs });
    await log.close();
    const steps = trace
      .lines()
      .map((line) => line.split(" ")[0]!)
      .filter((name) => ["fsync", "ftruncate"].includes(name));
    // The directory of the log; the copy, its directory; the cut; the log.
    expect(steps).toEqual(["fsync", "fsync", "fsync", "ftruncate", "fsync"]);
  });

  it.runIf(needs("other-user"))(
    "begins with a line of its own where it may not be moved",
    async () => {
      const dir = parent();
      chmodSync(dir, 0o777);
      const path = join(dir, "log");
      // Who may write the log and not read it cannot look at its end.
      writeFileSync(path, `${neighbour}{"torn`);
      chmodSync(path, 0o222);
      asUser(nobody, {
        script: `
        const { openJsonLog } = await import(input.source);
        const log = await openJsonLog(input.path);
        await log.append(1);
        await log.append(2);
        await log.close();
        report(log.healed ?? null);`,
        input: { path, source: new URL("../../dist/index.js", import.meta.url).href },
      });
      expect(contentOf(path)).toBe(`${neighbour}{"torn\n1\n2\n`);
    },
  );
});

describe("an end without newline, when others have the log open", () => {
  it("may be on its way, and is left alone: the next record begins on a line of its own", async () => {
    const path = join(parent(), "log");
    const other = await openJsonLog(path);
    await other.append("whole");
    appendFileSync(path, '{"on its way":');
    const log = await openJsonLog(path);
    expect(log.healed).toBeUndefined();
    expect(contentOf(path)).toBe('"whole"\n{"on its way":');
    await log.append(1);
    await other.append(2);
    // Also where it appears between two records of ours: its writer was killed.
    appendFileSync(path, '{"killed');
    await log.append(3);
    await log.close();
    await other.close();
    expect(contentOf(path)).toBe('"whole"\n{"on its way":\n1\n2\n{"killed\n3\n');
    const alone = await openJsonLog(path);
    expect(alone.healed).toBeUndefined();
    await alone.close();
    expect(quarantinesIn(join(path, ".."))).toEqual([]);
  });

  it("two that open it at once: one of them heals it, and nothing is lost", async () => {
    for (let round = 0; round < 20; round++) {
      const path = join(parent(), "log");
      writeFileSync(path, `${neighbour}{"torn`);
      const logs = await Promise.all([openJsonLog(path), openJsonLog(path), openJsonLog(path)]);
      await Promise.all(logs.map((log, index) => log.append(index)));
      await Promise.all(logs.map((log) => log.close()));
      expect(logs.filter((log) => log.healed !== undefined).length).toBeLessThanOrEqual(1);
      const lines = contentOf(path)
        .split("\n")
        .filter((line) => line !== "" && line !== '{"torn');
      expect(lines.toSorted()).toEqual(["0", "1", "2", neighbour.trim()].toSorted());
    }
  });
});

describe("healing that fails", () => {
  it("fails the opening, with the log as it was, or with what was moved beside it", async () => {
    const content = `${neighbour}{"torn`;
    const { fail, op, path: at, and, rule, once } = await import("@holdfast/testing");
    for (const [condition, effect] of [
      [and(op("write"), at("**/log.torn-*")), "none"],
      [and(op("fsync"), at("**/log.torn-*")), "none"],
      [op("ftruncate"), "none"],
      [and(op("fsync"), at("**/log")), "partial"],
    ] as const) {
      const path = join(parent(), "log");
      writeFileSync(path, content);
      const fileSystem = injectFaults(nodeFs, [rule(condition, fail("EIO"), once())]);
      const error: unknown = await openJsonLog(path, { fileSystem }).catch(
        (thrown: unknown) => thrown,
      );
      expect(isHoldfastError(error)).toBe(true);
      expect(error).toMatchObject({ code: "EIO", effect });
      const moved = quarantinesIn(join(path, ".."));
      expect(moved).toHaveLength(effect === "none" ? 0 : 1);
      expect(contentOf(path)).toBe(effect === "none" ? content : neighbour);
      expect((error as { leftovers: string[] }).leftovers).toHaveLength(moved.length);
      expect(readdirSync(join(path, "..")).filter((name) => name.includes(".lock"))).toEqual([]);
    }
  });

  it("for want of a permission leaves it, and the next record begins on a line of its own", async () => {
    const { fail, op, rule, persistent } = await import("@holdfast/testing");
    const path = join(parent(), "log");
    writeFileSync(path, `${neighbour}{"torn`);
    const fileSystem = injectFaults(nodeFs, [rule(op("ftruncate"), fail("EPERM"), persistent())]);
    const log = await openJsonLog(path, { fileSystem });
    expect(log.healed).toBeUndefined();
    await log.append(1);
    await log.close();
    expect(contentOf(path)).toBe(`${neighbour}{"torn\n1\n`);
    expect(quarantinesIn(join(path, ".."))).toEqual([]);
  });
});
