import { isMainThread } from "node:worker_threads";
import { controlVariable, type Control } from "../control.ts";
import { attackUntilStopped } from "./attacker.ts";
import { Journal } from "./journal.ts";
import { patchFileSystem } from "./patch-fs.ts";

/**
 * What the preload module does, before the program's first line: nothing, unless a test of this
 * package started the process.
 */
export async function startInChild(): Promise<void> {
  const text = process.env[controlVariable];
  // Node 20 does not preload modules in worker threads, later versions do: they are left alone in all.
  if (text === undefined || !isMainThread) return;
  const control = JSON.parse(text) as Control;
  switch (control.mode) {
    case "sweep":
      return await patchFileSystem(control, new Journal(control.folder, control.parent));
    case "storm":
      return new Journal(control.folder, process.ppid).write({ kind: "started" });
    case "attack":
      return await attackUntilStopped(control);
  }
}
