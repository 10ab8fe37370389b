/** One hyperparameter of an algorithm. */
export interface HyperparameterDefinition {
  readonly name: string;
  /** For people: `integer`, `list of numbers`, … */
  readonly type: string;
  readonly description: string;
  /** Used when it is not given; empty when there is none. */
  readonly default: string;
  readonly isRequired: boolean;
  /** What is wrong with a value, as the end of a sentence that starts with its name; null when nothing is. */
  readonly check: (text: string) => string | null;
}

/** Which columns of the data an algorithm is asked to use. */
export interface ColumnChoice {
  readonly target: string;
  /** Null means every numeric column but the target. */
  readonly features: readonly string[] | null;
}

/** A built-in training program and what it takes. */
export interface AlgorithmDefinition {
  readonly name: string;
  readonly description: string;
  readonly hyperparameters: readonly HyperparameterDefinition[];
  /** The columns that checked hyperparameters name. */
  readonly columns: (hyperparameters: Readonly<Record<string, string>>) => ColumnChoice;
}
