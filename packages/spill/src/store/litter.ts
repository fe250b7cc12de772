import type { Root } from "@holdfast/root";
import { isMissing } from "./errors.ts";

/** Files of ours that could not be removed: tried again later, and counted until then. */
export class Litter {
  private readonly root: Root;
  private readonly onRemoved: (path: string) => void;
  private readonly paths = new Set<string>();

  constructor(root: Root, onRemoved: (path: string) => void) {
    this.root = root;
    this.onRemoved = onRemoved;
  }

  add(path: string): void {
    this.paths.add(path);
  }

  async remove(): Promise<void> {
    for (const path of this.paths) {
      try {
        await this.root.unlink(path);
      } catch (error) {
        if (!isMissing(error)) continue; // next time
      }
      this.paths.delete(path);
      this.onRemoved(path);
    }
  }
}
