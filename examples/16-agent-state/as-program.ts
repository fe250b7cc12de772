/** Examples as programs of their own, also where Node does not take TypeScript yet. */
import { symlink } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import { build } from "rolldown";

/**
 * Makes JavaScript of a module of an example.
 *
 * @param file what becomes of it, in a folder `withPackages`
 * @param packages `"inside"`: with a copy of everything that it imports, so that it shares no memory with
 *   other copies, as two processes do not
 */
export async function asProgram(
  source: string,
  file: string,
  packages: "beside" | "inside" = "beside",
): Promise<string> {
  const external = (id: string): boolean =>
    id.startsWith("node:") || (packages === "beside" && !id.startsWith(".") && !isAbsolute(id));
  await build({ input: source, external, platform: "node", output: { file } });
  return file;
}

/** Lets what lies in a folder find the packages of the examples. */
export const withPackages = (folder: string): Promise<void> =>
  symlink(join(import.meta.dirname, "../node_modules"), join(folder, "node_modules"));
