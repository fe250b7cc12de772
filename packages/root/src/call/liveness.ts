import { HoldfastError } from "@holdfast/fs/steps";

/** Counts the calls of a root that are under way, and lets nobody in once it is being closed. */
export class Liveness {
  private state: "open" | "closing" | "closed" = "open";
  private underWay = 0;
  private closing: Promise<void> | undefined;
  private allEnded: (() => void) | undefined;

  get isOpen(): boolean {
    return this.state === "open";
  }

  /** @throws `ERR_CLOSED` */
  enter(op: string, path: string | undefined): void {
    if (this.state !== "open") {
      throw new HoldfastError({
        code: "ERR_CLOSED",
        op,
        path,
        effect: "none",
        problem: "the root was closed",
      });
    }
    this.underWay++;
  }

  leave(): void {
    if (--this.underWay === 0) this.allEnded?.();
  }

  /** Refuses calls from now on; when those under way have ended, lets go of the root, once. */
  close(letGo: () => Promise<void>): Promise<void> {
    this.closing ??= this.waitAndClose(letGo);
    return this.closing;
  }

  /** The same where nothing can be under way. */
  closeNow(letGo: () => void): void {
    if (this.state !== "open") return;
    this.state = "closed";
    letGo();
  }

  private async waitAndClose(letGo: () => Promise<void>): Promise<void> {
    this.state = "closing";
    if (this.underWay > 0) {
      await new Promise<void>((resolve) => {
        this.allEnded = resolve;
      });
    }
    this.state = "closed";
    await letGo();
  }
}
