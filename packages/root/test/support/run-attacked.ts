/** Makes one call of one method and uses up what it returns, in either form. */

import type { NodeFileSystem } from "@holdfast/testing";
import type { Root, RootSync } from "../../src/index.ts";
import type { AttackedProgram } from "./attacked-programs.ts";

export type Half = "async" | "sync";

/** Whatever has methods named as those of a root. */
type Methods = Readonly<Record<string, (...args: readonly unknown[]) => unknown>>;

/** What of the file system is needed to use a descriptor that was handed out. */
export type DescriptorCalls = Pick<NodeFileSystem, "readFileSync" | "writeSync" | "closeSync">;

/** @returns all that the call gave away: content, names, stats */
export async function runAttacked(
  root: Root | RootSync,
  half: Half,
  program: AttackedProgram,
  base: string,
  fs: DescriptorCalls,
): Promise<unknown> {
  const { method, args } = program;
  const name = half === "sync" ? `${method}Sync` : method;
  const got = (root as unknown as Methods)[name]!(...args(base));
  return half === "sync" ? useSync(got, program, fs) : await useAsync(await got, program);
}

async function useAsync(got: unknown, { method, use }: AttackedProgram): Promise<unknown> {
  switch (method) {
    case "open": {
      const file = got as Awaited<ReturnType<Root["open"]>>;
      try {
        if (use === "write") return await file.write("WRITTEN");
        return [await file.readFile("utf8"), await file.stat()];
      } finally {
        await file.close();
      }
    }
    case "createReadStream":
    case "opendir":
    case "walk":
      return await collect(got as AsyncIterable<unknown>);
    case "openRoot": {
      await using inner = got as Root;
      return [await inner.readFile("file.txt", "utf8"), await inner.readdir(".")];
    }
    default:
      return got;
  }
}

async function collect(parts: AsyncIterable<unknown>): Promise<unknown[]> {
  const all: unknown[] = [];
  for await (const part of parts) all.push(part);
  return all;
}

function useSync(got: unknown, { method, use }: AttackedProgram, fs: DescriptorCalls): unknown {
  switch (method) {
    case "open":
      try {
        return use === "write"
          ? fs.writeSync(got as number, "WRITTEN")
          : fs.readFileSync(got as number, "utf8");
      } finally {
        fs.closeSync(got as number);
      }
    case "opendir":
    case "walk":
      return [...(got as Iterable<unknown>)];
    case "openRoot": {
      const inner = got as RootSync;
      try {
        return [inner.readFileSync("file.txt", "utf8"), inner.readdirSync(".")];
      } finally {
        inner.close();
      }
    }
    default:
      return got;
  }
}
