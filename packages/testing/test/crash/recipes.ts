/** Ways to change a file that were tried on real disks, as scenarios that say what damage they found. */

import type { NodeFileSystem } from "../../src/calls/node-file-system.ts";
import { exploreCrashes } from "../../src/crash/explore-crashes.ts";
import type { ModelName } from "../../src/crash/models.ts";
import type { Seen } from "../../src/scenario/scenario.ts";
import { flush } from "./legal-trees.ts";

export interface Recipe {
  setup(fs: NodeFileSystem): void;
  run(fs: NodeFileSystem, ack: (version: number) => void): void;
  /** What is wrong with what is there; nothing if it is as promised. */
  damage(fs: NodeFileSystem, acks: readonly number[]): string | undefined;
}

/** All the damage that power losses do, in one model. */
export async function damageIn(
  recipe: Recipe,
  model: ModelName,
): Promise<{ readonly found: string[]; readonly exhaustive: boolean }> {
  const found = new Set<string>();
  const check = (fs: NodeFileSystem, { acks }: Seen<number>): void => {
    const kind = recipe.damage(fs, acks);
    if (kind !== undefined) found.add(kind);
  };
  const { exhaustive } = await exploreCrashes({ ...recipe, check }, { models: [model], seed: 1 });
  return { found: [...found].sort(), exhaustive };
}

const contentOf = (version: number): string => `version ${version}`;

/** Three versions of one file, after a version 0 that is durable. */
export function versions(write: (fs: NodeFileSystem, content: string) => void): Recipe {
  return {
    setup: (fs) => fs.writeFileSync("/a", contentOf(0)),
    run: (fs, ack) => {
      for (let version = 1; version <= 3; version++) {
        write(fs, contentOf(version));
        ack(version);
      }
    },
    damage: (fs, acks) => {
      if (!fs.existsSync("/a")) return "missing";
      return damageOf(fs.readFileSync("/a", "utf8"), acks.at(-1) ?? 0);
    },
  };
}

function damageOf(content: string, acknowledged: number): string | undefined {
  if (content === "") return "empty";
  if (/^\0+$/.test(content)) return content.length === contentOf(0).length ? "zeros" : "torn";
  const version = Number(/^version (\d)$/.exec(content)?.[1]);
  if (Number.isNaN(version)) return "torn";
  if (version >= acknowledged) return undefined;
  return version === acknowledged - 1 ? "last one lost" : "older";
}

export const writeNew = (
  fs: NodeFileSystem,
  path: string,
  content: string,
  call?: "fsyncSync" | "fdatasyncSync",
): void => {
  const fd = fs.openSync(path, "wx");
  fs.writeSync(fd, content);
  if (call !== undefined) fs[call](fd);
  fs.closeSync(fd);
};

/** New names only, which are never written over: three of them. */
export const linked: Recipe = {
  setup: () => {},
  run: (fs, ack) => {
    for (const version of [1, 2, 3]) {
      writeNew(fs, "/tmp", contentOf(version), "fsyncSync");
      fs.linkSync("/tmp", `/${version}`);
      fs.unlinkSync("/tmp");
      flush(fs, "/");
      ack(version);
    }
  },
  damage: (fs, acks) => {
    for (const version of [1, 2, 3]) {
      const there = fs.existsSync(`/${version}`);
      if (!there && acks.includes(version)) return "missing";
      if (there && fs.readFileSync(`/${version}`, "utf8") !== contentOf(version)) return "torn";
    }
    return undefined;
  },
};

/** Records of a length and a text, each in one write, as logs are written. */
export function appended(call?: "fdatasyncSync"): Recipe {
  const records = ["4:one.", "4:two."];
  return {
    setup: (fs) => fs.writeFileSync("/log", ""),
    run: (fs, ack) => {
      const fd = fs.openSync("/log", "a");
      for (const [index, record] of records.entries()) {
        fs.writeSync(fd, record);
        if (call !== undefined) fs[call](fd);
        ack(index + 1);
      }
      fs.closeSync(fd);
    },
    damage: (fs, acks) => {
      const content = fs.readFileSync("/log", "utf8");
      const promised = records.slice(0, acks.length).join("");
      const found = endOf(content, records.join(""));
      if (!content.startsWith(promised)) return `acknowledged: ${found ?? "lost"}`;
      return found === undefined ? undefined : `tail: ${found}`;
    },
  };
}

/** What is wrong with the end of a log, if it does not end with a whole record. */
function endOf(content: string, whole: string): "short" | "zeros" | "torn" | undefined {
  const written = content.replace(/\0+$/, "");
  if (!whole.startsWith(written)) return "torn"; // something behind a hole
  if (written.length < content.length) return "zeros";
  return content.length % "4:one.".length === 0 ? undefined : "short";
}

export const removed: Recipe = {
  setup: (fs) => fs.writeFileSync("/a", ""),
  run: (fs, ack) => {
    fs.unlinkSync("/a");
    ack(1);
  },
  damage: (fs, acks) => (acks.length > 0 && fs.existsSync("/a") ? "came back" : undefined),
};

export const ancestors: Recipe = {
  setup: () => {},
  run: (fs, ack) => {
    fs.mkdirSync("/x/y/z", { recursive: true });
    flush(fs, "/x/y/z");
    ack(1);
  },
  damage: (fs, acks) => (acks.length > 0 && !fs.existsSync("/x/y/z") ? "missing" : undefined),
};
