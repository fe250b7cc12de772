/** Somebody was at work while a path was looked at. */
export class Changed {}

/** The workspace refused to tell what a path is. */
export class WorkspaceFailure {
  readonly error: unknown;
  constructor(error: unknown) {
    this.error = error;
  }
}
