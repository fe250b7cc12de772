import { isMainThread } from "node:worker_threads";
import { controlVariable, type Control } from "../control.ts";
import { attackUntilStopped } from "./attacker.ts";
import { Journal } from "./journal.ts";
import { patchFileSystem } from "./patch-fs.ts";
import { patchStarters } from "./patch-starters.ts";
import { watchParent } from "./watch-parent.ts";

/**
 * What the preload module does, before the program's first line: nothing, unless a test of this
 * package started the process.
 */
export async function startInChild(): Promise<void> {
  const text = process.env[controlVariable];
  // Node 20 does not preload modules in worker threads, later versions do: they are left alone in all.
  if (text === undefined || !isMainThread) return;
  const control = JSON.parse(text) as Control;
  watchParent(control.parent);
  if (control.mode === "attack") return await attackUntilStopped(control);
  const journal = new Journal(control.folder, control.parent);
  if (control.mode === "sweep") {
    patchStarters(journal);
    await patchFileSystem(control, journal);
  }
  journal.write({ kind: "started", pid: process.pid, ppid: process.ppid });
}
