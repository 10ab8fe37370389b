/**
 * Notes which models are running, so that after a run that ended the process, or never came to an end, somebody outside
 * this thread still knows whose run it was. Calls cost a few nanoseconds and never throw.
 */
export interface RunJournal {
  /** A run of this version starts now. Returns the slot that the matching `end` gives back. */
  begin(modelVersionId: string): number;
  /** The run in this slot is over, well or not. */
  end(slot: number): void;
}
