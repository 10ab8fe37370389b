/** The parts of the API's resources that the demo reads. 64-bit integers are text. */

export interface DatasetVersion {
  id: string;
  number: number;
  rowCount: string;
  columns: {
    name: string;
    type: string;
    min: string;
    max: string;
    mean: number;
    standardDeviation: number;
  }[];
}

export interface Split {
  id: string;
  parts: { name: 'train' | 'validation' | 'test'; rowCount: string }[];
}

export interface Job {
  id: string;
  state: string;
  progress: number;
  backend: string;
  failure?: { code: string; message: string };
}

export interface Coefficients {
  intercept: number;
  weights: Record<string, number>;
}

export interface JobReport {
  learningRate: number;
  selectedOn: string;
  trials: { learningRate: number; status: string; finalValidationLoss?: number }[];
  coefficients: Coefficients;
  trainOnly: Coefficients;
  ols: Coefficients;
  rmse: { train: number; validation?: number; test?: number };
  verdict: { kind: string; explanation: string };
  plots: string[];
}

export interface ModelVersion {
  id: string;
  number: number;
  aliases: string[];
  manifest: { sha256: string; files: { path: string }[] };
  lineage: { jobId: string; datasetVersionId: string };
  signature: { inputs: { name: string; datatype: string; shape: string[] }[] };
}

export interface Listing {
  id: string;
  title: string;
  vendorName: string;
  deploymentName: string;
  state: string;
  plans: { id: string; name: string; unitPrice: { currency: string; nano: string } }[];
}

export interface UsageSummary {
  entries: string;
  amounts: { currency: string; nano: string }[];
}
