import type { Command } from "./commands.ts";
import { expectPrivate } from "./compare.ts";
import { makeEdit, plant } from "./edits.ts";
import { restore, undo } from "./restores.ts";
import { settle } from "./settling.ts";
import { diff, expectKept, expectSnapshots, pin, prune, snapshot } from "./snapshots.ts";
import { type Reached, Subject } from "./subject.ts";
import { agent, track, trackAll } from "./tracking.ts";
import { hasCircle } from "./tree.ts";
import type { World } from "./world.ts";

/** Does commands with a session and with the model of one, and compares them after each. */
export class Sequence {
  private readonly subject: Subject;

  constructor(world: World, reached: Reached) {
    this.subject = new Subject(world, reached);
  }

  async run(commands: readonly Command[]): Promise<void> {
    plant(this.subject.world);
    await this.subject.open();
    try {
      for (const command of commands) {
        if (this.subject.isOver || hasCircle(this.subject.world.tree(), this.subject.world.top))
          break;
        await this.make(command);
        await expectSnapshots(this.subject);
      }
      if (this.subject.pending !== undefined) await settle(this.subject, "resume");
      expectKept(this.subject);
    } finally {
      await this.subject.checkpoints.close();
    }
    expectPrivate(this.subject.world);
  }

  private async make(command: Command): Promise<void> {
    switch (command.do) {
      case "agent":
        return await agent(this.subject, command);
      case "user":
        return makeEdit(this.subject.world, command.path, command.edit);
      case "track":
        return await track(this.subject, command.path, command.turn);
      case "track-all":
        return await trackAll(this.subject, command.paths, command.turn);
      case "snapshot":
        return await snapshot(this.subject, command.turn);
      case "restore":
        return await restore(this.subject, command);
      case "undo":
        return await undo(this.subject, command.which, command.onConflict);
      case "pin":
        return await pin(this.subject, command.which, command.pinned);
      case "prune":
        return await prune(this.subject);
      case "diff":
        return await diff(this.subject, command.which, command.against);
      case "settle":
        return await settle(this.subject, command.how);
      case "reopen":
        await this.subject.checkpoints.close();
        return await this.subject.open();
      case "pass":
        return this.subject.world.advance(command.ms);
      case "kill":
        return await this.kill(command);
    }
  }

  private async kill(command: Extract<Command, { do: "kill" }>): Promise<void> {
    this.subject.process.dieAfter(command.after, command.from);
    await this.make(command.during);
    this.subject.process.dieAfter(Infinity);
    const { settled, again } = command;
    if (settled === "later" || this.subject.pending === undefined) return;
    if (again !== undefined) this.subject.process.dieAfter(again, command.from);
    await settle(this.subject, settled);
    this.subject.process.dieAfter(Infinity);
    if (this.subject.pending !== undefined)
      await settle(this.subject, settled === "resume" ? "rollback" : "resume");
  }
}
