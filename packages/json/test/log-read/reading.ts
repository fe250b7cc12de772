import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createMemoryFileSystem } from "@holdfast/testing";
import { afterAll } from "vitest";
import { readJsonLog } from "../../src/log/read-json-log.ts";
import type { LogRecord, LogReport, ReadJsonLogOptions } from "../../src/log/options.ts";

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** A folder that is gone after the tests of this file. */
export function folder(): string {
  const made = mkdtempSync(join(tmpdir(), "holdfast-log-"));
  folders.push(made);
  return made;
}

/** A log on the real disk. */
export function logFile(content: string | Uint8Array, name = "session.jsonl"): string {
  const path = join(folder(), name);
  writeFileSync(path, content);
  return path;
}

export interface ReadLog {
  readonly records: LogRecord[];
  readonly values: unknown[];
  readonly report: LogReport;
}

/** All of a log in memory. */
export async function readAll(
  content: string | Uint8Array,
  options: ReadJsonLogOptions = {},
): Promise<ReadLog> {
  const { fs } = createMemoryFileSystem();
  fs.writeFileSync("/log", content);
  return collect("/log", { fileSystem: fs, ...options });
}

/** All of a log. */
export async function collect(path: string, options: ReadJsonLogOptions = {}): Promise<ReadLog> {
  const reader = readJsonLog(path, options);
  const records: LogRecord[] = [];
  for await (const record of reader) records.push(record);
  return { records, values: records.map(({ value }) => value), report: reader.report };
}

/**
 * How many bytes are in no record, not dropped, and not in the torn tail: what is left are empty lines
 * and a mark. Fails where two of them overlap.
 */
export function unaccounted(
  { records, report }: Pick<ReadLog, "records" | "report">,
  bytes: number,
): [number, number][] {
  const stretches = [
    ...records.map(({ offset, length }) => [offset, offset + length] as const),
    ...report.dropped.map(({ offset, length }) => [offset, offset + length] as const),
    ...(report.tornTailBytes > 0 ? [[bytes - report.tornTailBytes, bytes] as const] : []),
    [bytes, bytes] as const,
  ].toSorted(([a], [b]) => a - b);
  const gaps: [number, number][] = [];
  let at = 0;
  for (const [start, end] of stretches) {
    if (start < at) throw new Error(`${start} to ${end} overlaps what ends at ${at}`);
    if (start > at) gaps.push([at, start]);
    at = end;
  }
  return gaps;
}
