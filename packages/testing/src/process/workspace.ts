import { chmodSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { atExit } from "./at-exit.ts";

/**
 * A new directory on the real disk for one program, and a folder beside it for what it is told and
 * tells. Removed at the latest when this process ends, other than by SIGKILL.
 */
export class Workspace {
  /** The directory of the program: a real path. */
  readonly dir: string;
  readonly control: string;
  readonly #whole: string;
  readonly #forget: () => void;
  #lostTo: NodeJS.Signals | undefined;

  constructor() {
    this.#whole = realpathSync(mkdtempSync(join(realpathSync(tmpdir()), "holdfast-process-")));
    this.#forget = atExit((ending) => {
      if (ending !== "exit") this.#lostTo = ending;
      removeTree(this.#whole);
    });
    this.dir = join(this.#whole, "dir");
    this.control = join(this.#whole, "control");
    mkdirSync(this.dir);
    mkdirSync(this.control);
  }

  /** Forgets what was told and said: the next program starts with an empty journal. */
  resetControl(): void {
    rmSync(this.control, { recursive: true });
    mkdirSync(this.control);
  }

  /**
   * Does `work` with the directory. If a signal has taken that away meanwhile, and somebody else in
   * this process has caught the signal, then what the work found or threw says nothing.
   *
   * @throws `Error` `"interrupted by SIGINT"`
   */
  async use<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      const result = await work();
      this.#requireThere();
      return result;
    } catch (error) {
      this.#requireThere();
      throw error;
    }
  }

  #requireThere(): void {
    if (this.#lostTo !== undefined) throw new Error(`interrupted by ${this.#lostTo}`);
  }

  remove(): void {
    removeTree(this.#whole);
    this.#forget();
  }
}

/** Removes a tree also where a program took the permission to do so away. */
function removeTree(path: string): void {
  const options = { recursive: true, force: true, maxRetries: 3 } as const;
  try {
    rmSync(path, options);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "EACCES" && code !== "EPERM") throw error;
    makeRemovable(path);
    rmSync(path, options);
  }
}

function makeRemovable(directory: string): void {
  chmodSync(directory, 0o700);
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    if (entry.isDirectory()) makeRemovable(join(directory, entry.name));
  }
}
