// What the model can do: change files of the workspace, run commands, read long output in pages. Whatever
// changes a file goes through `change`, and that is all that a way back needs.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { join } from "node:path";
import type { Checkpoints } from "@holdfast/checkpoint";
import { isHoldfastError, type Root } from "@holdfast/root";
import type { SpillStore } from "@holdfast/spill";

export interface Places {
  readonly folder: string;
  /** The same, for what the model asks for: no path of it leads out. */
  readonly workspace: Root;
  readonly checkpoints: Checkpoints;
  readonly spill: SpillStore;
  readonly turnId: () => string;
}

export function createTools({ folder, workspace, checkpoints, spill, turnId }: Places) {
  /** Keeps what was there, makes the change, and notes what is ours: the content, or that it is gone. */
  async function change(path: string, make: () => Promise<string | undefined>): Promise<string> {
    const place = join(folder, path);
    const { state } = await checkpoints.trackBeforeEdit(place, turnId());
    const content = await make();
    await checkpoints.recordAfterEdit(place, { content });
    return state.kind === "skipped" ? `done; it cannot be taken back (${state.reason})` : "done";
  }

  async function replaceIn(path: string, from: string, to: string): Promise<string> {
    for (let tries = 1; ; tries++) {
      const bytes = await workspace.readFile(path);
      const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
      const places = text.split(from).length - 1;
      if (places !== 1) throw new Error(`"${from}" is in ${path} ${places} times, and not once`);
      const content = text.replace(from, () => to);
      const sha256 = createHash("sha256").update(bytes).digest("hex");
      try {
        await workspace.writeFile(path, content, { ifMatch: { sha256 } });
        return content;
      } catch (error) {
        // Somebody has saved it since it was read: then it is his text that is edited.
        if (!isHoldfastError(error) || error.code !== "ERR_CHANGED" || tries === 3) throw error;
      }
    }
  }

  let commands = 0;
  return {
    write: (path: string, content: string) =>
      change(path, async () => {
        await workspace.writeFile(path, content, { create: true });
        return content;
      }),
    /** Replaces the one place in which the file says `from`. */
    edit: (path: string, from: string, to: string) => change(path, () => replaceIn(path, from, to)),
    remove: (path: string) =>
      change(path, async () => {
        await workspace.unlink(path);
        return undefined;
      }),
    /**
     * What a command put out; of a long output a stub with a ref, for `read`. What it changes is not
     * tracked, for nobody knows of it: the user is to be told that.
     */
    async run(command: string): Promise<string> {
      const stdio = ["ignore", "pipe", "inherit"] as const;
      const child = spawn("sh", ["-c", `exec 2>&1; ${command}`], {
        cwd: folder,
        stdio: [...stdio],
      });
      const output = await spill.spill(`${turnId()}-command-${++commands}`, child.stdout!);
      return output.spilled ? output.stub : String(output.content);
    },
    async read(ref: string, offset = 0): Promise<string> {
      const page = await spill.read(ref, { offset });
      return page.status === "ok" ? page.text : `It cannot be read: ${page.status}`;
    },
  };
}
