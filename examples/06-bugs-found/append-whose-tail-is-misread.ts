// People believe: a log only grows, so that a crash can cost no more than its last line.
// What happens: of an append that was not flushed there may be zeros, or half. Whoever goes on behind
// that has glued the next line to it, and reads neither.
// Seen: zsh, which says "corrupt history file" after a power cut; on Linux 6.18 the tail was short or zeros
// on ext4, xfs and btrfs.
import { crc32 } from "node:zlib";
import { exploreCrashes, prefixOfAppends, type NodeFileSystem } from "@holdfast/testing";
import type { Bug } from "./bug.ts";
import { flush } from "./durably.ts";

const record = (text: string): string => `${crc32(text).toString(16).padStart(8, "0")} ${text}\n`;
const isRecord = (line: string): boolean => line === record(line.slice(9, -1));

const start = {
  bug() {
    // It goes on where the log ends.
  },
  corrected(fs: NodeFileSystem) {
    const lines = fs.readFileSync("/log", "utf8").match(/.*\n/g) ?? [];
    const bad = lines.findIndex((line) => !isRecord(line));
    const whole = bad === -1 ? lines : lines.slice(0, bad);
    fs.truncateSync("/log", whole.join("").length);
    flush(fs, "/log");
  },
};

export const appendWhoseTailIsMisread: Bug = {
  title: "an append whose bad tail is misread",
  finds: /\/log begins with 0 of the 2 records, and goes on with 13 zeros/,
  explore: (version, options) =>
    exploreCrashes(
      {
        setup: (fs) => fs.writeFileSync("/log", ""),
        run(fs, ack) {
          start[version](fs);
          for (const text of ["one", "two"]) {
            fs.appendFileSync("/log", record(text), { flush: true });
            ack(record(text));
          }
        },
        recover: start[version],
        check: prefixOfAppends("/log", [record("one"), record("two")]),
      },
      options,
    ),
};
