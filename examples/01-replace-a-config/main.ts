// Changes one setting. Killed at any moment, the file is the old one or the new one; and a change that
// somebody else made between our reading and our writing is not written over.
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createFileAtomic, isHoldfastError, replaceFileAtomic } from "@holdfast/atomic";

export async function changeSetting(path: string, name: string, value: unknown): Promise<void> {
  for (;;) {
    const before = await readOrCreate(path);
    const settings = { ...(JSON.parse(before) as Record<string, unknown>), [name]: value };
    try {
      await replaceFileAtomic({
        filePath: path,
        content: `${JSON.stringify(settings, null, 2)}\n`,
        ifMatch: { sha256: createHash("sha256").update(before).digest("hex") },
      });
      return;
    } catch (error) {
      // Somebody was faster: nothing is lost, and we begin again from what they wrote.
      if (!(isHoldfastError(error) && error.code === "ERR_CHANGED")) throw error;
    }
  }
}

async function readOrCreate(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  try {
    await createFileAtomic({ filePath: path, content: "{}\n", mode: 0o600 });
  } catch (error) {
    if (!(isHoldfastError(error) && error.code === "EEXIST")) throw error; // created by another
  }
  return readFile(path, "utf8");
}

if (import.meta.filename === process.argv[1]) {
  const [path = "settings.json", name = "theme", value = "dark"] = process.argv.slice(2);
  await changeSetting(path, name, value);
  console.log(await readFile(path, "utf8"));
}
