import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/**
 * A directory on a disk that is slow on purpose. The script that holds it lets go when our end of
 * the pipe closes, however this process ends.
 * @param {{ imageDir: string, readMs: number, writeMs: number, flushMs: number }} options
 */
export async function openSlowDisk({ imageDir, readMs, writeMs, flushMs }) {
  const script = fileURLToPath(new URL("slow-disk.sh", import.meta.url));
  const server = fileURLToPath(new URL("slow-image.mjs", import.meta.url));
  const delays = [readMs, writeMs, flushMs].map(String);
  const holder = spawn("sh", [script, process.execPath, server, imageDir, ...delays], {
    stdio: ["pipe", "pipe", "inherit"],
    detached: true,
  });
  const exited = new Promise((resolve) => holder.once("close", resolve));
  const lines = createInterface({ input: holder.stdout })[Symbol.asyncIterator]();
  const { value = "unavailable the script failed" } = await lines.next();
  if (!value.startsWith("ready ")) {
    holder.stdin.end();
    await exited;
    throw new Error(value.replace(/^unavailable /, ""));
  }
  return {
    dir: value.slice("ready ".length),
    async remount() {
      holder.stdin.write("remount\n");
      if ((await lines.next()).value !== "remounted") throw new Error("remount failed");
    },
    async close() {
      holder.stdin.end();
      await exited;
    },
  };
}
