import type { Work } from '../run-journal.js';

/** Runs that a suspect must complete before it is believed. A kill from outside hits anybody; a bad model fails again. */
export const RUNS_TO_CLEAR = 50;

/** Lets one suspect work at a time, so that the next crash has one name. */
export class SuspectGate {
  private last: Promise<unknown> = Promise.resolve();

  /** Runs `task` when those before it are over. */
  pass<T>(task: () => Promise<T>): Promise<T> {
    const turn = this.last.then(task);
    this.last = turn.catch(() => undefined);
    return turn;
  }
}

/** A suspect's way back: alone among suspects, until it has done often enough what it was doing when the process ended. */
export class Probation {
  private runsLeft: number;
  private isCleared = false;

  constructor(
    private readonly gate: SuspectGate,
    private readonly suspectOf: Work,
    private readonly clear: () => void,
  ) {
    this.runsLeft = suspectOf === 'run' ? RUNS_TO_CLEAR : 0;
  }

  /** Nobody watches any more. */
  get isOver(): boolean {
    return this.isCleared;
  }

  load<T>(task: () => Promise<T>): Promise<T> {
    return this.gate.pass(async () => {
      const result = await task();
      if (this.suspectOf === 'load') this.pass();
      return result;
    });
  }

  /** A run that fails in an orderly way did not end the process either. */
  run<T>(task: () => Promise<T>): Promise<T> {
    return this.gate.pass(async () => {
      try {
        return await task();
      } finally {
        this.runsLeft -= 1;
        if (this.runsLeft <= 0) this.pass();
      }
    });
  }

  private pass(): void {
    if (this.isCleared) return;
    this.isCleared = true;
    this.clear();
  }
}
