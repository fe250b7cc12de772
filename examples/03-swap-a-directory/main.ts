// Deploys a directory: builds the new tree aside and swaps it in as a whole. Killed between the two
// renames, the next start heals it.
import { cp, mkdir, readdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { recoverDirectory, replaceDirectoryAtomic } from "@holdfast/atomic";

/** Puts a copy of `build` in the place of `live`, and returns where the old tree is kept. */
export async function deploy(build: string, live: string): Promise<string | undefined> {
  await recoverDirectory(live); // what a deployment that was killed left, if there was one
  // Beside the target: a rename does not cross devices.
  const stagedDir = join(dirname(live), `.next-${process.pid}`);
  await rm(stagedDir, { recursive: true, force: true });
  await cp(build, stagedDir, { recursive: true });
  const { backup } = await replaceDirectoryAtomic({
    stagedDir,
    targetDir: live,
    keepBackup: true,
  });
  return backup;
}

/** Goes back to an earlier tree. */
export async function rollBack(backup: string, live: string): Promise<void> {
  await replaceDirectoryAtomic({ stagedDir: backup, targetDir: live });
}

if (import.meta.filename === process.argv[1]) {
  const [build = "build", live = "live"] = process.argv.slice(2);
  await mkdir(dirname(live), { recursive: true });
  const backup = await deploy(build, live);
  console.log(`${live}: ${(await readdir(live)).join(", ")}`);
  if (backup !== undefined) console.log(`the tree before: ${backup}`);
}
