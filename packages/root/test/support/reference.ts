/** What plain fs does, found out once for all sides that are compared with it. */

import { Bench, type Act, type Fixture } from "./bench.ts";
import { plain } from "./sides.ts";
import type { Path, Surface } from "./surface.ts";

export class Reference {
  private readonly bench: Bench;
  private readonly acts = new Map<string, Act>();

  constructor(fixture: Fixture, parent: string) {
    this.bench = new Bench(plain, fixture, parent);
  }

  /** @param key says method and path */
  async act(
    key: string,
    run: (on: Surface, path: Path, outside: string) => Promise<unknown>,
    path: Path | ((base: string) => Path),
  ): Promise<Act> {
    const known = this.acts.get(key);
    if (known !== undefined) return known;
    const act = await this.bench.act(run, path);
    this.acts.set(key, act);
    return act;
  }

  async dismiss(): Promise<void> {
    await this.bench.dismiss();
  }
}
