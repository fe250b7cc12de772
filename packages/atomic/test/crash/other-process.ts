/** A file system as a program sees it that starts again after a power cut. */

import type { NodeFileSystem } from "@holdfast/testing";

type Method = (...args: readonly unknown[]) => unknown;

/** The same file system, with arguments and results of every method changed on the way. */
function mapped(
  fs: NodeFileSystem,
  map: {
    readonly argument?: (value: unknown) => unknown;
    readonly result: (value: unknown) => unknown;
  },
): NodeFileSystem {
  const { argument = (value) => value, result } = map;
  const methodsOf = (owner: object): Record<string, unknown> =>
    Object.fromEntries(
      Object.entries(owner).map(([name, method]) => {
        if (typeof method !== "function" || /^[A-Z]/.test(name)) return [name, method];
        const changed: Method = (...args) => {
          const answer = (method as Method)(...args.map(argument));
          return answer instanceof Promise ? answer.then(result) : result(answer);
        };
        return [name, changed];
      }),
    );
  return { ...methodsOf(fs), promises: methodsOf(fs.promises) } as unknown as NodeFileSystem;
}

/**
 * The same file system, on which names that this process gives itself are those of another one. It
 * sees its own as it gave them, and all others as they are.
 *
 * @param disguise makes a path another process's; returns it as it is if no name of ours is in it
 */
export function asOtherProcess(
  fs: NodeFileSystem,
  disguise: (path: string) => string,
): NodeFileSystem {
  const ours = new Map<string, string>();
  const nameOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1);
  const ownName = (name: string | Buffer): string | Buffer => {
    const own = ours.get(String(name));
    if (own === undefined) return name;
    return typeof name === "string" ? own : Buffer.from(own);
  };
  return mapped(fs, {
    argument: (value) => {
      if (typeof value !== "string") return value;
      const other = disguise(value);
      if (other !== value) ours.set(nameOf(other), nameOf(value));
      return other;
    },
    result: (value) => (Array.isArray(value) ? value.map(ownName) : value),
  });
}
