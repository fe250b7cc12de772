import * as fs from "node:fs";
import { openRoot, type Root, type RootOptions } from "../../../src/index.ts";
import type { FileSystem } from "@holdfast/fs";

/** A root without descriptors, over a file system that has them or not. */
export function openByPath(
  directory: string,
  under: object = fs,
  options: RootOptions = {},
): Promise<Root> {
  return openRoot(directory, {
    ...options,
    fileSystem: { ...under, platform: "other" } as FileSystem,
  });
}
