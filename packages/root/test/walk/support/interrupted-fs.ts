import * as fs from "node:fs";

/**
 * Node's own file system, with somebody who acts right before its n-th call. Calls of handles do not
 * count: they go by no path.
 */
export function interruptedFs(before: (call: number, name: string) => void): {
  readonly fileSystem: typeof fs;
  readonly calls: () => number;
} {
  let made = 0;
  const promises = Object.fromEntries(
    Object.entries(fs.promises).map(([name, method]) => [
      name,
      typeof method !== "function"
        ? method
        : (...args: unknown[]) => {
            before(++made, name);
            return (method as (...args: unknown[]) => unknown).apply(fs.promises, args);
          },
    ]),
  );
  return { fileSystem: { ...fs, promises } as unknown as typeof fs, calls: () => made };
}
